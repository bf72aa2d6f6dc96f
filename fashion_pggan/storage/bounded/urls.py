"""What a URL from elsewhere says, which may be no URL."""

from urllib.parse import urlsplit


def host_in(url: str) -> str:
    """The host of a URL in lower case; empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
