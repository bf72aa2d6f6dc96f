"""Where raw images lie: a folder, or shared storage by an fsspec address such as s3://bucket/raw."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from fashion_pggan.errors import ArgumentError, UserError, install_hint, one_line
from fashion_pggan.paths import advice_on_link, advice_on_path

NETWORK = ("aiobotocore", "aiohttp", "botocore", "fsspec", "gcsfs", "adlfs", "s3fs")


def location(text: str) -> Path:
    """A path; an address becomes a path that reads through fsspec, in any process.

    Keys and endpoints come from the storage's own environment (AWS_…, FSSPEC_S3_ENDPOINT_URL).

    Raises:
        ArgumentError: a slash of the address is missing.
        UserError: no installed package reads such addresses.
    """
    if "://" not in text:
        if advice_on_path(text):  # a slash was lost
            raise ArgumentError(f"SOURCE {text}: give an address with ://, such as s3://bucket/raw")
        if wrong := advice_on_link(Path(text)):
            raise UserError(f"{text} {wrong}")
        return Path(text)
    logging.getLogger("aiobotocore.credentials").setLevel(logging.WARNING)  # it logs where it found keys
    try:
        from upath import UPath

        path = UPath(text)
        assert path.fs  # made at the first use
    except (ImportError, ValueError, OSError) as error:
        raise UserError(
            f"{text} cannot be read ({error}): "
            f"run {install_hint('cluster')} for S3, or install fsspec's package for it"
        ) from error
    return cast("Path", path)


def below(path: Path, folder: Path) -> str:
    """The rest of a path below a folder, with slashes."""
    return path.as_posix().removeprefix(folder.as_posix()).lstrip("/")


@contextmanager
def reading(source: Path) -> Iterator[None]:
    """Turn errors of shared storage into one line; errors of a local path stay as they are."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        package = type(error).__module__.partition(".")[0]
        if "://" not in str(source) or not (isinstance(error, OSError) or package in NETWORK):
            raise
        raise UserError(
            f"{source} cannot be read ({one_line(error)}): check the "
            "address, the keys (AWS_…) and the endpoint (FSSPEC_S3_ENDPOINT_URL)"
        ) from error
