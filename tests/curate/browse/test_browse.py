"""The page for decisions: its server, and the page in Chromium."""

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from curate.overrides import read_overrides

REPOSITORY = Path(__file__).parents[3]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page(NamedTuple):
    address: str
    key: str
    overrides: Path


@pytest.fixture(scope="module")
def page(made: Path, wild: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    overrides = tmp_path_factory.mktemp("decisions") / "overrides.csv"
    command = [sys.executable, "-m", "curate", "browse", str(made / "out"), str(wild), "--port", "0"]
    with subprocess.Popen(
        [*command, "--overrides", str(overrides)], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        address, _, key = said.split()[1].partition("#")
        yield Page(address, key, overrides)
        process.terminate()


def get(address: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
        body: bytes = answer.read()
    return body


def listed(page: Page, query: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(get(f"{page.address}images?{query}"))
    return found


def decide(page: Page, said: object, **headers: str) -> int:
    request = urllib.request.Request(f"{page.address}decision", json.dumps(said).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_images_are_listed_by_outcome_and_shown(page: Page) -> None:
    about = json.loads(get(f"{page.address}about"))
    assert about["outcomes"]["kept"] == listed(page, "outcome=kept")["count"] == 10
    assert listed(page, "")["count"] == about["images"]
    small = listed(page, "outcome=TOO_SMALL")["images"]
    assert [image["file"] for image in small] == ["small.png"]
    for image in listed(page, "")["images"]:
        assert get(f"{page.address}image/{image['sha256']}.png").startswith(b"\x89PNG")


def test_images_are_sorted_by_a_score(page: Page) -> None:
    up, down = (
        [image["score"] for image in listed(page, f"outcome=kept&score=deviation{more}")["images"]]
        for more in ("", "&down=1")
    )
    assert up == sorted(up) == down[::-1]


def test_a_decision_needs_the_key_and_goes_into_the_file(page: Page) -> None:
    sha256 = listed(page, "outcome=TOO_SMALL")["images"][0]["sha256"]
    said = {"sha256": sha256, "decision": "keep", "reason": "fine,\n as it is"}
    assert decide(page, said) == decide(page, said, **{"X-Key": "wrong"}) == 403
    assert decide(page, said, **{"X-Key": page.key, "Origin": "http://shop.example"}) == 403
    assert not page.overrides.exists()
    assert decide(page, said, **{"X-Key": page.key}) == 200
    kept = read_overrides(page.overrides)[sha256]
    assert (kept.decision, kept.reason) == ("keep", "fine, as it is")
    assert listed(page, "outcome=decided")["count"] == 1
    assert decide(page, {**said, "decision": ""}, **{"X-Key": page.key}) == 200
    assert read_overrides(page.overrides) == {}


@pytest.mark.parametrize(
    "said",
    [
        {"sha256": "0" * 64, "decision": "keep"},
        {"sha256": "../x", "decision": "keep"},
        {"decision": "keep"},
        {"sha256": 1},
        ["keep"],
        "keep",
        {"sha256": "0" * 64, "decision": "burn"},
        {"reason": "x" * 5000},
    ],
)
def test_a_bad_decision_is_refused(page: Page, said: object) -> None:
    assert decide(page, said, **{"X-Key": page.key}) in {400, 413}


@pytest.mark.parametrize(
    "path", ["images?start=-1", "images?start=x", "images?score=nothing", "image/..%2fx.png", "nowhere"]
)
def test_a_bad_request_is_refused_in_a_line(page: Page, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(page.address + path)
    assert refused.value.code in {400, 404}
    assert json.loads(refused.value.read())["error"]
    refused.value.close()


def test_other_host_names_are_refused(page: Page) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(page.address, Host="shop.example")
    assert refused.value.code == 403
    refused.value.close()


@pytest.mark.slow
def test_in_a_browser_a_click_decides_and_another_takes_it_back(page: Page) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if BROWSER is None:
        pytest.skip("needs Chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 390, "height": 800})
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(f"{page.address}#{page.key}")
        tab.wait_for_selector("body[data-settled]")
        tab.select_option("#outcome", "kept")
        tab.wait_for_selector("#images li:nth-child(10):last-child")
        tab.fill("#reason", "a logo")
        tab.locator("li button.drop").first.click()
        tab.wait_for_selector("li[data-decision=drop]")
        assert [each.reason for each in read_overrides(page.overrides).values()] == ["a logo"]
        tab.locator("li button.drop").first.click()
        tab.wait_for_selector("li[data-decision='']:first-child")
        assert read_overrides(page.overrides) == {}
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.close()
    assert said == []
