from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.network.addresses import as_linked, canonical_url, host_of, urls_of

SHOP = "https://shop1.phinf.naver.net/20210628_112/a.jpg"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Faß.example.", "xn--fa-hia.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("σας.example", "xn--mxa8ab.example"),
        ("쇼핑。example", "xn--hp4bo76a.example"),
        ("☕.example", "xn--53h.example"),
        ("a_ü.example", "xn--a_-yka.example"),
        ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
        ("x" * 63 + ".example", "x" * 63 + ".example"),
    ],
)
def test_a_host_is_asked_by_the_name_that_browsers_ask(name: str, asked: str) -> None:
    assert host_of(name) == asked


@pytest.mark.parametrize("name", ["x" * 64 + ".example", "ü" * 60 + ".example", "a..example", ".example"])
def test_a_name_that_dns_cannot_hold_is_no_host(name: str) -> None:
    with pytest.raises(ValueError, match="no host: "):
        host_of(name)
    with pytest.raises(ValueError, match="not an http or https URL: "):
        canonical_url(f"https://{name}/1.jpg")


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("http://shop1.phinf.naver.net/20210628_112/a.jpg", SHOP),
        (f"{SHOP}?type=w860", SHOP),
        (f"{SHOP}?type=f640&v=2", f"{SHOP}?v=2"),
        (f"{SHOP}?", SHOP),
        (f"{SHOP}#top", SHOP),
        (f"https://search.pstatic.net/common/?src={SHOP}&type=b150", SHOP),
        (
            "http://search.pstatic.net/common/?type=b150&src=http%3A%2F%2Fshop1.phinf.naver.net%2F20210628_112%2Fa.jpg",
            SHOP,
        ),
        (f"https://search.pstatic.net/sunny/?src=https://search.pstatic.net/common/?src={SHOP}", SHOP),
        ("https://search.pstatic.net/common/nothing.jpg", "https://search.pstatic.net/common/nothing.jpg"),
        ("HTTP://I.Imgur.com:80/FEadgZe.png", "https://i.imgur.com/FEadgZe.png"),
        ("http://i.imgur.com/a.png?type=w300", "https://i.imgur.com/a.png?type=w300"),
        ("http://example.org./a", "https://example.org/a"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("http://demo-shop.localhost/a", "http://demo-shop.localhost/a"),
        ("http://1.2.3.4/a", "http://1.2.3.4/a"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("https://user:secret@example.org/a", "https://example.org/a"),
        ("https://example.org/상의 티.jpg", "https://example.org/%EC%83%81%EC%9D%98%20%ED%8B%B0.jpg"),
        ("https://example.org/%ec%83%81/100%.jpg", "https://example.org/%EC%83%81/100%25.jpg"),
        ("https://example.org/a%2Fb?q=%26", "https://example.org/a%2Fb?q=%26"),
        ("https://한국.kr/a", "https://xn--3e0b707e.kr/a"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("  https://example.org/a  ", "https://example.org/a"),
    ],
)
def test_links_to_one_image_have_one_address(link: str, canonical: str) -> None:
    assert canonical_url(link) == canonical


@pytest.mark.parametrize(
    "link",
    [
        "",
        "nothing",
        "file:///etc/passwd",
        "ftp://example.org/a.jpg",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "http://",
        "http:///a",
        "http://exa mple.org/a",
        "http://example.org:port/a",
        "http://example.org:99999/a",
        "http://[::1/a",
        "http://" + "a" * 64 + ".org/",
        "http://example.org/" + "a" * 8000,
        "http://./a",
        "https://search.pstatic.net/common/?src=file:///etc/passwd",
        "http://example.org/\ud800",
    ],
)
def test_what_is_no_http_address_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        canonical_url(link)


hosts = st.sampled_from(
    ["a.org", "SHOP.phinf.naver.net", "search.pstatic.net", "1.2.3.4", "[::1]", "한국.kr", "x.y:8080"]
)
rests = st.text(alphabet='abZ/?&=%#:@[]+ .~상\\"<>2F', max_size=30)
wrapped = st.builds("https://search.pstatic.net/common/?src=http://{}/{}&type={}".format, hosts, rests, rests)
links = st.builds("{}://{}/{}".format, st.sampled_from(["http", "https", "HTTP"]), hosts, rests) | wrapped


@given(links)
def test_a_canonical_address_is_its_own_and_plain(link: str) -> None:
    try:
        canonical = canonical_url(link)
    except ValueError:
        return
    assert canonical_url(canonical) == canonical
    assert canonical.isascii()
    assert canonical.isprintable()
    assert " " not in canonical
    assert urlsplit(canonical).scheme in ("http", "https")


@given(st.text())
def test_any_text_is_an_address_or_a_value_error(link: str) -> None:
    with suppress(ValueError):
        assert canonical_url(link)


def test_a_link_that_begins_with_its_host_is_by_https() -> None:
    assert canonical_url(" //A.example/1.jpg") == "https://a.example/1.jpg"
    assert urls_of("//a.example/1.jpg") == [as_linked("//a.example/1.jpg")] == ["https://a.example/1.jpg"]
    with pytest.raises(ValueError, match="not an http or https URL"):
        canonical_url("///1.jpg")
