import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from curate import stage
from curate.facts.row import row_of
from curate.known import examine as examine_module
from curate.known.examine import examine_all
from curate.reasons import Reason
from curate.squares.levels import levels_in
from curate.workers.local import locally
from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.records import CuratedImage, RawImage, read_records, write_records
from fashion_pggan.storage.shards import Dataset
from fashion_pggan.storage.targets import MARK

REPOSITORY = Path(__file__).parents[2]


def run(source, target, params, **more):
    """The stage, with a store of knowledge beside the dataset unless another is given."""
    return stage.run(source, target, params, **{"knowledge": target.parent / "known", **more})


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_image, encode):
    """Ten usable images, one of them twice by bytes and once more by pixels, and four to drop."""
    folder = tmp_path_factory.mktemp("wild")
    for seed in range(10):
        (folder / f"{seed}.png").write_bytes(encode(make_image(seed=seed), "PNG"))
    (folder / "sub").mkdir()
    shutil.copy(folder / "3.png", folder / "sub/copy.png")
    (folder / "sub/same pixels.bmp").write_bytes(encode(make_image(seed=3), "BMP"))
    (folder / "empty.jpg").touch()
    (folder / "page.jpg").write_bytes(b"<html></html>")
    (folder / "small.png").write_bytes(encode(make_image(50, 50, seed=99), "PNG"))
    (folder / "wide.png").write_bytes(encode(make_image(300, 70, seed=98), "PNG"))
    (folder / ".hidden.png").write_bytes(encode(make_image(seed=77), "PNG"))
    return folder


def _tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_raw_image_has_a_row_with_its_outcome(folder, tmp_path, params):
    outcomes = run(folder, tmp_path / "out", params, report=tmp_path / "curate.json", workers=2)
    assert outcomes == {"kept": 10, "DUPLICATE": 2, "EMPTY": 1, "NOT_IMAGE": 1, "TOO_SMALL": 1, "ASPECT": 1}
    rows = {row.file: row for row in read_records(tmp_path / "out/manifest.parquet", CuratedImage)}
    assert len(rows) == 16
    assert rows["small.png"].reason == "TOO_SMALL"
    assert (rows["small.png"].width, rows["small.png"].height) == (50, 50)
    copies = [rows["3.png"], rows["sub/copy.png"], rows["sub/same pixels.bmp"]]
    (kept,) = (row for row in copies if row.kept)
    assert all(row.duplicate_of == kept.sha256 for row in copies if not row.kept)
    facts = json.loads((tmp_path / "curate.json").read_text())
    assert (facts["images"], facts["kept"], facts["resolution"]) == (16, 10, 32)
    assert facts["version"] == Dataset(tmp_path / "out").version


def test_the_manifest_says_where_the_pixels_lie(folder, tmp_path, params):
    run(folder, tmp_path / "out", params, workers=1)
    dataset = Dataset(tmp_path / "out")
    rows = [row for row in read_records(tmp_path / "out/manifest.parquet", CuratedImage) if row.kept]
    assert len(dataset) == len(rows) == 10
    assert [row.sha256 for row in rows] == sorted(row.sha256 for row in rows)
    for row in rows:
        levels = levels_in(examine_module.examine(folder / row.file, params).levels, params.resolution)
        index = row.shard * params.shard_images + row.row
        for resolution, level in levels.items():
            np.testing.assert_array_equal(dataset.images([index], resolution)[0], level)
        assert (row.crop_left, row.crop_top, row.crop_side) == (15, 0, 90)


def test_the_output_does_not_depend_on_workers_or_names(folder, tmp_path, params):
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for place, path in enumerate(sorted(folder.rglob("*.png"), reverse=True)):
        if not path.name.startswith("."):
            shutil.copy(path, renamed / f"{place:03d}")
    plain = tmp_path / "plain"
    shutil.copytree(
        folder,
        plain,
        ignore=lambda _, names: [name for name in names if not name.endswith("png") and name != "sub"],
    )
    for source, target, workers in ((plain, "a", 1), (plain, "b", 3), (renamed, "c", 2)):
        run(source, tmp_path / target, params, workers=workers)
    trees = [_tree(tmp_path / name) for name in "abc"]
    assert trees[0] == trees[1]
    pixels = [{name: data for name, data in tree.items() if "manifest" not in name} for tree in trees]
    assert pixels[0] == pixels[2]


