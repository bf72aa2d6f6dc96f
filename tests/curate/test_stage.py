"""The stage as a whole: a folder of wild images becomes a dataset, or stays as it was."""

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from curate import stage
from curate.known.examine import examine
from curate.squares.levels import levels_in
from fashion_pggan.cores import usable_cores
from fashion_pggan.errors import UserError
from fashion_pggan.storage.proof.folder_mark import MARK
from fashion_pggan.storage.records import CuratedImage, read_records
from fashion_pggan.storage.shards import Dataset


def test_every_raw_image_has_a_row_with_its_outcome(made):
    rows = {row.file: row for row in read_records(made / "out/manifest.parquet", CuratedImage)}
    assert len(rows) == 16
    assert rows["small.png"].reason == "TOO_SMALL"
    assert (rows["small.png"].width, rows["small.png"].height) == (50, 50)
    copies = [rows["3.png"], rows["sub/copy.png"], rows["sub/same pixels.bmp"]]
    (kept,) = (row for row in copies if row.kept)
    assert all(row.duplicate_of == kept.sha256 for row in copies if not row.kept)


def test_the_outcomes_are_counted_for_the_command_and_for_dvc(made, wild, known, tmp_path, params, run):
    outcomes = run(wild, tmp_path / "out", params)
    assert outcomes == {"kept": 10, "DUPLICATE": 2, "EMPTY": 1, "NOT_IMAGE": 1, "TOO_SMALL": 1, "ASPECT": 1}
    facts = json.loads((made / "curate.json").read_text())
    assert (facts["images"], facts["kept"], facts["resolution"]) == (16, 10, 32)
    assert facts["dropped"] == {reason: count for reason, count in outcomes.items() if reason != "kept"}
    assert facts["version"] == Dataset(made / "out").version


def test_the_manifest_says_where_the_pixels_lie(made, wild, params):
    dataset = Dataset(made / "out")
    rows = [row for row in read_records(made / "out/manifest.parquet", CuratedImage) if row.kept]
    assert len(dataset) == len(rows) == 10
    assert [row.sha256 for row in rows] == sorted(row.sha256 for row in rows)
    for row in rows:
        levels = levels_in(examine(wild / row.file, params).levels, params.resolution)
        index = row.shard * params.shard_images + row.row
        for resolution, level in levels.items():
            np.testing.assert_array_equal(dataset.images([index], resolution)[0], level)
        assert (row.crop_left, row.crop_top, row.crop_side) == (15, 0, 90)


def test_the_square_around_the_garment_is_made_at_once_and_again(wild, tmp_path, params, run, tree):
    garment = params.model_copy(update={"crop": "garment"})
    run(wild, tmp_path / "out", garment, knowledge=tmp_path / "known")
    run(wild, tmp_path / "later", params, knowledge=tmp_path / "centre first")
    run(wild, tmp_path / "later", garment, knowledge=tmp_path / "centre first")
    assert tree(tmp_path / "later") == tree(tmp_path / "out")


def test_the_output_does_not_depend_on_workers_or_names(made, wild, tmp_path, params, run, tree):
    """The one test here with real processes, as the command starts them."""
    stage.run(wild, tmp_path / "out", params, workers=2, knowledge=tmp_path / "known")
    assert tree(tmp_path / "out") == tree(made / "out")
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for place, path in enumerate(sorted(wild.rglob("*"), reverse=True)):
        if path.is_file() and not path.name.startswith("."):
            shutil.copy(path, renamed / f"{place:03d}")
    run(renamed, tmp_path / "out", params)
    pixels = [
        {name: data for name, data in tree(folder).items() if "manifest" not in name and name != MARK}
        for folder in (tmp_path / "out", made / "out")
    ]
    assert pixels[0] == pixels[1]


def test_an_empty_folder_and_a_missing_one_are_one_clear_line(tmp_path, params, run):
    (tmp_path / "empty").mkdir()
    for name, says in (
        ("empty", r"no images in .*empty: give a folder that holds some, or run .* \(dvc repro crawl\)"),
        ("nowhere", r"no folder at .*nowhere: give a crawl's output or a folder of images"),
    ):
        with pytest.raises(UserError, match=f"^{says}$"):
            run(tmp_path / name, tmp_path / "out", params)


