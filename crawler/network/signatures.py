"""Signed addresses: what a host adds so that an address works for a while. Pure.

A later search answer signs the same image anew. The parts named here say until when an address works, and
prove it. They do not say which image it is.
"""

import re

IMAGE_FILE = re.compile(r"\.(?:jpe?g|jpe|jfif|png|gif|webp|avif|heic|bmp|tiff?)$", re.IGNORECASE)
AMAZON, GOOGLE, ALIBABA, META = "x-amz-", "x-goog-", "x-oss-", "_nc_"
FAMILIES = (AMAZON, GOOGLE, ALIBABA, META)  # beginnings of names that belong together
OF_PATHS = frozenset(  # each belongs to a scheme that signs the path, which names the image by itself
    {"hdnts", "hdnea", "hdntl", "wssecret", "q-signature"}
    | {f"{family}signature" for family in (AMAZON, GOOGLE, ALIBABA)}
    | {"key-pair-id", "googleaccessid", "ossaccesskeyid", "awsaccesskeyid", "sv"}
)
PROOFS = frozenset(  # each signs the address of an image's file by itself
    {
        "signature",
        "sig",
        "sign",
        "token",
        "hmac",
        "auth_key",
        "access_token",
        "auth_token",
        "__token__",
        "verify",
    }
    | {"hdnts", "hdnea", "hdntl", "bcdn_token", "wssecret", "q-signature"}
    | {f"{family}signature" for family in (AMAZON, GOOGLE, ALIBABA)}
)
UNTIL = frozenset(  # when an address ends, or from when and for how long it works
    {"expires", "expire", "expiry", "expiration", "expires_at", "exp", "e", "valid_until", "validto", "until"}
    | {"deadline", "ttl", "se", "oe", "wstime", "q-sign-time", "q-key-time"}
    | {f"{family}{what}" for family in (AMAZON, GOOGLE, ALIBABA) for what in ("expires", "date")}
)
BESIDE = frozenset(  # parts of a signature that prove nothing alone
    {"auth", "policy", "key-pair-id", "keyname", "googleaccessid", "ossaccesskeyid", "awsaccesskeyid"}
    | {"hash", "md5", "digest", "st", "t", "ts", "time", "timestamp", "nonce", "oh", "ccb"}
    | {"q-sign-algorithm", "q-ak", "q-header-list", "q-url-param-list"}  # of Tencent
    | {"sp", "sv", "sr", "spr", "sip", "ss", "srt", "skoid", "sktid", "skt", "ske", "sks", "skv"}  # of Azure
)
LASTING = frozenset({"signature", "sig", "sign", "hmac"})  # with no time beside them they never change
NAMES = frozenset(
    {"id", "image", "img", "name", "file", "path", "src", "url", "product", "item", "sku"}
)  # of an image
MOMENT = re.compile(r"1\d{9}(?:\d{3})?|[0-9a-f]{8}|20\d{6}t?\d{0,6}z?|20\d\d-\d\d-\d\dt.*", re.IGNORECASE)
SECRET = re.compile(r"[0-9a-f]{32,}|(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w~=%+/-]{20,}", re.ASCII)


def without_signature(path: str, query: str) -> str:
    """The query of an address without what signs it; unchanged where nothing does.

    Where nothing would be left that names an image, the token may name it: `/download?token=...` stays.

    Args:
        path: of the address; the path to an image's file names the image by itself.
        query: without the question mark.
    """
    parts = _parts(query)
    if not holds_signature(path, query):
        return query
    named = {name for _, name, _ in parts}
    by_secret = _is_file(path) and _ends(parts)
    left = "&".join(part for part, name, value in parts if not _signs(name, value, by_secret))
    return left if left or _is_file(path) or OF_PATHS & named else query


def holds_signature(path: str, query: str) -> bool:
    """Whether a query signs its address; one that may name the image as well is meant, too."""
    parts = _parts(query)
    named = {name for _, name, _ in parts}
    proves, beside = PROOFS & named, BESIDE & named
    if _ends(parts) and (_is_file(path) or proves or beside):
        return True
    return bool(proves and _is_file(path) and (beside or proves - LASTING))


def signs_path(query: str) -> bool:
    """Whether a query is of a scheme that signs the path, which names the image by itself."""
    return not OF_PATHS.isdisjoint(name for _, name, _ in _parts(query))


def _parts(query: str) -> list[tuple[str, str, str]]:
    """Each part of a query, with its name in lower case and its value."""
    split = [(part, *part.partition("=")[::2]) for part in query.split("&")]
    return [(part, name.lower(), value) for part, name, value in split] if "=" in query else []


def _is_file(path: str) -> bool:
    return IMAGE_FILE.search(path) is not None


def _ends(parts: list[tuple[str, str, str]]) -> bool:
    """Whether a query says until when its address works."""
    values = {name: value for _, name, value in parts}
    return "policy" in values or any(MOMENT.fullmatch(values[name]) for name in UNTIL & values.keys())


def _signs(name: str, value: str, by_secret: bool) -> bool:
    """Whether a part belongs to a signature.

    Args:
        name: in lower case.
        value: of the part.
        by_secret: a long secret does, whatever its name.
    """
    if name in PROOFS or name in UNTIL or name in BESIDE or name.startswith(FAMILIES):
        return True
    return by_secret and name not in NAMES and SECRET.fullmatch(value) is not None