def test_a_crawls_records_give_the_provenance(folder, tmp_path, params):
    source = tmp_path / "raw"
    (source / "images").mkdir(parents=True)
    records = []
    for place, name in enumerate(["1.png", "2.png", "1.png"]):
        shutil.copy(folder / name, source / "images" / name)
        records.append(
            RawImage(
                sha256=sha256_of(folder / name),
                file=f"images/{name}",
                url=f"http://shop/{place}",
                title="티셔츠",
                query="남자 반팔티",
                provider="demo",
                rank=place + 1,
                declared_width=None,
                declared_height=None,
                crawled_at="2026-11-23T00:00:00+00:00",
                content_type="image/png",
                size=1,
            )
        )
    write_records(source / "records.parquet", records, RawImage)
    outcomes = run(source, tmp_path / "out", params, workers=1)
    assert outcomes == {"kept": 2, "DUPLICATE": 1}
    rows = read_records(tmp_path / "out/manifest.parquet", CuratedImage)
    assert {row.url for row in rows} == {"http://shop/0", "http://shop/1", "http://shop/2"}
    assert {row.query for row in rows} == {"남자 반팔티"}
    (source / "images/2.png").unlink()
    with pytest.raises(UserError, match=r"1 images of .* are missing, the first is images/2\.png"):
        run(source, tmp_path / "out", params, workers=1)


@pytest.mark.parametrize("deadly", [0, 4, 11])
def test_the_death_of_a_worker_loses_its_image_alone(folder, tmp_path, params, deadly):
    """A named pipe without a writer blocks its reader until the time limit ends the worker."""
    paths = [folder / f"{seed}.png" for seed in range(10)] * 2
    stuck = tmp_path / "stuck.png"
    os.mkfifo(stuck)
    paths.insert(deadly, stuck)
    results = list(examine_all(paths, params, locally(2), limit_s=2))
    assert len(results) == 21
    assert results[deadly].facts["failure"] == Reason.DECODER_DIED
    assert results[deadly].levels is None
    assert all(result.levels is not None for place, result in enumerate(results) if place != deadly)


def test_an_empty_folder_and_a_missing_one_are_one_clear_line(tmp_path, params):
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(
            UserError, match=r"no images in .*: run the crawl stage first \(dvc repro crawl\)"
        ):
            run(source, tmp_path / "out", params)


def test_when_nothing_is_left_the_error_says_why_and_what_to_change(folder, tmp_path, params):
    run(folder, tmp_path / "out", params, workers=1)
    before = _tree(tmp_path / "out")
    strict = params.model_copy(update={"min_side": 4000})
    with pytest.raises(UserError) as error:
        run(folder, tmp_path / "out", strict, workers=1)
    assert str(error.value).startswith("all 16 images were dropped (TOO_SMALL 14,")
    assert str(error.value).endswith("lower curate.min_side in params.yaml, now 4000")
    assert _tree(tmp_path / "out") == before


def _command(tmp_path, folder, *more):
    values = load_params(REPOSITORY / "presets" / "photos.yaml").model_dump()
    values["curate"] |= {"resolution": 32, "min_side": 64, "shard_images": 4}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    paths = [str(folder), str(tmp_path / "out"), "--params", str(tmp_path / "params.yaml")]
    paths += ["--knowledge", str(tmp_path / "known")]
    return [sys.executable, "-m", "curate", *paths, *more]


def _limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_full_disk_is_one_clear_line_and_loses_nothing(folder, tmp_path):
    """A limit on the size of files stands for the disk: writing fails in the same place."""
    command = _command(tmp_path, folder, "--workers", "1")
    subprocess.run(command, cwd=REPOSITORY, check=True, timeout=60)
    before = _tree(tmp_path / "out")
    full = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, preexec_fn=_limit_files
    )
    assert full.returncode == 1
    assert full.stderr.strip().splitlines()[-1].startswith("error: cannot write: File too large")
    assert "Traceback" not in full.stderr
    assert _tree(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    subprocess.run(command, cwd=REPOSITORY, check=True, timeout=60)


def test_a_killed_run_leaves_the_old_set_and_the_next_one_completes(tmp_path, make_image, encode):
    wild = tmp_path / "wild"
    wild.mkdir()
    for seed in range(150):
        (wild / f"{seed}.png").write_bytes(encode(make_image(400, 400, seed=seed), "PNG"))
    command = _command(tmp_path, wild)
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and not list(tmp_path.glob(".out.building-*/r0004/*.npy")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".out.building-*"))
    subprocess.run(command, cwd=REPOSITORY, check=True, timeout=120)
    assert len(Dataset(tmp_path / "out")) == 150
    assert not list(tmp_path.glob(".out.building-*"))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--workers", "0"], "--workers 0: give 1 or more"),
        (["--params", "no.yaml"], "no parameters at no.yaml"),
    ],
)
def test_bad_arguments_are_one_clear_line(folder, tmp_path, more, says):
    with pytest.raises(UserError) as caught:
        call(*_command(tmp_path, folder, *more)[2:])
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_photographs_are_all_kept(shared, tmp_path, params):
    strict = params.model_copy(update={"min_side": 256, "resolution": 64, "shard_images": 1024})
    outcomes = run(shared / "images/tops", tmp_path / "out", strict)
    assert outcomes == {"kept": 1500}


