"""An export has the splits as Hugging Face's `datasets` and torchvision's ImageFolder look for them."""

import numpy as np
import pytest
import yaml
from PIL import Image

from curate import export
from curate.copies.splits import Splits
from fashion_pggan.images.reading import files_in
from fashion_pggan.images.writing import DATA_FILES, SPLIT_NAMES, Format

IMAGES = 10


@pytest.mark.parametrize("form", list(Format))
def test_each_split_has_files_of_its_own_and_all_are_read_again(curated, tmp_path, form):
    export.run(curated, tmp_path / "out", form, splits=Splits(0.3, 0.3))
    pattern = DATA_FILES[form].replace("/**", "/metadata.jsonl")
    assert all(list((tmp_path / "out").glob(pattern.format(split=split))) for split in SPLIT_NAMES)
    header = yaml.safe_load((tmp_path / "out/README.md").read_text().split("---\n")[1])
    (config,) = header["configs"]
    assert [each["split"] for each in config["data_files"]] == [*SPLIT_NAMES]
    assert len(files_in(tmp_path / "out")) == IMAGES


@pytest.mark.parametrize("form", list(Format))
def test_hugging_face_s_cache_takes_no_export_for_another_in_a_folder_of_the_same_name(
    curated, tmp_path, form, hugging_face
):
    for number, level in enumerate((16, 8)):
        export.run(curated, tmp_path / f"{number}/same", form, level=level)
        row = hugging_face.load_dataset(str(tmp_path / f"{number}/same"), split="train")[0]
        assert (row.get("image") or row["png"]).size == (level, level)


def test_an_imagefolder_has_a_folder_for_each_label_in_each_split(run, params, tmp_path, hugging_face):
    random = np.random.default_rng(0)
    for number in range(24):
        folder = tmp_path / "raw" / ("hoodie", "shirt", "coat")[number % 3]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(folder / f"{number}.png")
    sizes = {"resolution": 32, "min_side": 32, "held_out": 0.4, "labels": {"hoodie": [], "shirt": []}}
    run(tmp_path / "raw", tmp_path / "data", params.model_copy(update=sizes))
    export.run(tmp_path / "data", tmp_path / "out", Format.IMAGEFOLDER)
    folders = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").glob("*/*/")}
    expected = {
        f"{split}/{name}" for split in ("train", "test") for name in ("hoodie", "shirt", "unlabelled")
    }
    assert folders == expected
    for source in (
        {"path": str(tmp_path / "out")},
        {"path": "imagefolder", "data_dir": str(tmp_path / "out")},
    ):
        loaded = hugging_face.load_dataset(**source)
        assert [*loaded] == ["train", "test"]
        assert [{*split["label"]} for split in loaded.values()] == [{"hoodie", "shirt", ""}] * 2
