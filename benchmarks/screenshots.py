"""`python -m benchmarks.screenshots DIR`: the report and the explorer in a browser, for the docs."""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from fashion_pggan.command.edge import run_command
from fashion_pggan.command.lifetime import owned
from fashion_pggan.errors import UserError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PLACE = {"latent_index": "5", "other_index": "10"}
SLIDERS = {"share": "0.35", "direction1": "0.15", "direction3": "-0.2"}
DESK, PHONE = (1100, 1400), (390, 1100)  # pixels of the window


def main() -> None:
    """Open both pages, move some of the explorer's sliders, and write screenshots."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for report.png, report_phone.png and explorer.png")
    parser.add_argument("--whole", action="store_true", help="the report's whole length")
    parser.add_argument("--report", type=Path, default=Path("reports/report.html"))
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--data", type=Path, default=Path("data/curated"))
    given = parser.parse_args()
    if not given.report.is_file():
        raise UserError(f"no report at {given.report}: run the pipeline first (dvc repro)")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UserError(f"none of {', '.join(BROWSERS)} is installed: install Chromium")
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for name, size, dark in (("report", DESK, False), ("report_phone", PHONE, True)):
            with _page(window, given.report.resolve().as_uri(), size, dark=dark) as page:
                page.screenshot(path=given.out / f"{name}.png", full_page=given.whole)
        with _explorer(given.models, given.data) as address, _page(window, address, DESK) as page:
            _walk(page)
            page.screenshot(path=given.out / "explorer.png", full_page=True)
        window.close()


@contextmanager
def _page(window: Browser, address: str, size: tuple[int, int], *, dark: bool = False) -> Iterator[Page]:
    width, height = size
    page = window.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page.goto(address)
    yield page
    page.close()


def _walk(page: Page) -> None:
    page.wait_for_selector("#direction6")
    for name, value in PLACE.items():
        page.fill(f"#{name}", value)
    for name, value in SLIDERS.items():
        page.locator(f"#{name}").fill(value)
    page.wait_for_selector("body[data-settled]")


@contextmanager
def _explorer(models: Path, data: Path) -> Iterator[str]:
    """The address of an explorer that runs until the block ends."""
    command = [sys.executable, "-m", "generate.explore", str(models), "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, env=owned(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            said = process.stderr.readline()
            if "http://" not in said:
                raise UserError(said.strip().removeprefix("error: ") or "the explorer did not start")
            yield said.split()[1]
        finally:
            process.terminate()


if __name__ == "__main__":
    run_command(main)
