"""Switching params.yaml to a preset."""

import logging
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.params.preset import use, with_settings
from train.growth.schedule import phase_at

REPOSITORY = Path(__file__).parents[3]
PRESETS = REPOSITORY / "presets"
NAMES = ["demo", "paper", "photos"]
BY_DEVICES = {1: "paper-1gpu", 2: "paper-2gpu", 4: "paper", 8: "paper-8gpu"}


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text((PRESETS / "photos.yaml").read_text().replace("seed: 0", "seed: 7"))
    return path


def test_the_presets_of_the_readme_are_there() -> None:
    assert {*NAMES, *BY_DEVICES.values()} == {path.stem for path in PRESETS.glob("*.yaml")}


@pytest.mark.parametrize("devices", BY_DEVICES)
def test_a_preset_for_other_gpus_differs_in_minibatches_and_rates_alone(devices: int, params: Path) -> None:
    use(BY_DEVICES[devices], [], presets=PRESETS, params=params)
    one, other = load_params(params).model_dump(), load_params(PRESETS / "paper.yaml").model_dump()
    differs = {name for name in one["train"] if one["train"][name] != other["train"][name]}
    by_devices = {"processes", "minibatch", "minibatch_base", "learning_rate"}
    assert differs == (set() if devices == 4 else by_devices)
    assert {**one, "train": None} == {**other, "train": None}


def test_a_preset_that_builds_on_itself_or_on_nothing_is_refused(tmp_path: Path, params: Path) -> None:
    (tmp_path / "loop.yaml").write_text("base: loop\n")
    (tmp_path / "flat.yaml").write_text("base: loop\ntrain: 3\n")
    (tmp_path / "alone.yaml").write_text("base: none\ntrain: {seed: 1}\n")
    for name, reason in (("loop", "on itself"), ("flat", "sections"), ("alone", "no preset none")):
        with pytest.raises(UserError, match=reason):
            use(name, [], presets=tmp_path, params=params)


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "- crawl",
        "crawl: 3",
        "base: paper\n? [a]\n: 3",
        "base: [paper]",
        "base: {paper: 1}",
        "base: evil",
        "crawl: {contact: 010}\n%YAML 1.1",
        "crawl: !!python/object:os.system {}",
        "crawl: {a: !!timestamp 2026-13-45}",
        "crawl: {<<: {a: 1}, a: !!set {x}, b: !!omap [a: 1]}",
        "\N{SNOWMAN}: \x85",
        "crawl: &a [*a]",
        b"crawl: \xff",
        b"\xff\xfec\x00:\x00",
        b"",
    ],
)
def test_a_hostile_preset_is_one_error_and_changes_nothing(
    text: str | bytes, tmp_path: Path, params: Path
) -> None:
    (tmp_path / "evil.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    shutil.copy(PRESETS / "paper.yaml", tmp_path)
    before = params.read_bytes()
    for settings in ([], ["crawl.contact=me@example.org"]):
        with pytest.raises(UserError) as error:
            use("evil", settings, presets=tmp_path, params=params)
        assert len(str(error.value)) < 2000
    assert params.read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_takes_the_place_of_params_yaml_as_it_is(name: str, params: Path) -> None:
    said = use(name, [], presets=PRESETS, params=params)
    assert params.read_bytes() == (PRESETS / f"{name}.yaml").read_bytes()
    assert said.startswith(f"{params} is now preset {name} (what it was is in params.before.yaml); next: ")
    assert "\n" not in said


@pytest.mark.parametrize("path", [*(PRESETS / f"{name}.yaml" for name in NAMES), REPOSITORY / "params.yaml"])
def test_a_setting_changes_its_line_alone_and_keeps_the_comments(path: Path) -> None:
    before = path.read_text()
    after = with_settings(before, {("crawl", "retries"): 7})
    changed = [
        (one, other)
        for one, other in zip(before.splitlines(), after.splitlines(), strict=True)
        if one != other
    ]
    assert [other for _, other in changed] == ["  retries: 7"]


def test_settings_are_read_as_yaml_and_checked_with_the_preset(params: Path) -> None:
    settings = ["train.total_kimg=0.5", "train.minibatch={4: 16, 8: 8}", 'crawl.shop_images="2024"']
    use("photos", settings, presets=PRESETS, params=params)
    loaded = load_params(params)
    assert (loaded.train.total_kimg, loaded.train.minibatch) == (0.5, {4: 16, 8: 8})
    assert loaded.crawl.shop_images == "2024"
    assert "a folder of images to serve" in params.read_text()


def test_one_text_may_hold_several_settings_and_a_value_blanks(params: Path) -> None:
    use(
        "photos",
        ['curate.styles=[flat, worn]  crawl.shop_images="Kim\'s tops" train.total_kimg=0.5'],
        presets=PRESETS,
        params=params,
    )
    loaded = load_params(params)
    assert list(loaded.curate.styles) == ["flat", "worn"]
    assert (loaded.crawl.shop_images, loaded.train.total_kimg) == ("Kim's tops", 0.5)


def test_the_demo_is_what_the_repository_begins_with() -> None:
    begun = ["git", "show", "HEAD:params.yaml"]
    there = subprocess.run(begun, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    demo = (PRESETS / "demo.yaml").read_text()
    if there.returncode or there.stdout.splitlines()[:3] != demo.splitlines()[:3]:
        pytest.skip("params.yaml is another preset here")
    assert demo == there.stdout, "a demo with other values needs another first line"


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        (
            "photo",
            [],
            r"no preset photo in .*: give one of demo, paper, .*photos$",
        ),
        ("../params", [], r"no preset \.\./params"),
        (
            "photos",
            ["train.total_kimgs=3.0"],
            r"train\.total_kimgs is not a parameter: did you mean train\.total_kimg",
        ),
        ("photos", ['crawl.shop_pictures="x"'], r"did you mean crawl\.shop_images\?"),
        ("photos", ["trains.seed=3"], r"trains is not a parameter: did you mean train\?"),
        ("photos", ["train.learning_rate_base=1e-3"], r"without quotes or exponent"),
        ("photos", ["train.seed"], r"--set train\.seed: give SECTION\.KEY=VALUE"),
        ("photos", ["seed=3"], r"--set seed=3: give SECTION\.KEY=VALUE"),
        ("photos", ["train.seed={"], r"--set train\.seed=\{: the value, line 1 is not YAML"),
        ("photos", ["curate.min_side=32"], r"min_side 32 is below resolution 64"),
    ],
)
def test_what_makes_no_parameters_is_refused_and_changes_nothing(
    name: str, settings: list[str], text: str, params: Path
) -> None:
    before = params.read_bytes()
    with pytest.raises(UserError, match=text):
        use(name, settings, presets=PRESETS, params=params)
    assert params.read_bytes() == before
    assert os.listdir(params.parent) == ["params.yaml"]  # noqa: PTH208


