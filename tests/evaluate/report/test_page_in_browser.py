"""The report's page in a browser."""

import shutil

import pytest

pytestmark = pytest.mark.slow

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(params=[(1100, "light"), (390, "dark")], ids=["desk", "phone in the dark"])
def page(request, reports):
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if BROWSER is None:
        pytest.skip("needs Chromium")
    width, scheme = request.param
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((reports / "report.html").as_uri())
        yield page
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [(reports / "report.html").as_uri()]


def test_every_image_is_shown_says_what_it_is_and_nothing_is_wider_than_the_window(page, params):
    images = page.locator("img")
    # samples, three rows of the strip, three grids, pairs, the dataset, two contact sheets
    assert images.count() == 1 + 3 + 3 + params.copies_images + 1 + 2
    assert images.evaluate_all("all => all.every(one => one.complete && one.naturalWidth > 0 && one.alt)")
    assert page.locator("svg").count() == 5
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(22, 22, 24)" if dark else "rgb(253, 253, 252)")


def test_tables_sort_by_the_numbers_of_a_column_and_back(page):
    shown = "all => all.map(cell => Number(cell.dataset.value))"
    cells = page.locator("#table1 tbody td:nth-child(2)")
    before = cells.evaluate_all(shown)
    button = page.locator("#table1 thead th:nth-child(2) button")
    button.click()
    assert cells.evaluate_all(shown) == sorted(before)
    assert page.locator("#table1 th[aria-sort]").get_attribute("aria-sort") == "ascending"
    assert "best" in page.locator("#table1 tbody tr").first.inner_text()
    button.press("Enter")
    assert cells.evaluate_all(shown) == sorted(before, reverse=True)
    below = [text.split("\t")[0] for text in page.locator("#table1 tfoot tr").all_inner_texts()]
    assert below == [
        "9.0 again, on fresh images",
        "9.0 again, with colour and contrast *",
        "floor, with colour and contrast *",
        "floor, disjoint",
    ]
    page.get_by_text("New images by query").click()
    page.locator("details[open] th button", has_text="query").click()
    assert page.locator("details[open] tbody td").first.inner_text() == rf"{HOSTILE}\u202e\x1b"


def test_the_average_and_its_ratio_are_seen_on_a_phone_without_scrolling(page):
    assert page.locator("#table1 thead th").all_inner_texts()[:3] == ["kimg", "average", "times the floor"]
    ends = page.locator("#table1 tbody tr:first-child td:nth-child(-n+3)").evaluate_all(
        "all => all.map(cell => cell.getBoundingClientRect().right)"
    )
    assert max(ends) <= page.evaluate("innerWidth")
    shadows = page.locator(".scroll").first.evaluate("one => getComputedStyle(one).backgroundAttachment")
    assert shadows == "local, local, scroll, scroll"


def test_the_slider_walks_through_training(page):
    captions = page.locator(".frames figcaption:visible")
    assert captions.all_inner_texts() == ["9.0 kimg"]
    page.locator("input[type=range]").fill("0")
    assert captions.all_inner_texts() == ["0.0 kimg"]


def test_the_page_tells_what_was_lost_and_where_it_comes_from(page, dataset):
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    text = page.inner_text("body")
    for said in (
        "dropped: TOO_SMALL\t4\n",
        f"not received: {HOSTILE}\t2\n",
        "and 10 more",
        "3 steps skipped",
        f"queries: [{HOSTILE}]",
        dataset.version,
        "abc123",
        "2 processes on cuda (2 x a GPU)",
        "crawl 4 s, train 1 min 30 s",
    ):
        assert said in text, said
