"""How every command begins and ends: logging, one-line errors, an exit status."""

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from pydantic_core import ValidationError

from fashion_pggan.command.lifetime import end_with_starter
from fashion_pggan.command.voice import may_speak
from fashion_pggan.errors import (
    NOT_WRITABLE,
    ArgumentError,
    PassingError,
    UserError,
    file_error,
    one_line,
)
from fashion_pggan.storage.escaped import printable, printable_line

WRONG_PATH = {
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EIO,  # a bad disk
    errno.ESTALE,  # a network disk that came back
    errno.ENOTCONN,  # one that is gone
    errno.EMFILE,  # too many files are open
    errno.ENFILE,
}  # to read or to write
STATUS_ARGUMENTS = 2  # as argparse and the shells have it


class Printable(logging.Formatter):
    """Log lines without the control characters and line ends that a file's name or a title may hold."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        """The line of a record."""
        return printable_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, and the traceback of its exception."""
        return printable(super().format(record))


def run_command(main: Callable[[], None]) -> None:
    """Run `main` as a command and end the process with its exit status.

    An error that a person can correct is one line on stderr, also where several processes have it. The
    status is 2 for a wrong command line, 75 for a failure that may pass by itself, 1 for all others; 130
    after an interruption, 143 after a termination.
    The process ends when the one that started it does: a killed DVC does not stop its stages.
    """
    _log_to_stderr()
    signal.signal(signal.SIGTERM, _terminated)
    end_with_starter()
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of stdout has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except (UserError, ValidationError) as error:
        text = one_line(error) if isinstance(error, ValidationError) else str(error)
        _tell(text)
        sys.exit(_status_of(error))
    except OSError as error:
        if error.errno not in NOT_WRITABLE | WRONG_PATH:
            raise
        _tell(file_error(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        may_speak()  # the traceback is what this command tells
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # no exception, and no traceback, while Python ends


def _tell(error: str) -> None:
    if may_speak():
        print(f"error: {printable_line(error)}", file=sys.stderr)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Printable("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it announces its list of fonts


def _status_of(error: ValueError) -> int:
    if isinstance(error, PassingError):
        return os.EX_TEMPFAIL
    return STATUS_ARGUMENTS if isinstance(error, ArgumentError) else 1


def _terminated(number: int, frame: FrameType | None) -> None:
    """End: by an exception, so that everything is closed; at once while a module is imported.

    A module that is imported may swallow the exception. A shop that was terminated then still served.
    """
    if _imports(frame):
        os._exit(128 + number)
    sys.exit(128 + number)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        frame = frame.f_back
    return False
