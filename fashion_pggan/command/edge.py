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
from fashion_pggan.errors import ArgumentError, PassingError, UserError, one_line
from fashion_pggan.storage.escaped import printable

NOT_WRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EEXIST}
WRONG_PATH = {
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
}  # to read or to write
STATUS_ARGUMENTS = 2  # as argparse and the shells have it


class _Printable(logging.Formatter):
    """Log lines without the control characters that a file's name or a title may hold."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return printable(super().format(record))


def run_command(main: Callable[[], None]) -> None:
    """Run `main` as a command and end the process with its exit status.

    An error that a person can correct is one line on stderr. The status is 2 for a wrong command line, 75 for
    a failure that may pass by itself, 1 for all others; 130 after an interruption, 143 after a termination.
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
        print(f"error: {printable(text)}", file=sys.stderr)
        sys.exit(_status_of(error))
    except OSError as error:
        if error.errno not in NOT_WRITABLE | WRONG_PATH:
            raise
        sys.exit(f"error: {_said(error)}")
    except KeyboardInterrupt:
        sys.exit(130)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Printable("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it announces its list of fonts


def _said(error: OSError) -> str:
    doing = "cannot write: " if error.errno in NOT_WRITABLE else ""
    where = f" ({printable(str(error.filename))})" if error.filename else ""
    return (
        f"{doing}{error.strerror}{where}: remove the cause and run the same command again; "
        "what was finished before is kept"
    )


def _status_of(error: ValueError) -> int:
    if isinstance(error, PassingError):
        return os.EX_TEMPFAIL
    return STATUS_ARGUMENTS if isinstance(error, ArgumentError) else 1


def _terminated(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
