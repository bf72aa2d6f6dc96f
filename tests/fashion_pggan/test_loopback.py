"""What a server on loopback refuses of what pages of other sites send."""

import logging
import sys

import pytest
from aiohttp.http_exceptions import BadHttpMessage

from fashion_pggan.errors import ArgumentError
from fashion_pggan.loopback import check_loopback, refusal, without_malformed


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.2:8",
        "[::1]:80",
        "localhost",
        "LOCALHOST:9",
        "shop.localhost",
        "own",
    ],
)
def test_names_that_nobody_can_point_here_are_answered(host: str) -> None:
    assert not refusal("GET", {"Host": host}, {"own"})


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "",
        "[",
        "x@127.0.0.1.x",
        "0x7f.1",
    ],
)
def test_other_names_are_refused(host: str) -> None:
    assert "does not answer to the name" in refusal("GET", {"Host": host})


def test_a_request_without_a_host_is_refused() -> None:
    assert refusal("GET", {})


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://127.0.0.1:81", "http://[", "127.0.0.1"]
)
def test_a_page_of_another_origin_changes_nothing(origin: str) -> None:
    headers = {"Host": "127.0.0.1", "Origin": origin}
    assert "may change nothing here" in refusal("POST", headers)
    assert not refusal("GET", headers)


def test_a_page_of_its_own_and_a_program_change_things() -> None:
    assert not refusal("POST", {"Host": "127.0.0.1:80", "Origin": "http://127.0.0.1:80"})
    assert not refusal("POST", {"Host": "127.0.0.1:80"})


def test_only_addresses_of_this_machine_are_listened_at() -> None:
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        check_loopback(host)
    for host in ("0.0.0.0", "::", "192.168.1.2", "shop.example", ""):
        with pytest.raises(
            ArgumentError, match=r"--host .*: the shop serves this machine alone: give 127.0.0.1"
        ):
            check_loopback(host)


@pytest.mark.parametrize(("error", "logged"), [(BadHttpMessage("x"), False), (ValueError("x"), True)])
def test_a_malformed_request_prints_no_traceback_but_a_fault_of_ours_does(error, logged) -> None:
    try:
        raise error
    except Exception:
        record = logging.LogRecord("aiohttp.server", logging.ERROR, "x", 1, "x", (), sys.exc_info())
    assert without_malformed(record) is logged
