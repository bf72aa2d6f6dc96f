"""The errors that a person can cause and correct, and how to word them."""

import errno

NOT_WRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EEXIST}
LONGEST = 300  # characters of another program's error


class UserError(ValueError):
    """A person can correct this: the text says what is wrong with which value, then what to do (status 1)."""


class PassingError(UserError):
    """The cause may pass by itself, such as a busy server: run the same command later (status 75)."""


class ArgumentError(UserError):
    """The command line is wrong (status 2)."""


def one_line(error: BaseException) -> str:
    """Another program's error on one line of at most 300 characters; its class when it has no text."""
    return " ".join(str(error).split())[:LONGEST] or type(error).__name__


def file_error(error: OSError) -> str:
    """The system's error about a file, on one line with what to do."""
    doing = "cannot write: " if error.errno in NOT_WRITABLE else ""
    what = error.strerror or one_line(error)
    facts = [str(error.filename), *getattr(error, "__notes__", [])] if error.filename else []
    where = f" ({', '.join(facts)})" if facts else ""
    advice = "remove the cause and run the same command again; what was finished before is kept"
    return f"{doing}{what}{where}: {advice}"


def bytes_in_words(size: float) -> str:
    """A size in bytes, in a readable unit: `512 bytes`, `4.2 KB`, `1.5 GB`."""
    for unit, limit in (("bytes", 1e3), ("KB", 1e6), ("MB", 1e9)):
        if size < limit:
            return f"{size / limit * 1e3:,.{0 if unit == 'bytes' else 1}f} {unit}"
    return f"{size / 1e9:,.1f} GB"


def install_hint(extra: str) -> str:
    """The command that installs an optional part of this program, such as `onnx` or `cluster`."""
    return f"pip install -c constraints.txt -e '.[{extra}]'"
