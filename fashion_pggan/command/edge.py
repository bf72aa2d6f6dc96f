"""How every command begins and ends: logging, one-line errors, a life tied to the parent's."""

import errno
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import psutil
from pydantic_core import ValidationError

from fashion_pggan.errors import ArgumentError, PassingError, UserError, one_line

NOT_WRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EEXIST}
WRONG_PATH = {
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
}  # to read or to write
SHELLS = {"ash", "bash", "dash", "fish", "ksh", "sh", "zsh"}
STATUS_ARGUMENTS = 2  # as argparse and the shells have it
PARENT_CHECK_S = 0.5  # seconds between two looks at whether DVC is still there


def run_command(main: Callable[[], None]) -> None:
    """Run `main` as a command and end the process with its exit status.

    An error that a person can mend is one line on stderr. The status is 2 for a wrong command line, 75 for a
    trouble that may pass by itself, 1 for all else; 130 after an interruption, 143 after a termination. Under
    DVC the process ends when DVC does, for a killed DVC does not stop its stages.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    signal.signal(signal.SIGTERM, _terminated)
    if os.environ.get("DVC_STAGE"):
        _end_with_dvc()
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except (UserError, ValidationError) as error:
        print(f"error: {one_line(error) if isinstance(error, ValidationError) else error}", file=sys.stderr)
        sys.exit(_status_of(error))
    except OSError as error:
        if error.errno not in NOT_WRITABLE | WRONG_PATH:
            raise
        doing = "cannot write: " if error.errno in NOT_WRITABLE else ""
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(
            f"error: {doing}{error.strerror}{where}: mend that and run the same command again; "
            "what was finished before is kept"
        )
    except KeyboardInterrupt:
        sys.exit(130)


def _status_of(error: ValueError) -> int:
    if isinstance(error, PassingError):
        return os.EX_TEMPFAIL
    return STATUS_ARGUMENTS if isinstance(error, ArgumentError) else 1


def _terminated(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def end_with_parent() -> None:
    """End this process within a second of its parent's end, however that came."""
    _end_with(psutil.Process().parent())


def _end_with_dvc() -> None:
    """End with DVC, which starts a stage through a shell; some shells stay in between, some do not."""
    parent = psutil.Process().parent()
    _end_with(parent.parent() if parent and parent.name() in SHELLS else parent)


def _end_with(other: psutil.Process | None) -> None:
    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            while other and other.is_running() and other.status() != psutil.STATUS_ZOMBIE:
                time.sleep(PARENT_CHECK_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()
