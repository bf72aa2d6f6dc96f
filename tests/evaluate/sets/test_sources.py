"""Sets of images as people have them: datasets, what the program wrote, folders of any kind."""

import io
import json
import os
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import curate.export
import generate.stage
from curate.pixels.decode import decode, open_image
from evaluate.sets.sources import of_path
from fashion_pggan.errors import UserError
from fashion_pggan.images.reading import pixels_of
from fashion_pggan.images.writing import Format
from fashion_pggan.params import load_params
from fashion_pggan.storage.records import CuratedImage, write_records

REPOSITORY = Path(__file__).parents[3]
FORMS = ("imagefolder", "webdataset", "parquet")


@pytest.fixture(scope="module")
def generated(tmp_path_factory, models):
    """The same 12 images in each form."""
    folder = tmp_path_factory.mktemp("generated")
    params = load_params(REPOSITORY / "params.yaml").generate
    for form in FORMS:
        chosen = params.model_copy(update={"count": 12, "form": form, "minibatch": 5})
        generate.stage.run(models, folder / form, chosen)
    return folder


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
    expected = images_of(exported / "curated", tmp_path)
    for form in FORMS:
        np.testing.assert_array_equal(images_of(exported / form, tmp_path), expected)


def test_a_folder_without_a_mark_is_known_by_its_manifest_or_its_files(generated, tmp_path):
    for form in FORMS:
        (tmp_path / form).symlink_to(generated / form)
        copy = tmp_path / "copies" / form
        copy.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", generated / form, copy], check=True)
        (copy / "generated.json").unlink()
        np.testing.assert_array_equal(images_of(copy, tmp_path), images_of(generated / form, tmp_path))


def test_an_image_that_the_manifest_lists_and_that_is_not_there_is_named(generated, tmp_path):
    subprocess.run(["cp", "-r", generated / "imagefolder", tmp_path / "out"], check=True)
    (tmp_path / "out/images/00000/seed1_00000003.png").unlink()
    with pytest.raises(UserError, match=r"seed1_00000003\.png cannot be read"):
        images_of(tmp_path / "out", tmp_path)


@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_files_that_are_cut_off_or_fewer_than_the_manifest_says_are_named(generated, tmp_path, form):
    subprocess.run(["cp", "-r", generated / form, tmp_path / "out"], check=True)
    facts = json.loads((tmp_path / "out/generated.json").read_text())
    (tmp_path / "out/generated.json").write_text(json.dumps(facts | {"images": 13}))
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


def png(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def odd_files():
    """Files that Pillow's plain conversion to RGB reads as something else."""
    clear = Image.new("RGBA", (32, 32), (200, 30, 30, 0))
    clear.paste((200, 30, 30, 255), (8, 8, 24, 24))
    grey = Image.fromarray(np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32))
    lines = Image.fromarray(np.repeat(np.arange(32, dtype=np.uint8)[:, None] * 8, 32, axis=1))
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "transparent": png(clear),
        "sixteen bits": png(grey),
        "turned": png(lines, exif=exif),
        "palette": png(clear.convert("P"), transparency=0),
        "grey": png(lines),
    }


@pytest.mark.parametrize("kind", list(odd_files()))
def test_odd_files_are_the_same_images_to_evaluation_as_to_curation(kind):
    data = odd_files()[kind]
    np.testing.assert_array_equal(pixels_of(data, kind), decode(open_image(data)).pixels)


def test_transparent_parts_are_white_sixteen_bits_keep_their_greys_and_turned_images_stand_upright():
    found = {kind: pixels_of(data, kind) for kind, data in odd_files().items()}
    assert found["transparent"][0, 0].tolist() == [255, 255, 255]
    assert found["sixteen bits"].mean() == pytest.approx(127.5, abs=1)
    np.testing.assert_array_equal(found["turned"], np.rot90(found["grey"], -1))


def bomb(side):
    """A PNG whose header says that it is large."""
    small = png(Image.new("1", (8, 8)))

    header = small[12:16] + side.to_bytes(4, "big") * 2 + small[24:29]
    return small[:8] + small[8:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (bomb(2**17), "131072 x 131072 px|cannot be read as an image"),
        (b"", "cannot be read as an image"),
        (b"II*\0" + b"\xff" * 40, "cannot be read as an image"),
        (png(Image.new("RGB", (32, 32)))[:60], "cannot be read as an image"),
        (png(Image.new("RGB", (48, 48))), "48 x 48 px, and 48 is no power of two: make squares of 64"),
        (png(Image.new("RGB", (16, 16))), "16 x 16 px, others are 32 x 32: bring all to one size"),
    ],
)
def test_a_file_that_is_no_fitting_image_is_named_in_one_line(tmp_path, data, says):
    (tmp_path / "odd.png").write_bytes(data)
    with pytest.raises(UserError, match=says) as raised:
        pixels_of((tmp_path / "odd.png").read_bytes(), str(tmp_path / "odd.png"), 32)
    assert str(tmp_path / "odd.png") in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_dataset_and_what_was_generated_are_compared_by_one_command(dataset, generated, tmp_path):
    printed = set()
    for form in FORMS:
        command = [sys.executable, "-m", "evaluate", dataset.folder, generated / form]
        ended = subprocess.run(
            [*command, "--store", tmp_path], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == 0, ended.stderr
        printed.add(ended.stdout)
    assert len(printed) == 1
    assert "12 images per set" in printed.pop()


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
