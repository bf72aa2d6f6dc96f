"""Exports are loaded with the libraries for which they are written."""

import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate import export
from curate.copies.splits import Splits
from curate.exported_facts import exported_facts
from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.images.writing import SPLIT_NAMES, Format, ImageFormat
from fashion_pggan.storage.records import CuratedImage, read_records, write_records
from fashion_pggan.storage.shards import Dataset

REPOSITORY = Path(__file__).parents[2]
IMAGES = 10
MEASURED = {
    *(
        "phash",
        "pixels_hash",
        "box_left",
        "box_width",
        "jpeg_quality",
        "deviation",
        "style_flat",
        "style_worn",
    ),
    *("format", "size", "group", "copies", "copy_kinds", "copy_bits", "split"),
}


def _expected(curated):
    """(row of the manifest, its largest image), split by split and in the manifest's order."""
    rows = read_records(curated / "manifest.parquet", CuratedImage)
    facts = exported_facts(curated, rows, None, "").facts
    kept = [row for row in rows if row.kept]
    both = list(zip(kept, Dataset(curated).images(range(IMAGES), 32), strict=True))
    return sorted(both, key=lambda pair: SPLIT_NAMES.index(facts[pair[0].sha256]["split"]))


def _all(loaded):
    """The rows of all splits that Hugging Face loads, one split after the other."""
    assert [*loaded] == [split for split in SPLIT_NAMES if split in loaded]
    return [row for split in loaded.values() for row in split]


@pytest.mark.parametrize("form", [Format.IMAGEFOLDER, Format.PARQUET])
@pytest.mark.parametrize("image_format", [ImageFormat.PNG, ImageFormat.WEBP])
def test_hugging_face_loads_the_same_pixels_and_their_provenance(
    curated, tmp_path, hugging_face, form, image_format
):
    assert export.run(curated, tmp_path / "out", form, image_format=image_format, shard_images=4) == 10
    splits = hugging_face.load_dataset(str(tmp_path / "out"))
    loaded = splits["train"]
    assert isinstance(loaded.features["image"], hugging_face.Image)
    manifest = [
        *("image", "sha256", "file", "style", "width", "height", "crop_left", "crop_top", "crop_side"),
        *("url", "title", "query"),
    ]
    assert loaded.column_names[: len(manifest)] == manifest
    assert {*MEASURED, "label", "licence"} <= set(loaded.column_names)
    for (row, pixels), one in zip(_expected(curated), _all(splits), strict=True):
        np.testing.assert_array_equal(np.asarray(one["image"]), pixels)
        assert {name: one[name] for name in manifest[1:]} == {
            name: getattr(row, name) for name in manifest[1:]
        }


def test_hugging_face_loads_the_parquet_files_by_the_name_of_their_loader(curated, tmp_path, hugging_face):
    export.run(curated, tmp_path / "out", Format.PARQUET)
    files = str(tmp_path / "out/data/*.parquet")
    loaded = hugging_face.load_dataset("parquet", data_files=files, split="train")
    assert loaded[3]["image"].size == (32, 32)


def test_hugging_face_loads_the_tar_files_too(curated, tmp_path, hugging_face):
    export.run(curated, tmp_path / "out", Format.WEBDATASET, shard_images=4)
    loaded = hugging_face.load_dataset(str(tmp_path / "out"))
    assert loaded["train"].features["json"]["copy_bits"] == hugging_face.Value("int64")
    for (row, pixels), one in zip(_expected(curated), _all(loaded), strict=True):
        np.testing.assert_array_equal(np.asarray(one["png"]), pixels)
        assert (one["__key__"], one["json"]["title"]) == (row.sha256, row.title)


def _samples(shards, suffix):
    """What webdataset reads; it leaves its files open, which is an error in our tests."""
    import webdataset

    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        samples = list(
            webdataset.WebDataset(shards, shardshuffle=False)
            .decode("rgb8")
            .to_tuple("__key__", suffix, "json")
        )
        gc.collect()
    return samples


@pytest.mark.parametrize(("image_format", "suffix"), [("png", "png"), ("webp", "webp"), ("jpeg", "jpg")])
def test_webdataset_loads_the_tar_files(curated, tmp_path, image_format, suffix):
    form = ImageFormat(image_format)
    export.run(curated, tmp_path / "out", Format.WEBDATASET, image_format=form, shard_images=4)
    shards = [
        str(path) for split in SPLIT_NAMES for path in sorted((tmp_path / "out").glob(f"{split}-*.tar"))
    ]
    loaded = _samples(shards, suffix)
    for (row, pixels), (key, image, facts) in zip(_expected(curated), loaded, strict=True):
        assert key == row.sha256
        assert facts.items() >= row.model_dump(exclude=set(export.DECISIONS)).items()
        assert facts.keys() >= MEASURED
        distance = np.abs(image.astype(int) - pixels).mean()
        assert distance <= (2 if suffix == "jpg" else 0)