def _report(tmp_path):
    return json.loads((tmp_path / "curate.json").read_text())


def test_what_is_known_is_not_decoded_again_and_the_result_is_the_same(folder, tmp_path, params):
    run(folder, tmp_path / "out", params, workers=2, report=tmp_path / "curate.json")
    assert _report(tmp_path)["decoded"] == 15  # every file's bytes once
    before = _tree(tmp_path / "out")
    run(folder, tmp_path / "out", params, workers=1, report=tmp_path / "curate.json")
    assert _report(tmp_path)["decoded"] == 0
    assert _tree(tmp_path / "out") == before


def test_a_new_image_costs_one_decode_and_gives_what_a_fresh_run_gives(
    folder, tmp_path, params, make_image, encode
):
    wild = tmp_path / "wild"
    shutil.copytree(folder, wild)
    run(wild, tmp_path / "out", params, workers=1)
    (wild / "new.png").write_bytes(encode(make_image(seed=123), "PNG"))
    run(wild, tmp_path / "out", params, workers=1, report=tmp_path / "curate.json")
    assert _report(tmp_path)["decoded"] == 1
    run(wild, tmp_path / "fresh", params, workers=2, knowledge=tmp_path / "nothing known")
    assert _tree(tmp_path / "out") == _tree(tmp_path / "fresh")


def test_another_threshold_decodes_only_what_is_newly_kept(folder, tmp_path, params):
    report = tmp_path / "curate.json"
    strict = params.model_copy(update={"min_side": 64, "max_aspect": 2.5})
    run(folder, tmp_path / "out", strict, workers=1)
    kind = params.model_copy(update={"max_aspect": 5.0})
    outcomes = run(folder, tmp_path / "out", kind, workers=1, report=report)
    assert (outcomes["kept"], outcomes["ASPECT"], _report(tmp_path)["decoded"]) == (11, 0, 1)
    run(folder, tmp_path / "out", strict, workers=1, report=report)
    assert _report(tmp_path)["decoded"] == 0


def test_an_image_that_was_too_large_is_decoded_once_it_may_be(folder, tmp_path, params):
    small = params.model_copy(update={"max_pixels": 120 * 90 - 1})
    with pytest.raises(
        UserError, match=r"TOO_MANY_PIXELS 13.*raise curate\.max_pixels in params\.yaml, now 10799"
    ):
        run(folder, tmp_path / "out", small, workers=1)
    assert run(folder, tmp_path / "out", params, workers=1)["kept"] == 10


def test_every_image_has_its_facts_beside_the_manifest(folder, tmp_path, params):
    run(folder, tmp_path / "out", params, workers=1)
    facts = {row["sha256"]: row for row in pq.read_table(tmp_path / "out/measures.parquet").to_pylist()}
    rows = read_records(tmp_path / "out/manifest.parquet", CuratedImage)
    assert set(facts) == {row.sha256 for row in rows}
    for row in rows:
        assert (facts[row.sha256]["width"], facts[row.sha256]["style"]) == (row.width, row.style)
        assert (facts[row.sha256]["thumbnail"] is None) == (row.reason in ("EMPTY", "NOT_IMAGE"))


def test_only_the_styles_asked_for_are_kept(folder, tmp_path, params):
    run(folder, tmp_path / "out", params, workers=1)
    rows = [row for row in read_records(tmp_path / "out/manifest.parquet", CuratedImage) if row.kept]
    style = rows[0].style
    chosen = params.model_copy(update={"styles": [style]})
    outcomes = run(folder, tmp_path / "out", chosen, workers=1)
    assert outcomes["kept"] == sum(row.style == style for row in rows)