def test_when_nothing_is_left_the_error_says_why_and_what_to_change(
    made, wild, known, tmp_path, params, run, tree
):
    shutil.copytree(made / "out", tmp_path / "out")
    strict = params.model_copy(update={"min_side": 4000})
    with pytest.raises(UserError) as error:
        run(wild, tmp_path / "out", strict)
    assert str(error.value).startswith("all 16 images were dropped (TOO_SMALL 14,")
    assert str(error.value).endswith("lower curate.min_side, now 4000, in params.yaml or by --min-side")
    assert tree(tmp_path / "out") == tree(made / "out")


KILLED = """
import os, signal, sys
from pathlib import Path
from curate import stage
from fashion_pggan.params import CurateParams
stage.describe = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
source, target, known, params = sys.argv[1:]
params = CurateParams.model_validate_json(params)
stage.run(Path(source), Path(target), params, workers=1, knowledge=Path(known))
"""


def test_a_killed_run_leaves_the_old_set_and_the_next_one_completes(
    made, wild, known, tmp_path, params, run, tree
):
    """It is killed when the shards are written and the dataset is not yet complete."""
    fewer = tmp_path / "fewer"
    shutil.copytree(wild, fewer)
    (fewer / "9.png").unlink()
    run(fewer, tmp_path / "out", params)
    before = tree(tmp_path / "out")
    given = [str(wild), str(tmp_path / "out"), str(known), params.model_dump_json()]
    killed = subprocess.run([sys.executable, "-c", KILLED, *given], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert tree(tmp_path / "out") == before
    assert list(tmp_path.glob(".out.building/new/r0004/*.npy"))
    run(wild, tmp_path / "out", params)
    assert tree(tmp_path / "out") == tree(made / "out")
    assert not list(tmp_path.glob(".out.building"))


@pytest.mark.slow
def test_the_photographs_are_all_kept(shared, tmp_path, params):
    strict = params.model_copy(update={"min_side": 256, "resolution": 64, "shard_images": 1024})
    outcomes = stage.run(shared / "images/tops", tmp_path / "out", strict, knowledge=tmp_path / "known")
    assert outcomes == {"kept": 1500}


def test_every_image_has_its_facts_beside_the_manifest(made):
    facts = {row["sha256"]: row for row in pq.read_table(made / "out/measures.parquet").to_pylist()}
    rows = read_records(made / "out/manifest.parquet", CuratedImage)
    assert set(facts) == {row.sha256 for row in rows}
    for row in rows:
        assert (facts[row.sha256]["width"], facts[row.sha256]["style"]) == (row.width, row.style)
        assert (facts[row.sha256]["thumbnail"] is None) == (
            row.reason in ("EMPTY", "NOT_IMAGE", "TOO_SMALL", "ASPECT")
        )


def test_only_the_styles_asked_for_are_kept(wild, known, tmp_path, params, run):
    run(wild, tmp_path / "all", params.model_copy(update={"measure": "all"}))
    rows = [row for row in read_records(tmp_path / "all/manifest.parquet", CuratedImage) if row.kept]
    style = rows[0].style
    outcomes = run(wild, tmp_path / "out", params.model_copy(update={"styles": [style]}))
    assert outcomes["kept"] == sum(row.style == style for row in rows)


def test_nothing_but_a_dataset_is_replaced(wild, tmp_path, params, run, tree):
    raw = tmp_path / "docs/raw"
    shutil.copytree(wild, raw)
    (tmp_path / "docs/thesis.txt").write_text("years of work")
    (tmp_path / "file").touch()
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.json").write_text("{}")
    (tmp_path / "site/about.html").touch()
    before = tree(tmp_path)
    for target, knowledge, says in (
        (raw, tmp_path / "known", "overlap"),
        (raw / "out", tmp_path / "known", "overlap"),
        (tmp_path / "docs", tmp_path / "known", "overlap"),
        (tmp_path / "file", tmp_path / "known", "is a file: give a folder"),
        (tmp_path / "new", tmp_path / "new/known", "overlap"),
        (tmp_path / "site", tmp_path / "known", r"holds about\.html, which is not part of a dataset: move"),
    ):
        with pytest.raises(UserError, match=says):
            run(raw, target, params, knowledge=knowledge)
    assert tree(tmp_path) == before
    with pytest.raises(UserError, match="file is a file: give a folder of images"):
        run(tmp_path / "file", tmp_path / "new", params)
    with pytest.raises(UserError, match="file is a file: give --knowledge a folder"):
        run(raw, tmp_path / "new", params, knowledge=tmp_path / "file")


def test_a_dataset_is_replaced_unless_it_holds_more_or_nothing_says_who_wrote_it(
    made, wild, known, tmp_path, params, run
):
    shutil.copytree(made / "out", tmp_path / "out")
    run(wild, tmp_path / "out", params)
    assert (tmp_path / "out" / MARK).is_file()
    shutil.copytree(made / "out", tmp_path / "copy")
    (tmp_path / "copy" / MARK).unlink()
    with pytest.raises(UserError, match=r"copy holds datasheet\.md, which is not part of a dataset: move"):
        run(wild, tmp_path / "copy", params)
    (tmp_path / "out/notes.md").write_text("mine")
    with pytest.raises(UserError, match=r"holds notes\.md, which is not part of a dataset: move it away"):
        run(wild, tmp_path / "out", params)
    assert (tmp_path / "out/notes.md").read_text() == "mine"


def test_small_images_are_enlarged_when_asked_for(tmp_path, params, make_image, run):
    (tmp_path / "raw").mkdir()
    make_image(20, 24).save(tmp_path / "raw/small.png")
    asked = params.model_copy(update={"min_side": 16, "enlarge": True})
    assert run(tmp_path / "raw", tmp_path / "out", asked)["kept"] == 1
    assert Dataset(tmp_path / "out").images([0], 32).shape == (1, 32, 32, 3)


def test_a_classifier_of_ones_own_decides_what_is_kept_and_another_decides_anew(
    wild, known, tmp_path, params, run
):
    pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
    recipes = {}
    for style in ("worn", "several"):
        recipes[style] = tmp_path / f"{style}.yaml"
        constant_model(tmp_path / f"{style}.onnx")
        recipe = {"model": f"{style}.onnx", "side": 8, "crop": "squeeze", "mean": [0.0] * 3}
        recipe |= {"deviation": [1.0] * 3, "classes": [style, "other"]}
        recipes[style].write_text(yaml.safe_dump(recipe))
    for style, recipe in recipes.items():
        chosen = params.model_copy(update={"styles": [style], "classifier": str(recipe)})
        kept = run(wild, tmp_path / "out", chosen, report=tmp_path / "curate.json")["kept"]
        assert kept == run(wild, tmp_path / "all", params)["kept"]
        assert json.loads((tmp_path / "curate.json").read_text())["styles"] == {style: kept}
    with pytest.raises(
        UserError, match=r"no file .*none\.yaml: add it, or leave the parameter that names the recipe empty"
    ):
        run(wild, tmp_path / "out", params.model_copy(update={"classifier": str(tmp_path / "none.yaml")}))


def constant_model(path):
    """An ONNX model that is sure of its first class, whatever it sees."""
    import onnx

    value = onnx.helper.make_tensor_value_info
    constant = onnx.numpy_helper.from_array(np.array([[9.0, 0.0]], np.float32))
    node = onnx.helper.make_node("Constant", [], ["scores"], value=constant)
    graph = onnx.helper.make_graph(
        [node],
        "sure",
        [value("image", onnx.TensorProto.FLOAT, [1, 3, 8, 8])],
        [value("scores", onnx.TensorProto.FLOAT, [1, 2])],
    )
    onnx.save(
        onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), path
    )


@pytest.mark.parametrize(("count", "workers"), [(None, usable_cores()), (3, 3)])
def test_there_is_a_process_per_core_unless_a_number_is_given(params, count, workers):
    assert stage.workers_of(params, count).keywords == {"workers": workers}