@pytest.mark.parametrize("form", list(Format))
def test_an_export_made_again_is_the_same_byte_by_byte(curated, tmp_path, form, tree):
    for name in ("a", "b", "a"):
        export.run(curated, tmp_path / name, form, shard_images=3)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert (tmp_path / "a/README.md").read_text().startswith('---\npretty_name: "dataset ')
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_level_may_be_chosen(curated, tmp_path):
    export.run(curated, tmp_path / "out", Format.IMAGEFOLDER, level=8)
    rows = map(json.loads, (tmp_path / "out/train/metadata.jsonl").read_text().splitlines())
    names = {row["sha256"]: row["file_name"] for row in rows}
    row = next(row for row, _ in _expected(curated) if row.sha256 in names)
    with Image.open(tmp_path / "out/train" / names[row.sha256]) as image:
        index = Dataset(curated).starts[row.shard] + row.row
        np.testing.assert_array_equal(np.asarray(image), Dataset(curated).images([index], 8)[0])
    with pytest.raises(UserError, match=r"no level of 48 px in .*: give one of 4, 8, 16, 32$"):
        export.run(curated, tmp_path / "other", Format.IMAGEFOLDER, level=48)


def test_tar_files_hold_the_stated_number_of_images_and_no_times(curated, tmp_path):
    export.run(curated, tmp_path / "out", Format.WEBDATASET, shard_images=4, splits=Splits(0.0, 0.0))
    counts = []
    for path in sorted((tmp_path / "out").glob("*.tar")):
        with tarfile.open(path) as tar:
            members = tar.getmembers()
        counts.append(len(members) // 2)
        assert {(member.mtime, member.uid, member.uname) for member in members} == {(0, 0, "")}
    assert counts == [4, 4, 2]


def test_what_is_no_export_is_never_replaced(curated, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/thesis.txt").touch()
    (tmp_path / "file").touch()
    for target, says in (
        (
            tmp_path / "precious",
            r"holds thesis\.txt, which is not part of an export: move it away, or give another",
        ),
        (curated, "overlap"),
        (curated / "inner", "lies in .*, which is replaced as a whole"),
        (tmp_path / "file", "is a file: give a folder"),
    ):
        with pytest.raises(UserError, match=says):
            export.run(curated, target, Format.PARQUET)
    assert (tmp_path / "precious/thesis.txt").exists()


def test_a_manifest_of_another_dataset_is_an_error_and_leaves_nothing(curated, tmp_path):
    shutil.copytree(curated, tmp_path / "data")
    rows = read_records(curated / "manifest.parquet", CuratedImage)
    write_records(tmp_path / "data/manifest.parquet", rows[:4], CuratedImage)
    with pytest.raises(UserError, match=r"manifest\.parquet is not the file that was written with"):
        export.run(tmp_path / "data", tmp_path / "out", Format.WEBDATASET)
    (tmp_path / "data/.fashion-pggan.json").unlink()  # as a former version left it
    with pytest.raises(UserError, match=r"manifest\.parquet has \d images, the index 10: run dvc repro"):
        export.run(tmp_path / "data", tmp_path / "out", Format.WEBDATASET)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_export_is_a_first_word_of_the_command(curated, tmp_path, caplog):
    caplog.set_level("INFO")
    call("curate", "export", str(curated), str(tmp_path / "out"), "--format", "parquet")
    assert caplog.messages[-1] == f"{tmp_path / 'out'}: 10 images"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--format", "parquet", "--level", "7"], "no level of 7 px"),
        (["--format", "parquet", "--shard-images", "0"], "--shard-images 0: give 1 or more"),
        (["--format", "zip"], "--format zip: give imagefolder, webdataset or parquet"),
        ([], "--format is missing"),
    ],
)
def test_a_wrong_export_is_one_line(curated, tmp_path, more, says):
    with pytest.raises(UserError, match=says):
        call("curate", "export", str(curated), str(tmp_path / "out"), *more)


def test_an_export_needs_no_more_memory_for_more_images(curated, monkeypatch, tmp_path):
    held = []
    images = Dataset.images

    def counted(dataset, indices, resolution):
        held.append(len(indices))
        return images(dataset, indices, resolution)

    monkeypatch.setattr(Dataset, "images", counted)
    monkeypatch.setattr(export, "BATCH", 3)
    export.run(curated, tmp_path / "out", Format.WEBDATASET, splits=Splits(0.0, 0.0))
    assert held == [3, 3, 3, 1]


def test_every_line_of_the_page_runs(curated, tmp_path, hugging_face, monkeypatch, capsys):
    """The commands and the snippets of docs/how-to/load-and-export.md, in their order."""
    (tmp_path / "data").mkdir()
    shutil.copytree(curated, tmp_path / "data/curated")
    page = (REPOSITORY / "docs/how-to/load-and-export.md").read_text()
    commands = re.findall(r"^    fashion-pggan (curate export .*)$", page, re.MULTILINE)
    snippets = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert (len(commands), len(snippets)) == (3, 5)
    command = [sys.executable, "-m", *commands[0].split()]
    subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, check=True)
    monkeypatch.chdir(tmp_path)
    for line in commands[1:]:
        call(*line.split())
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):  # webdataset leaves files open
        exec("\n".join(snippets), {})
        gc.collect()
    assert capsys.readouterr().out.count("(32, 32)") == 2
