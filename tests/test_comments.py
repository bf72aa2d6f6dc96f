"""A comment in the code changes no result: nothing is fetched, decoded or trained again.

What must stay the same to the byte: datasets, models, distances, the log of the training, and every figure
about them. What a run says about itself may differ: how long it took, when, and what it found done before.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("crawler", "curate", "demo_shop", "evaluate", "fashion_pggan", "flows", "generate", "train")
OF_A_RUN = {  # outputs that describe the run itself, and what in them does so
    "reports/crawl.json": {"fetched", "fetched_bytes", "reused", "seconds", "images_per_s", "crawl_id"},
    "reports/curate.json": {"decoded", "seconds"},
    "reports/report.html": {r'<p class="soft">fashion-pggan · .*</p>', "<dt>time</dt><dd>.*</dd>"},
}
CARRIED = "data/run"  # its run.json names the commit of the last start
SMALL: dict[str, dict[str, Any]] = {
    "crawl": {"max_products": 16, "shop_products": 16},
    "curate": {"resolution": 16, "held_out": 0.0, "shard_images": 8},
    "train": {
        "labels": False,  # so few images leave a label without any
        "total_kimg": 0.1,
        "stabilise_kimg": 0.03,
        "fade_kimg": 0.03,
        "snapshot_kimg": 0.05,
        "latent_size": 8,
        "fmap_base": 32,
        "fmap_max": 8,
        "grid_columns": 2,
        "grid_rows": 2,
    },
    "generate": {"count": 4},
    "evaluate": {
        "images": 6,
        "patches_per_image": 8,
        "repeats": 1,
        "directions": 8,
        "replicates": 2,
        "variation_pairs": 2,
        "copies_images": 4,
    },
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


class Copy:
    """A copy of the repository, in a git repository of its own, with a small job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=REPOSITORY):
            target = folder / name
            if (REPOSITORY / name).is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, target)
        params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
        small = {name: section | SMALL[name] for name, section in params.items()}
        (folder / "params.yaml").write_text(yaml.safe_dump(small, sort_keys=False), encoding="utf-8")
        self.git("init", "--quiet")
        self.commit("first")

    def git(self, *arguments: str, cwd: Path | None = None) -> list[str]:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", *who, *arguments]
        ended = subprocess.run(command, cwd=cwd or self.folder, check=True, capture_output=True, text=True)
        return [name for name in ended.stdout.split("\0") if name]

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def reproduce(self) -> None:
        environment = os.environ | {"PYTHONPATH": str(self.folder)}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        ended = subprocess.run(
            ["dvc", "repro"], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def outputs(self) -> dict[str, str]:
        """The hash of every output, by path."""
        stages = yaml.safe_load((self.folder / "dvc.lock").read_text(encoding="utf-8"))["stages"]
        return {output["path"]: output["md5"] for stage in stages.values() for output in stage["outs"]}

    def without_the_run(self, path: str) -> object:
        """What an output says beside how the run went."""
        text = (self.folder / path).read_text(encoding="utf-8")
        if path.endswith(".json"):
            return {name: value for name, value in json.loads(text).items() if name not in OF_A_RUN[path]}
        for pattern in OF_A_RUN[path]:
            text, count = re.subn(pattern, "", text)
            assert count == 1, pattern
        return text

    def report(self, stage: str) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(
            (self.folder / f"reports/{stage}.json").read_text(encoding="utf-8")
        )
        return facts


def modules_of_each_folder(repository: Path) -> list[Path]:
    """One module per folder of code, the largest one."""
    folders = {path.parent for name in PACKAGES for path in (repository / name).rglob("*.py")}
    return [max(folder.glob("*.py"), key=lambda path: path.stat().st_size) for folder in sorted(folders)]


def test_comments_in_every_folder_change_no_result(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    copy.reproduce()
    before = copy.outputs()
    beside = {path: copy.without_the_run(path) for path in OF_A_RUN}
    checkpoints = {path: path.read_bytes() for path in (tmp_path / "runs/train").rglob("*.pt")}
    assert checkpoints
    modules = modules_of_each_folder(tmp_path)
    assert len(modules) > 40
    for module in modules:
        module.write_text(module.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    copy.commit("remarks")
    copy.reproduce()
    after = copy.outputs()
    assert {path for path in before if after[path] != before[path]} <= {*OF_A_RUN, CARRIED}
    assert {path: copy.without_the_run(path) for path in OF_A_RUN} == beside
    assert copy.report("crawl")["fetched"] == 0
    assert copy.report("curate")["decoded"] == 0
    assert {path: path.read_bytes() for path in (tmp_path / "runs/train").rglob("*.pt")} == checkpoints
    carried = [path.read_bytes() for path in (tmp_path / CARRIED).glob("*.pt")]
    assert len(carried) == 1
    assert carried[0] in checkpoints.values()
