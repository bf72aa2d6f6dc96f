"""What of an address is a signature, and what says which image it is."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.network.addresses import canonical_url, canonical_with_signature
from crawler.network.signatures import BESIDE, PROOFS, UNTIL, holds_signature, without_signature

HEX = "9f86d081884c7d659a2feaa0c55ad015"
FILE = "https://cdn.example.org/p/1.jpg"
SIGNED = [
    "expires=1764264000&token=t1764264000",
    "Expires=1764264000&Signature=a~b-c__&Key-Pair-Id=APKA",  # CloudFront
    "Policy=eyJTdGF0ZW1lbnQ_&Signature=a~b&Key-Pair-Id=APKA",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fs3&X-Amz-Date=20261127T160000Z&X-Amz-Expires=900"
    "&X-Amz-SignedHeaders=host&X-Amz-Signature=" + HEX,
    "AWSAccessKeyId=AKIA&Signature=a%2Bb%3D&Expires=1764264000",
    "X-Goog-Date=20261127T160000Z&X-Goog-Expires=900&X-Goog-Signature=" + HEX,
    "GoogleAccessId=a@b&Expires=1764264000&Signature=abc",
    "sv=2024-11-04&se=2026-11-28T00%3A00%3A00Z&sr=b&sp=r&sig=abc%3D",  # Azure
    "OSSAccessKeyId=a&Expires=1764264000&Signature=b",
    "auth_key=1764264000-0-0-" + HEX,
    "e=1764264000&token=a:b",  # Qiniu
    "st=abcDEF_1&e=1764264000",  # nginx
    "md5=abcDEF_1&expires=1764264000",
    "hdnts=exp=1764264000~acl=/*~hmac=" + HEX,
    "_nc_cat=1&ccb=7-5&_nc_sid=a&_nc_ohc=b&oh=00_Aa&oe=67A1B2C3",
    "sign=" + HEX + "&t=1764264000",
    "k=" + HEX + "&deadline=1764264000",
]


@pytest.mark.parametrize("query", SIGNED)
def test_a_signature_is_no_part_of_what_recognises_an_image(query: str) -> None:
    assert canonical_url(f"{FILE}?{query}") == FILE
    assert canonical_url(f"{FILE}?w=600&{query}") == f"{FILE}?w=600"


@pytest.mark.parametrize(
    "query",
    [
        "v=1764264000",  # a changed image
        "t=1764264000",
        "hash=" + HEX,
        "w=600&h=800&s=" + HEX,
        "id=5&type=large",
        "e=5",
        "sig=" + HEX,  # of this spelling, for good
        "src=https%3A%2F%2Fa.example%2F1.jpg",
    ],
)
def test_a_version_or_a_size_stays(query: str) -> None:
    assert without_signature("/p/1.jpg", query) == query


def test_a_token_that_may_itself_name_the_image_stays() -> None:
    assert without_signature("/image", "token=abc") == "token=abc"
    assert without_signature("/image.php", "id=5&sig=abc") == "id=5&sig=abc"
    assert without_signature("/image.php", "id=5&sig=abc&exp=1764264000") == "id=5"
    product = f"product={HEX}&expires=1764264000"
    assert without_signature("/render.jpg", product) == f"product={HEX}"


@pytest.mark.parametrize(
    "query", ["expires=1900000000&token=" + HEX, "verify=abcd&t=3&e=1900000000", "hash=3&expires=1900000000"]
)
def test_a_token_stays_where_nothing_else_names_the_image(query: str) -> None:
    assert without_signature("/download", query) == query
    assert without_signature("/get.php", "id=5&" + query) == "id=5"
    assert holds_signature("/download", query)


def test_a_scheme_that_signs_paths_says_that_the_path_names_the_image() -> None:
    assert without_signature("/5", "X-Amz-Date=20261127T160000Z&X-Amz-Signature=" + HEX) == ""


def test_a_name_that_begins_like_one_of_tencent_is_no_signature() -> None:
    assert without_signature("/img", "q-product=5&e=1900000000&sign=abc") == "q-product=5"
    times = "q-sign-time=1764264000;1764265000&q-key-time=1764264000;1764265000"
    tencent = f"q-sign-algorithm=sha1&q-ak=A&{times}&q-header-list=&q-url-param-list=&q-signature={HEX}"
    assert without_signature("/p/1.jpg", tencent) == ""


def test_the_image_inside_a_thumbnail_loses_its_signature_too() -> None:
    inner = quote(f"{FILE}?expires=1764264000&sig=a", safe="")
    assert canonical_url(f"https://search.pstatic.net/common/?src={inner}&type=f200") == FILE


def test_earlier_versions_kept_signatures() -> None:
    link = f"{FILE}?expires=1764264000&sig=a"
    assert canonical_with_signature(link) == link


NAMES = st.sampled_from(sorted(PROOFS | UNTIL | BESIDE | {"v", "id", "w", "x-amz-date", "k"}))
VALUES = st.sampled_from(["1764264000", HEX, "5", "", "a%2Bb", "20261127T160000Z"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5), st.sampled_from(["/p/1.jpg", "/image"]))
def test_what_is_left_is_not_signed(parts: list[tuple[str, str]], path: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in parts)
    left = without_signature(path, query)
    assert without_signature(path, left) == left
