"""Sets of images as people have them: datasets, what the program wrote, folders of any kind."""

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import curate.export
from evaluate.sets.sources import of_dataset, of_path, shown, shuffled
from fashion_pggan.errors import UserError
from fashion_pggan.images.writing import Format
from fashion_pggan.storage.records import CuratedImage, write_records

REPOSITORY = Path(__file__).parents[3]


FORMS = ("imagefolder", "webdataset", "parquet")


@pytest.fixture(scope="module")
def exported(tmp_path_factory, write_dataset, make_images):
    """A dataset of 12 images and its exports, in files of 5."""
    folder = tmp_path_factory.mktemp("exported")
    images = make_images(12, 32, 4)
    dataset = write_dataset(folder / "curated", images)
    rows = [
        CuratedImage.model_construct(
            **dict.fromkeys(CuratedImage.model_fields, ""),
        ).model_copy(
            update={
                "duplicate_bits": None,
                "sha256": f"{index:064x}",
                "kept": True,
                "shard": 0,
                "row": index,
                **dict.fromkeys(("width", "height", "crop_left", "crop_top", "crop_side"), 32),
            }
        )
        for index in range(12)
    ]
    write_records(folder / "curated/manifest.parquet", rows, CuratedImage)
    for form in FORMS:
        curate.export.run(dataset.folder, folder / form, Format(form), shard_images=5)
    return folder


def images_of(path, tmp_path, seed=3):
    found = of_path(path, "reals", seed, tmp_path / "store")
    parts = [found.read(range(start, min(start + 5, found.count))) for start in range(0, found.count, 5)]
    return np.concatenate(parts)


def test_what_the_generator_wrote_is_the_same_images_in_every_form_and_no_contact_sheet(generated, tmp_path):
    first, *others = (images_of(generated / form, tmp_path) for form in FORMS)
    assert first.shape == (12, 32, 32, 3)
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_an_export_is_the_images_of_its_dataset_in_every_form(exported, tmp_path):
    expected = {image.tobytes() for image in images_of(exported / "curated", tmp_path)}
    first, *others = (images_of(exported / form, tmp_path) for form in FORMS)
    assert {image.tobytes() for image in first} == expected
    for other in others:  # an export is ordered by split
        np.testing.assert_array_equal(other, first)


def test_a_folder_without_a_mark_is_known_by_its_manifest_or_its_files(generated, tmp_path):
    for form in FORMS:
        (tmp_path / form).symlink_to(generated / form)
        copy = tmp_path / "copies" / form
        copy.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", generated / form, copy], check=True)
        for name in ("generated.json", ".fashion-pggan.json"):
            (copy / name).unlink()
        np.testing.assert_array_equal(images_of(copy, tmp_path), images_of(generated / form, tmp_path))


def test_an_image_that_the_manifest_lists_and_that_is_not_there_is_named(generated, tmp_path):
    subprocess.run(["cp", "-r", generated / "imagefolder", tmp_path / "out"], check=True)
    (tmp_path / "out/images/00000/seed1_00000003.png").unlink()
    with pytest.raises(UserError, match=r"seed1_00000003\.png is missing, the folder's mark lists it"):
        images_of(tmp_path / "out", tmp_path)


