"""`python -m benchmarks.explorer OUT.png`: the explorer's page as a browser shows it, for the docs."""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from fashion_pggan.command import run_command
from fashion_pggan.errors import UserError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PLACE = {"latent_index": "5", "other_index": "10"}
SLIDERS = {"share": "0.35", "direction1": "0.15", "direction3": "-0.2"}


def main() -> None:
    """Start the explorer, move some sliders, write what is to be seen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--data", type=Path, default=Path("data/curated"))
    parser.add_argument("--width", type=int, default=1100, help="of the window, pixels")
    parser.add_argument("--dark", action="store_true", help="as in dark mode")
    given = parser.parse_args()
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UserError(f"none of {', '.join(BROWSERS)} is installed: install Chromium")
    with _explorer(given.models, given.data) as address, sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = window.new_page(
            viewport={"width": given.width, "height": 900},
            color_scheme="dark" if given.dark else "light",
        )
        page.goto(address)
        page.wait_for_selector("#direction6")
        for name, value in PLACE.items():
            page.fill(f"#{name}", value)
        for name, value in SLIDERS.items():
            page.locator(f"#{name}").fill(value)
        page.wait_for_selector("body[data-settled]")
        page.screenshot(path=given.out, full_page=True)
        window.close()


@contextmanager
def _explorer(models: Path, data: Path) -> Iterator[str]:
    """The address of an explorer that runs meanwhile."""
    command = [sys.executable, "-m", "generate.explore", str(models), "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
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