def test_the_former_file_is_kept_once_only_when_it_differs(params: Path) -> None:
    own = params.read_text().replace("seed: 0", "seed: 12345")
    params.write_text(own)
    use("photos", [], presets=PRESETS, params=params)
    kept = params.with_name("params.before.yaml")
    assert kept.read_text() == own
    said = use("photos", [], presets=PRESETS, params=params)
    assert "what it was" not in said
    assert kept.read_text() == own


def test_each_former_file_is_kept(params: Path) -> None:
    own = params.read_text()
    said = []
    for name in ("paper", "photos", "paper"):
        said.append(use(name, [], presets=PRESETS, params=params))
        params.write_text(own.replace("seed: 7", f"seed: {len(said)}"))
    assert [text.partition("(")[2].partition(")")[0] for text in said] == [
        "what it was is in params.before.yaml",
        "what it was is in params.before-2.yaml",
        "what it was is in params.before-3.yaml",
    ]
    assert params.with_name("params.before.yaml").read_text() == own
    assert "seed: 2" in params.with_name("params.before-3.yaml").read_text()


def test_a_file_that_is_no_params_file_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    for name in ("thesis.txt", "shopping.yaml"):
        (tmp_path / name).write_text("bread: 2")
        with pytest.raises(UserError, match=f"{name} is not a file that this command wrote: give another"):
            call("use", "paper", "--out", str(tmp_path / name))
        assert (tmp_path / name).read_text() == "bread: 2"


def test_the_next_step_is_what_is_still_missing(params: Path, tmp_path: Path) -> None:
    where = tmp_path / "images"
    missing = use("photos", [f"crawl.shop_images={where}"], presets=PRESETS, params=params)
    assert missing.endswith(f"next: make the folder {where} with your images, then dvc repro")
    where.mkdir()
    there = use("photos", [f"crawl.shop_images={where}"], presets=PRESETS, params=params)
    assert there.endswith("next: dvc repro")
    paper = use("paper", [], presets=PRESETS, params=params)
    assert "next: set crawl.contact in it, set API keys in the environment" in paper


def test_the_command_writes_params_yaml_of_the_working_directory(
    params: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "presets").symlink_to(PRESETS)
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)
    call("use", "paper", "--set", "crawl.contact=me@example.org", "--set", "train.seed=3")
    written = load_params(params)
    assert (written.curate.resolution, written.train.seed) == (512, 3)
    assert written.crawl.contact == "me@example.org"
    assert [record.getMessage().count("\n") for record in caplog.records] == [0]
    with pytest.raises(UserError, match="no preset papers in presets: give one of demo, paper"):
        call("use", "papers")


def test_the_papers_preset_keeps_the_snapshot_that_the_paper_measures() -> None:
    train = load_params(PRESETS / "paper.yaml").train
    assert 8200 % train.snapshot_kimg == 0
    assert train.total_kimg == 8861.8
    phase = phase_at(8_200_000, 512, 4, train)
    assert (phase.resolution, phase.minibatch, phase.learning_rate) == (512, 16, 0.002)


def test_the_papers_queries_reach_far_more_than_they_must() -> None:
    crawl = load_params(PRESETS / "paper.yaml").crawl
    vocabulary = yaml.safe_load((PRESETS.parent / crawl.vocabulary).read_text(encoding="utf-8"))
    words = sum(map(len, vocabulary["axes"].values()))
    queries = len(vocabulary["types"]) * (len(vocabulary["prefixes"]) + words)
    assert queries * 1000 >= 8 * crawl.max_products


@pytest.mark.slow
def test_the_installed_program_brings_its_presets(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(
        REPOSITORY,
        source,
        ignore=shutil.ignore_patterns(".*", "data", "models", "reports", "runs", "tests", "*.egg-info"),
    )
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
    ]
    subprocess.run([*pip, str(source)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    empty = tmp_path / "empty"
    empty.mkdir()

    def run(*words: str) -> str:
        ended = subprocess.run(
            [sys.executable, *words], cwd=empty, env=environment, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout + ended.stderr

    script = (
        "from fashion_pggan.params import preset; print(preset.__file__); "
        "preset.params_or_shipped(None, 'evaluate')"
    )
    assert run("-c", script).startswith(str(tmp_path / "installed"))
    assert "is now preset paper" in run(
        "-m", "fashion_pggan", "use", "paper", "--set", "crawl.contact=me@a.org"
    )
    assert "calls" in run("-m", "fashion_pggan", "crawl", "--dry-run")  # by the vocabulary
