"""The explorer's page in a browser."""

import shutil
import time

import pytest

from generate.sampling.recipe import read_recipe
from generate.sampling.sampler import Sampler, snapshots_in

pytestmark = pytest.mark.slow

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture
def page(explorer):
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if BROWSER is None:
        pytest.skip("needs Chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(explorer)
        page.wait_for_selector("body[data-settled]")
        yield page
        browser.close()
    assert said == []


def settled(page):
    page.wait_for_selector("body[data-settled]")
    return page.get_attribute("#image", "src")


def test_each_control_changes_the_image(page):
    seen = [settled(page)]
    page.locator("#direction1").fill("0.5")
    seen.append(settled(page))
    page.locator("#share").fill("0.5")
    seen.append(settled(page))
    page.fill("#seed", "8")
    seen.append(settled(page))
    page.focus("#truncation")
    page.keyboard.press("ArrowLeft")
    seen.append(settled(page))
    page.keyboard.press("0")
    page.keyboard.press("r")
    seen.append(settled(page))
    assert len(set(seen)) == len(seen)
    assert page.input_value("#direction1") == "0"
    assert page.locator("img").evaluate_all("all => all.every(one => one.naturalWidth && one.alt)")
    assert page.locator("#near img").count() == 6
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_another_number_all_works_but_the_way_to_it(page):
    page.fill("#other_index", "")
    before = settled(page)
    page.locator("#direction1").fill("0.5")
    assert settled(page) != before
    assert not page.is_visible("#error")
    page.locator("#share").fill("0.5")
    page.wait_for_selector("#error", state="visible")
    assert "Other number: a whole number" in page.inner_text("#error")
    page.fill("#other_index", "3")
    page.wait_for_selector("#error", state="hidden")
    settled(page)


def test_the_saved_image_is_the_one_shown_and_its_recipe_makes_it_again(page, trained, tmp_path):
    page.locator("#direction2").fill("-0.4")
    settled(page)
    for name in ("png", "json"):
        with page.expect_download() as download:
            page.click(f"#{name}")
        download.value.save_as(tmp_path / f"saved.{name}")
    recipe = read_recipe(tmp_path / "saved.png")
    assert recipe == read_recipe(tmp_path / "saved.json")
    assert recipe.moves[1] == -0.4
    sampler = Sampler.load(snapshots_in(trained / "models")[-1])
    assert recipe.png(recipe.image(sampler)) == (tmp_path / "saved.png").read_bytes()


def test_a_bad_number_is_said_and_the_walk_moves_by_itself(page):
    page.fill("#latent_index", "-3")
    page.wait_for_selector("#error:not([hidden])")
    assert "whole number" in page.inner_text("#error")
    page.fill("#latent_index", "3")
    page.wait_for_selector("#error", state="hidden")
    page.click("#play")
    time.sleep(0.5)
    shares = {page.input_value("#share")}
    time.sleep(0.5)
    shares.add(page.input_value("#share"))
    page.click("#play")
    settled(page)
    assert len(shares) == 2
