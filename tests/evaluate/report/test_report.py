"""The report: its sentences, and the page in a browser."""

import json
import re
import shutil

import numpy as np
import pytest

from evaluate import stage
from evaluate.comparison.cache import Store
from evaluate.comparison.distances import Distances, Estimate, Floor
from evaluate.comparison.snapshots import Row
from evaluate.report.curves import distances_over_training
from evaluate.report.inline_image import embedded
from evaluate.report.verdicts import verdicts
from evaluate.results.evaluation import Evaluation
from fashion_pggan.distance.devices import Work
from fashion_pggan.errors import UserError
from fashion_pggan.images.grid import write_grid

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = "<script>alert(1)</script>"
CRAWL = {
    "provider": "demo",
    "products": 70,
    "failed": {HOSTILE: 2},
    "left_out": {"TOO_SMALL": 5},
    "hosts": [{"host": f"host{place}.example", "images": 70 - place, "failed": 0} for place in range(60)],
    "queries": [
        {"query": "남자 셔츠", "calls": 2, "results": 9, "new": 9},
        {"query": HOSTILE, "calls": 1, "results": 100, "new": 61},
    ],
    "words": [],
    "seconds": 4.2,
}
CURATE = {"images": 68, "kept": 64, "dropped": {"TOO_SMALL": 4}, "styles": {"flat": 60, "close_up": 4}}
TRAIN = {
    "images_shown": 9000,
    "images_per_s": 100.0,
    "seconds": 90.0,
    "skipped_steps": 3,
    "alarms": "",
    "device": "cuda",
    "hardware": "2 x a GPU",
    "processes": 2,
    "params_hash": "params",
    "git_commit": "abc123",
}
LOG = """kimg,lod,resolution,critic_loss,generator_loss,score_real,score_fake
1,3,4,2.5,1.5,0.1,-0.1
9,0,32,-1.5,0.5,0.2,-0.3
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory, dataset, models, params):
    folder = tmp_path_factory.mktemp("report")
    for name, facts in (("crawl", CRAWL), ("curate", CURATE), ("train", TRAIN)):
        (folder / f"{name}.json").write_text(json.dumps(facts))
    (folder / "training.csv").write_text(LOG)
    images = dataset.images(range(4), 32)
    write_grid(dataset.folder / "sheets" / "TOO_SMALL.png", images, 2)
    write_grid(dataset.folder / "sheets" / "kept.png", images, 2)
    stage.run(
        dataset.folder,
        models,
        folder,
        params,
        mirror=True,
        store=Store(folder / "store"),
        work=Work(2),
        settings=f"queries: [{HOSTILE}]\n",
    )
    return folder


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
    assert page.locator("#table1 tfoot tr").count() == 1
    page.get_by_text("New images by query").click()
    page.locator("details[open] th button", has_text="query").click()
    assert page.locator("details[open] tbody td").first.inner_text() == HOSTILE


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


def test_the_page_is_small_and_asks_browsers_to_load_nothing(reports):
    text = (reports / "report.html").read_text()
    assert len(text) < 10_000_000
    assert "default-src 'none'" in text
    assert HOSTILE not in text


def test_a_page_without_other_stages_reports_has_what_was_measured(tmp_path, dataset, models, params):
    stage.run(
        dataset.folder,
        models,
        tmp_path,
        params.model_copy(update={"images": 1000, "copies_images": 1}),
        mirror=False,
        store=Store(tmp_path / "store"),
        work=Work(2),
    )
    text = (tmp_path / "report.html").read_text()
    assert "<td>reused-images floor</td>" in text
    assert "too small for a true floor" in text


def test_a_report_that_is_no_json_is_named(tmp_path, dataset, models, params, reports):
    (tmp_path / "crawl.json").write_text("[")
    with pytest.raises(UserError, match=r"crawl\.json is not JSON .*: delete it and run dvc repro"):
        stage.run(
            dataset.folder,
            models,
            tmp_path,
            params,
            mirror=True,
            store=Store(reports / "store"),
            work=Work(2),
        )


@pytest.mark.parametrize(("height", "width"), [(32, 64), (2048, 4096), (3, 9000)])
def test_an_image_takes_no_more_bytes_than_it_may(height, width):
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = embedded(noise, "noise", most=60_000)
    assert len(image.src) < 60_000 * 4 / 3 + 100
    assert 0 < image.width <= 1600
    assert (image.width, image.height) == (width, height) or width > 1600


def _evaluation(*averages, floor=10.0, error=1.0, kind="disjoint"):
    def of(value):
        return Distances({32: Estimate(value, error)}, Estimate(value, error))

    rows = [Row(float(place), 64, of(value), f"{place}.safetensors") for place, value in enumerate(averages)]
    return Evaluation(64, Floor(kind, of(floor)), rows)


@pytest.mark.parametrize(
    "averages", [(260.0, 90.0, 28.0), (99.0, 61.0), (12.0, 11.5, 11.2), (1000.0, 3.0), (31.0, 9.9), (5.0,)]
)
def test_labels_of_the_curve_stand_apart(averages):
    svg = str(distances_over_training(_evaluation(*averages, floor=averages[-1] * 0.9, error=0.1)).svg)
    axis = svg[svg.index('id="matplotlib.axis_2"') :]
    labels = re.findall(
        r'translate\([\d.]+ ([\d.]+)\)[^>]*>([\d.]+)</text>|y="([\d.]+)"[^>]*>([\d.]+)</text>', axis
    )
    places = sorted(float(one or other) for one, _, other, _ in labels)
    assert 2 <= len(places) <= 10
    assert min(np.diff(places)) > 10  # points; the font has 9


@pytest.mark.parametrize(
    ("evaluation", "state", "says"),
    [
        (_evaluation(50.0, 11.0, error=0.8), "good", "11.00 (9.54 to 12.69)"),
        (_evaluation(50.0, 11.0, error=3.0), "note", "they are wide: measure more images"),
        (_evaluation(50.0, 30.0), "look", "3.0 times the floor. The intervals do not overlap"),
        (_evaluation(50.0, 10.0, kind="reused"), "note", "too small for a true floor, which lies higher"),
        (_evaluation(50.0, 30.0, kind="reused"), "note", "3.0 times the reused-images floor."),
    ],
)
def test_the_distance_is_judged_by_its_interval_and_the_floors(evaluation, state, says):
    verdict = verdicts(evaluation, {}, {})[0]
    assert (verdict.state, verdict.question) == (state, "How far from the real images?")
    assert says in verdict.says


@pytest.mark.parametrize(
    ("averages", "state", "says"),
    [
        ((30.0,), "note", "one snapshot"),
        ((50.0, 30.0), "look", "may still improve"),
        ((31.0, 30.0), "note", "not told from that at 0.0 kimg"),
        ((50.0, 30.0, 31.0), "good", "at 1.0 kimg, is not told from the last"),
        ((50.0, 30.0, 40.0), "look", "the last is clearly worse"),
    ],
)
def test_the_course_of_training_is_judged_by_its_best_and_last_snapshot(averages, state, says):
    verdict = verdicts(_evaluation(*averages), {}, {})[1]
    assert verdict.state == state
    assert says in verdict.says


def _similarity(low, high):
    return {"value": (low + high) / 2, "low": low, "high": high}


@pytest.mark.parametrize(
    ("low", "high", "state", "says"),
    [(0.5, 0.6, "look", "mode collapse"), (0.0, 0.1, "look", "noise"), (0.2, 0.25, "good", "not told apart")],
)
def test_variation_is_judged_against_that_of_the_real_images(low, high, state, says):
    similarity = {"pairs": 128, "generated": _similarity(low, high), "real": _similarity(0.2, 0.3)}
    verdict = verdicts(_evaluation(30.0), {"ms_ssim": similarity}, {})[2]
    assert verdict.state == state
    assert says in verdict.says


@pytest.mark.parametrize(("near", "state"), [(0, "good"), (5, "good"), (6, "look"), (256, "look")])
def test_more_near_copies_than_chance_gives_are_told(near, state):
    """Of 256 images 2.56 are expected, and 2 standard errors above it are 5.7."""
    copies = {"images": 256, "copies": 0, "near": near, "expected_share": 0.01}
    assert verdicts(_evaluation(30.0), {"copies": copies}, {})[2].state == state


@pytest.mark.parametrize(("found", "says"), [(1, "1 of 256 generated images is a copy"), (3, "are copies")])
def test_any_copy_at_all_is_to_be_looked_at(found, says):
    copies = {"images": 256, "copies": found, "near": found, "expected_share": 0.01}
    verdict = verdicts(_evaluation(30.0), {"copies": copies}, {})[2]
    assert verdict.state == "look"
    assert says in verdict.says


@pytest.mark.parametrize(
    ("train", "state"),
    [
        ({"skipped_steps": 0, "alarms": ""}, "good"),
        ({"skipped_steps": 2, "alarms": ""}, "look"),
        ({"skipped_steps": 0, "alarms": "COLLAPSE"}, "look"),
    ],
)
def test_skipped_steps_and_alarms_are_told(train, state):
    assert verdicts(_evaluation(30.0), {}, train)[2].state == state