def test_nothing_but_a_dataset_is_replaced(folder, tmp_path, params):
    raw = tmp_path / "docs/raw"
    shutil.copytree(folder, raw)
    (tmp_path / "docs/thesis.txt").write_text("years of work")
    (tmp_path / "file").touch()
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.json").write_text("{}")
    (tmp_path / "site/about.html").touch()
    before = _tree(tmp_path)
    for target, knowledge, says in (
        (raw, tmp_path / "known", "lie in each other"),
        (raw / "out", tmp_path / "known", "lie in each other"),
        (tmp_path / "docs", tmp_path / "known", "lie in each other"),
        (tmp_path / "file", tmp_path / "known", "is a file: give a folder"),
        (tmp_path / "new", tmp_path / "new/known", "lie in each other"),
        (tmp_path / "site", tmp_path / "known", r"holds about\.html, which is no part of a dataset: move"),
    ):
        with pytest.raises(UserError, match=says):
            run(raw, target, params, knowledge=knowledge)
    assert _tree(tmp_path) == before
    with pytest.raises(UserError, match="file is a file: give a folder of images"):
        run(tmp_path / "file", tmp_path / "new", params)


def test_a_dataset_of_before_there_were_marks_is_replaced_unless_it_holds_more(folder, tmp_path, params):
    run(folder, tmp_path / "out", params, workers=1)
    (tmp_path / "out" / MARK).unlink()
    run(folder, tmp_path / "out", params, workers=1)
    assert (tmp_path / "out" / MARK).is_file()
    (tmp_path / "out" / MARK).unlink()
    (tmp_path / "out/notes.md").write_text("mine")
    with pytest.raises(UserError, match=r"holds notes\.md, which is no part of a dataset: move it away"):
        run(folder, tmp_path / "out", params, workers=1)
    assert (tmp_path / "out/notes.md").read_text() == "mine"


def test_a_name_that_is_no_utf8_is_a_name_like_any_other(tmp_path, params, make_image, encode):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / os.fsdecode(b"caf\xe9.png")).write_bytes(encode(make_image(seed=1), "PNG"))
    (raw / os.fsdecode(b"page\xe9.png")).write_bytes(b"<html>")
    assert run(raw, tmp_path / "out", params, workers=1) == {"kept": 1, "NOT_IMAGE": 1}
    rows = read_records(tmp_path / "out/manifest.parquet", CuratedImage)
    assert {row.file for row in rows} == {"caf\\udce9.png", "page\\udce9.png"}


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path, params):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/secret.png").touch(mode=0)
    with pytest.raises(UserError, match=r"cannot read .*secret\.png \(Permission denied\)"):
        run(tmp_path / "raw", tmp_path / "out", params)


def test_an_image_that_changed_since_it_was_looked_at_is_named(tmp_path, params, make_image, encode):
    data = encode(make_image(seed=1), "PNG")
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "1.png").write_bytes(data)
    record = RawImage(
        **dict.fromkeys(("url", "title", "query", "provider", "crawled_at", "content_type"), ""),
        **dict.fromkeys(("declared_width", "declared_height")),
        sha256=hashlib.sha256(data).hexdigest(),
        file="1.png",
        rank=1,
        size=len(data),
    )
    write_records(raw / "records.parquet", [record], RawImage)
    assert run(raw, tmp_path / "out", params, workers=1) == {"kept": 1}
    (raw / "1.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match=r"1\.png could be decoded before, but not now: it has changed"):
        run(raw, tmp_path / "out", params.model_copy(update={"resolution": 16}), workers=1)


def test_an_image_that_is_not_what_its_record_says_is_named(tmp_path, params, make_image, encode):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "1.png").write_bytes(encode(make_image(seed=1), "PNG"))
    record = RawImage(
        **dict.fromkeys(("url", "title", "query", "provider", "crawled_at", "content_type"), ""),
        **dict.fromkeys(("declared_width", "declared_height")),
        sha256="0" * 64,
        file="1.png",
        rank=1,
        size=1,
    )
    write_records(raw / "records.parquet", [record], RawImage)
    with pytest.raises(UserError, match=r"1\.png is not what its record says, by its SHA-256"):
        run(raw, tmp_path / "out", params, workers=1)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file is a file: give a folder for what is known"):
        run(raw, tmp_path / "out", params, knowledge=tmp_path / "file")