@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_files_that_are_cut_off_or_fewer_than_the_manifest_says_are_named(generated, tmp_path, form):
    subprocess.run(["cp", "-r", generated / form, tmp_path / "out"], check=True)
    facts = json.loads((tmp_path / "out/generated.json").read_text())
    (tmp_path / "out/generated.json").write_text(json.dumps(facts | {"images": 13}))
    with pytest.raises(UserError, match=r"generated\.json is not what was written, by its SHA-256"):
        images_of(tmp_path / "out", tmp_path)
    (tmp_path / "out/.fashion-pggan.json").unlink()  # of former versions, there is none
    with pytest.raises(UserError, match="holds 12 images, its manifest says 13: write it again"):
        images_of(tmp_path / "out", tmp_path)
    (packed,) = [path for path in (tmp_path / "out").rglob("train-*") if path.is_file()]
    os.truncate(packed, packed.stat().st_size // 3)
    with pytest.raises(UserError, match="cannot be read as"):
        images_of(tmp_path / "out", tmp_path)


@pytest.mark.parametrize("row", ['{"file_name": "../secret.png"}', '{"file_name": "/etc/x.png"}', "[1]", "{"])
def test_a_manifest_that_leads_out_of_its_folder_or_nowhere_is_refused(tmp_path, row):
    (tmp_path / "metadata.jsonl").write_text(row + "\n")
    with pytest.raises(UserError, match="write it again"):
        of_path(tmp_path, "reals", 0)


def test_hidden_files_and_those_a_mac_adds_are_no_images(tmp_path, make_images):
    folder = tmp_path / "images"
    for name in ("a.png", "sub/b.png", ".hidden.png", ".cache/c.png", "__MACOSX/d.png", "._a.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(make_images(1, 32, 0)[0]).save(folder / name)
    (folder / "__MACOSX/._a.png").write_bytes(b"no image")
    assert of_path(folder, "reals", 0).count == 2


def test_tables_and_archives_of_others_are_read_or_refused_in_one_line(tmp_path, make_images):
    pngs = []
    for image in make_images(4, 32, 9):
        pngs.append(io.BytesIO())
        Image.fromarray(image).save(pngs[-1], "PNG")
    data = [png.getvalue() for png in pngs]
    file = tmp_path / "data" / "train-00000-of-00001.parquet"
    file.parent.mkdir()
    pq.write_table(pa.table({"image": data}), file)
    assert of_path(tmp_path, "reals", 0).count == 4
    for columns, says in (
        ({"img": data}, "has no column image"),
        ({"image": [*data, None]}, "row 5, holds no bytes of an image"),
        ({"image": [1, 2]}, "row 1, holds no bytes of an image"),
    ):
        pq.write_table(pa.table(columns), file)
        with pytest.raises(UserError, match=says):
            of_path(tmp_path, "reals", 0)
    with tarfile.open(tmp_path / "train-000000.tar", "w") as tar:
        for name, one in zip(("a.png", "b.PNG", "c.jpeg", "d.txt"), data, strict=True):
            entry = tarfile.TarInfo(name)
            entry.size = len(one)
            tar.addfile(entry, io.BytesIO(one))
    assert of_path(tmp_path, "reals", 0).count == 3


def test_mirrored_reals_are_the_same_images_half_of_them_turned(dataset):
    plain, mirrored = (
        of_dataset(dataset, np.arange(64), mirror_seed=seed).read(range(64)) for seed in (None, 0)
    )
    turned = [not (one == other).all() for one, other in zip(plain, mirrored, strict=True)]
    assert 15 < sum(turned) < 50
    for one, other in zip(plain, mirrored, strict=True):
        assert (one == other).all() or (one[:, ::-1] == other).all()


def test_the_sets_are_drawn_from_the_whole_dataset_not_from_its_beginning(
    tmp_path, write_dataset, make_images, params
):
    dark, bright = make_images(100, 32, 1) // 8, make_images(100, 32, 2) // 8 + 200
    dataset = write_dataset(tmp_path / "sorted", np.concatenate([dark, bright]))
    order = shuffled(200, params.seed)
    assert sorted(order) == list(range(200))
    for part in (order[:100], order[100:]):
        means = of_dataset(dataset, part).read(range(100)).mean(axis=(1, 2, 3))
        assert 30 < (means > 128).sum() < 70


def test_held_out_images_are_no_training_images(tmp_path, write_dataset, make_images):
    dataset = write_dataset(tmp_path / "data", make_images(16, 32, seed=0), {0, 5, 15}, 0.2)
    chosen = shown(dataset, 0)
    assert sorted(chosen) == sorted(set(range(16)) - {0, 5, 15})
    assert list(chosen) != sorted(chosen)
    assert of_path(tmp_path / "data", "reals", 0).count == 16
    training = of_path(tmp_path / "data", "reals", 0, only_shown=True)
    assert (training.count, [training.called(place) for place in range(13)]) == (13, list(chosen))


def test_without_held_out_images_the_order_is_that_of_all(dataset):
    assert np.array_equal(shown(dataset, 3), shuffled(len(dataset), 3))
