"""Signed addresses: what a host adds so that an address works for a while. Pure.

A later search answer signs the same image anew. The parts named here say until when an address works, and
prove it. They do not say which image it is.
"""

import re

IMAGE_FILE = re.compile(r"\.(?:jpe?g|jpe|jfif|png|gif|webp|avif|heic|bmp|tiff?)$", re.IGNORECASE)
AMAZON, GOOGLE, ALIBABA, TENCENT, META = "x-amz-", "x-goog-", "x-oss-", "q-", "_nc_"
FAMILIES = (AMAZON, GOOGLE, ALIBABA, TENCENT, META)  # beginnings of names that belong together
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
    | {"hdnts", "hdnea", "hdntl", "bcdn_token", "wssecret"}
    | {f"{family}signature" for family in (AMAZON, GOOGLE, ALIBABA, TENCENT)}
)
UNTIL = frozenset(  # when an address ends, or from when and for how long it works
    {"expires", "expire", "expiry", "expiration", "expires_at", "exp", "e", "valid_until", "validto", "until"}
    | {"deadline", "ttl", "se", "oe", "wstime", "q-sign-time", "q-key-time"}
    | {f"{family}{what}" for family in (AMAZON, GOOGLE, ALIBABA) for what in ("expires", "date")}
)
BESIDE = frozenset(  # parts of a signature that prove nothing alone
    {"auth", "policy", "key-pair-id", "keyname", "googleaccessid", "ossaccesskeyid", "awsaccesskeyid"}
    | {"hash", "md5", "digest", "st", "t", "ts", "time", "timestamp", "nonce", "oh", "ccb"}
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

    Args:
        path: of the address; the path to an image's file names the image by itself.
        query: without the question mark.
    """
    if "=" not in query:
        return query
    parts = [(part, *part.partition("=")[::2]) for part in query.split("&")]
    named = {name.lower(): value for _, name, value in parts}
    is_file = IMAGE_FILE.search(path) is not None
    ends = "policy" in named or any(MOMENT.fullmatch(named[name]) for name in UNTIL & named.keys())
    proves, beside = PROOFS & named.keys(), BESIDE & named.keys()
    changes = beside or proves - LASTING
    if not (ends and (is_file or proves or beside)) and not (proves and is_file and changes):
        return query
    return "&".join(part for part, name, value in parts if not _signs(name.lower(), value, is_file and ends))


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