def test_what_took_a_worker_down_is_tried_again(folder, tmp_path, params, monkeypatch):
    died = examine_module.Examined(row_of(1, Reason.DECODER_DIED, None))
    with monkeypatch.context() as patched:
        patched.setattr("curate.known.known.examine_all", lambda paths, params, each: [died for _ in paths])
        with pytest.raises(UserError, match="DECODER_DIED"):
            run(folder, tmp_path / "out", params, workers=1)
    assert run(folder, tmp_path / "out", params, workers=1)["kept"] == 10


@pytest.mark.parametrize("pattern", ["levels-*/*.npy", "levels-*/*.json", "facts-*/copies-*.npz"])
def test_any_damage_in_what_is_known_is_noticed(folder, tmp_path, params, pattern):
    run(folder, tmp_path / "out", params, workers=1)
    before = _tree(tmp_path / "out")
    damaged = min((tmp_path / "known").glob(pattern))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    damaged.write_bytes(data)
    with pytest.raises(UserError, match=f"{damaged.name} cannot be read .*run again"):
        run(folder, tmp_path / "out", params, workers=1)
    assert _tree(tmp_path / "out") == before


def test_small_images_are_enlarged_when_asked_for(tmp_path, params, make_image, encode):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/small.png").write_bytes(encode(make_image(20, 24), "PNG"))
    asked = params.model_copy(update={"min_side": 16, "enlarge": True})
    assert run(tmp_path / "raw", tmp_path / "out", asked, workers=1)["kept"] == 1
    assert Dataset(tmp_path / "out").images([0], 32).shape == (1, 32, 32, 3)


def test_a_classifier_of_ones_own_decides_what_is_kept_and_another_decides_anew(folder, tmp_path, params):
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
        kept = run(folder, tmp_path / "out", chosen, workers=2, report=tmp_path / "curate.json")["kept"]
        assert kept == run(folder, tmp_path / "all", params, workers=2)["kept"]
        assert _report(tmp_path)["styles"] == {style: kept}
    with pytest.raises(UserError, match=r"no .*none\.yaml: curate\.classifier"):
        run(folder, tmp_path / "out", params.model_copy(update={"classifier": str(tmp_path / "none.yaml")}))


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


def test_a_damaged_store_is_named(folder, tmp_path, params):
    run(folder, tmp_path / "out", params, workers=1)
    (part,) = (tmp_path / "known").glob("facts-*/*.parquet")
    part.write_bytes(b"PAR1 damaged")
    with pytest.raises(UserError, match=f"{part.name} cannot be read .*: delete it and run again"):
        run(folder, tmp_path / "out", params, workers=1)
    part.unlink()
    assert run(folder, tmp_path / "out", params, workers=1)["kept"] == 10


@pytest.fixture
def raw_with_links(tmp_path, make_image, encode):
    """Raw images of one record that names `file`: beside links to an image outside and to its folder."""
    raw = tmp_path / "raw"
    raw.mkdir()
    data = encode(make_image(seed=1), "PNG")
    (tmp_path / "1.png").write_bytes(data)
    (raw / "linked").symlink_to(tmp_path)
    (raw / "link.png").symlink_to(tmp_path / "1.png")
    return lambda file: _write_record(raw, data, file)


def _write_record(raw, data, file):
    record = RawImage(
        **dict.fromkeys(("title", "query", "provider", "crawled_at", "content_type"), ""),
        **dict.fromkeys(("declared_width", "declared_height")),
        url="http://evil/1",
        sha256=hashlib.sha256(data).hexdigest(),
        file=file,
        rank=1,
        size=len(data),
    )
    write_records(raw / "records.parquet", [record], RawImage)
    return raw


@pytest.mark.parametrize("file", ["../1.png", "ABSOLUTE", "linked/1.png"])
def test_a_record_that_leads_out_of_the_raw_images_is_refused(tmp_path, params, raw_with_links, file):
    raw = raw_with_links(str(tmp_path / "1.png") if file == "ABSOLUTE" else file)
    with pytest.raises(UserError, match=r"the record of 'http://evil/1' in .*raw has the file '"):
        run(raw, tmp_path / "out", params, workers=1)
    assert not (tmp_path / "out").exists()


def test_raw_images_may_be_links_as_dvc_makes_them(tmp_path, params, raw_with_links):
    assert run(raw_with_links("link.png"), tmp_path / "out", params, workers=1) == {"kept": 1}
