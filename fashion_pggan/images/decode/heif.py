"""HEIC files, which pillow-heif opens (extra `heif`); without it they are not opened."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

KIND = "HEIF"  # Pillow's name of the format


def installed() -> str:
    """What opens them, with its version; empty when it is not there."""
    if find_spec("pillow_heif") is None:
        return ""
    try:
        return f"pillow-heif {version('pillow-heif')}"
    except PackageNotFoundError:
        return ""


@cache
def register() -> None:
    """Make Pillow open them, in this process; it is installed."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
