"""The facts of a stored image, and the file extension that its first bytes show."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import ConfigDict, Field

from crawler.answer.text_answer import is_page
from crawler.answer.whole import is_whole
from fashion_pggan.storage.records import Record

SIGNATURES = (  # offset, bytes there, extension
    (0, b"\xff\xd8\xff", ".jpg"),
    (0, b"\x89PNG\r\n\x1a\n", ".png"),
    (0, b"GIF87a", ".gif"),
    (0, b"GIF89a", ".gif"),
    (8, b"WEBP", ".webp"),
    (4, b"ftypavif", ".avif"),
    (4, b"ftypavis", ".avif"),
    (4, b"ftypheic", ".heic"),
    (4, b"ftypmif1", ".heic"),
    (0, b"BM", ".bmp"),
    (0, b"II*\x00", ".tif"),
    (0, b"MM\x00*", ".tif"),
)
MOST_BYTES = 2**32  # of an image
Address = Annotated[str, Field(max_length=32_000, pattern=r"^https?://[^\x00-\x20\x7f]+$")]
Text = Annotated[str, Field(max_length=200_000)]


class StoredImage(Record):
    """The facts of a fetched image: a line of the log, a row of the table."""

    model_config = ConfigDict(extra="ignore")  # a later version may know more

    url: Address  # canonical
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # of the bytes as received
    file: Annotated[str, Field(max_length=1000)]  # path below the store, of the image or of its shard
    size: Annotated[int, Field(ge=0, le=MOST_BYTES)]
    offset: Annotated[int, Field(ge=0, le=2**48)] = 0  # bytes, in the shard; 0: the file is the image
    content_type: Text  # from the server; may be empty or wrong
    crawled_at: Annotated[str, Field(max_length=40)]  # UTC, ISO 8601
    final_url: Text = ""  # after redirects
    redirects: Text = ""  # URLs on the way, separated by blanks
    status: Annotated[int, Field(ge=100, le=999)] = 200  # of HTTP
    etag: Text = ""
    last_modified: Text = ""
    robots_tag: Text = ""  # X-Robots-Tag
    opt_out: Text = ""  # the owner's opt-out, e.g. `noai`; stored only with obey_opt_out: false
    product: Annotated[str, Field(max_length=40)] = ""  # a mark of it, where its address holds a signature
    broken_off: bool = False  # whether its transfer broke off behind the image's last byte
    attempts: Annotated[int, Field(ge=0, le=10**6)] = 1
    crawl_id: Text = ""  # of the crawl that fetched it


class Fetched(NamedTuple):
    """An image from the network, with fields as in `StoredImage`."""

    url: str  # canonical
    body: bytes
    content_type: str
    crawled_at: str  # UTC, ISO 8601
    facts: Mapping[str, Any] = MappingProxyType({})


def reason_against(status: int, body: bytes, content_range: bytes = b"") -> str:
    """Why an answer cannot be an image: an error, no body, HTML or JSON; empty when it may be one."""
    if status not in (200, 203) and not (status == 206 and _is_all(content_range, body)):
        return f"HTTP_{status}"
    if not body:
        return "EMPTY"
    return "NOT_AN_IMAGE" if is_page(body) else ""


def _is_all(content_range: bytes, body: bytes) -> bool:
    """Whether a body is the whole, by its Content-Range or, where that names no length, by its last bytes."""
    if not content_range:
        return is_whole(body)
    said = re.fullmatch(rb"\s*bytes\s+0-(\d{1,15})/(\d{1,15}|\*)\s*", content_range, re.IGNORECASE)
    if said is None or int(said[1]) + 1 != len(body):
        return False
    return is_whole(body) if said[2] == b"*" else int(said[2]) == len(body)


def extension_of(body: bytes) -> str:
    """The file extension that the first bytes show; empty for no known image format."""
    for offset, signature, extension in SIGNATURES:
        if body[offset : offset + len(signature)] == signature:
            return extension
    return ""
