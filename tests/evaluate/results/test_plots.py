"""`dvc plots show` with our dvc.yaml and templates: what its page holds, and what Chromium draws of it."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from evaluate import stage
from evaluate.comparison.cache import Store
from fashion_pggan.distance.work import Work

REPOSITORY = Path(__file__).parents[3]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CDN = "https://cdn.jsdelivr.net/npm/"
OTHERS = {  # what the stages before evaluation write
    "curate_reasons.csv": "reason,count\nkept,64\nTOO_SMALL,4\n",
    "curate_sizes.csv": "short_side,count\n0001-0063,4\n0064-0127,64\n",
    "training.csv": "kimg,critic_loss\n1.0,2.5\n5.0,1.5\n9.0,0.5\n",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plots(tmp_path_factory, dataset, models, params):
    """The page of a small repository with our dvc.yaml, our templates and a measured training."""
    folder = tmp_path_factory.mktemp("plots")
    reports = folder / "reports"
    stage.run(
        dataset.folder,
        models,
        reports,
        params,
        mirror=True,
        store=Store(folder / "store"),
        work=Work(2),
    )
    for name, text in OTHERS.items():
        (reports / name).write_text(text)
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "-q", "--no-scm"], cwd=folder, check=True, timeout=120)
    shutil.copytree(REPOSITORY / ".dvc/plots", folder / ".dvc/plots", dirs_exist_ok=True)
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(REPOSITORY / name, folder)
    ended = subprocess.run(
        [*dvc, "plots", "show"], cwd=folder, capture_output=True, text=True, check=True, timeout=120
    )
    assert "dvc_plots/index.html" in ended.stdout
    return folder / "dvc_plots/index.html"


def specs_of(page):
    """The plots by title."""
    found = re.findall(r"var spec = (\{.*?\});\n", page.read_text(encoding="utf-8"), re.DOTALL)
    specs = [json.loads(spec) for spec in found]
    return {spec["title"]["text"]: spec for spec in specs}


def fields_of(spec):
    """All fields that a plot draws, its layers' among them."""
    if isinstance(spec, dict):
        mine = {spec["field"]} if isinstance(spec.get("field"), str) else set()
        return mine.union(*(fields_of(each) for name, each in spec.items() if name != "data"))
    return set().union(*map(fields_of, spec)) if isinstance(spec, list) else set()


def test_every_plot_has_its_rows_and_every_field_that_it_draws(plots):
    specs = specs_of(plots)
    assert len(specs) == 5
    for title, spec in specs.items():
        rows = spec["data"]["values"]
        assert len(rows) >= 2, title
        assert "<DVC_METRIC" not in json.dumps(spec), title
        for row in rows:
            assert fields_of(spec) <= row.keys(), title
    levels = specs["sliced Wasserstein distance x 1000 by level"]
    assert {"distance", "low", "high", "floor", "level", "kimg"} <= fields_of(levels)
    rows = levels["data"]["values"]
    assert len(rows) == 3 * 3  # snapshots, levels and their average
    assert all(0 < float(row["low"]) < float(row["distance"]) < float(row["high"]) for row in rows)


@pytest.fixture(scope="session")
def scripts(tmp_path_factory):
    """Vega's scripts, as npm has them: name and version -> the file that the network of copies serves."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    folder = tmp_path_factory.mktemp("npm")

    def script_of(package):
        ended = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True, timeout=120
        )
        if ended.returncode:
            pytest.skip(f"npm has no {package} here")
        with tarfile.open(folder / ended.stdout.split()[-1]) as archive:
            about = json.load(archive.extractfile("package/package.json"))
            return archive.extractfile(f"package/{about['jsdelivr']}").read()

    return script_of


@pytest.mark.network
def test_chromium_draws_every_plot(plots, scripts):
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if BROWSER is None:
        pytest.skip("needs Chromium")
    packages = re.findall(rf'src="{re.escape(CDN)}([^"]+)"', plots.read_text(encoding="utf-8"))
    bodies = {f"{CDN}{package}": scripts(package) for package in packages}
    said, unknown = [], []

    def serve(route):
        body = bodies.get(route.request.url)
        if body is None:
            unknown.append(route.request.url)
            route.abort()
        else:
            route.fulfill(body=body, content_type="text/javascript")

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.route(re.compile("^https:"), serve)
        page.goto(plots.as_uri())
        titles = list(specs_of(plots))
        page.wait_for_function(f"document.querySelectorAll('.marks').length === {len(titles)}")
        drawn = page.locator(".marks").evaluate_all(COLOURED)
        page.screenshot(path=plots.with_name("plots.png"), full_page=True)
        browser.close()
    assert (said, unknown) == ([], [])
    assert all(pixels > 200 for pixels in drawn), dict(zip(titles, drawn, strict=True))


# How many pixels of each canvas are coloured: axes and titles are grey, what is drawn of the data is not.
COLOURED = """all => all.map(canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 128 && Math.max(data[at], data[at + 1], data[at + 2])
      - Math.min(data[at], data[at + 1], data[at + 2]) > 40) count += 1;
  return count;
})"""
