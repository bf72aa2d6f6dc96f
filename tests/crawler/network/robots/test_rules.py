"""The rules of a robots.txt, also of one that was made to cost time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.robotstxt import ProtegoRobotParser

from crawler.answer.failures import RefusedError
from crawler.network.robots.rules import Rules, rules_for, text_of

AGENT = "fashion-pggan"
LINES = (
    "User-agent: *", "user-agent: Fashion-PGGAN # us", "User-agent: fashion*", "User-agent: other",
    "USER AGENT  x", "Useragent:fash", "User-agent:", "Disallow: /a", "Disallow: /a*b$", "Allow: /ab",
    "disallow /", "Disallow:", "Sitemap: /x", "Host: x", "Crawl-delay: 5", "what: ever", "<html>", "",
    "# note", "  Dissallow : /b # c",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=14))
def test_the_rules_for_one_robot_judge_as_those_of_the_whole_file(lines: list[str]) -> None:
    text = "\n".join(lines)
    whole, own = ProtegoRobotParser(text.encode(), None), Rules(text, AGENT)
    for path in ("/", "/a", "/ab", "/axb", "/b", "/c"):
        url = f"https://example.org{path}"
        assert own.allowed(url, AGENT) == whole.allowed(url, AGENT), text


def test_the_most_specific_name_counts_and_names_in_a_row_share_their_rules() -> None:
    ours = "User-agent: x\nUser-agent: fashion-pggan\nDisallow: /a\nHost: y\nAllow: /b"
    text = f"User-agent: *\nDisallow: /\n{ours}"
    assert rules_for(text, AGENT) == ["Disallow: /a", "Allow: /b"]
    assert rules_for(text, "another") == ["Disallow: /"]


@pytest.mark.parametrize("name", ["{}", "f" + "*{}", "fashion-pggan"])
def test_names_before_as_many_rules_cost_little(name: str) -> None:
    names = [f"User-agent: {name.format(number)}" for number in range(1300)]
    rules = [f"Disallow: /{number}" for number in range(1300)]
    began = time.process_time()
    Rules("\n".join(names + rules), AGENT)
    assert time.process_time() - began < 1


def test_wildcards_that_would_take_long_forbid_a_long_address() -> None:
    rules = "\n".join(f"Disallow: *ab{number:x}" for number in range(20_000))
    hostile = Rules(f"User-agent: *\n{rules}", AGENT)
    assert hostile.allowed("https://example.org/1.jpg", AGENT)
    with pytest.raises(RefusedError, match="wildcards"):
        hostile.allowed("https://example.org/" + "ab" * 3900, AGENT)


def test_a_url_that_takes_milliseconds_is_judged_in_a_thread() -> None:
    rules = "\n".join(f"Disallow: /*a*a*a*a*b{number:x}" for number in range(20_000))
    hostile, usual = Rules(f"User-agent: *\n{rules}", AGENT), Rules("User-agent: *\nDisallow: /*.gif$", AGENT)
    url = "https://example.org/" + "a" * 60
    began = time.process_time()
    assert hostile.allowed(url, AGENT)
    assert time.process_time() - began < 0.5
    assert (hostile.is_slow(url), usual.is_slow(url)) == (True, False)


@pytest.mark.parametrize("byte", [b"\xb5", b"\xba\xf1", b"\xff"])
def test_a_byte_that_is_no_utf_8_makes_a_rule_no_wider(byte: bytes) -> None:
    rules = Rules(text_of(b"User-agent: *\nDisallow: /\nAllow: /" + byte + b"x"), AGENT)
    assert not rules.allowed("https://example.org/1.jpg", AGENT)
    assert not rules.allowed("https://example.org/x1.jpg", AGENT)


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-8"])
def test_a_robots_txt_is_read_in_the_encoding_that_it_has(code: str) -> None:
    assert rules_for(text_of("User-agent: *\nDisallow: /비밀".encode(code)), AGENT) == ["Disallow: /비밀"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: other\nCrawl-delay: 9\nUser-agent: *\nDisallow: /a", 0.0),
        ("User-agent: *\nCrawl-delay: 9\nUser-agent: fashion-pggan\nCrawl-delay: 1", 1.0),
        ("User-agent: *\nCrawl-delay: 86400", 60.0),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: *\nCrawl-delay: -1", 0.0),
        ("User-agent: *\nCrawl-delay: inf", 0.0),
        ("User-agent: *\nCrawl-delay: nan", 0.0),
        ("", 0.0),
    ],
)
def test_a_crawl_delay_is_read(text: str, seconds: float) -> None:
    assert Rules(text, AGENT).delay_s == seconds
