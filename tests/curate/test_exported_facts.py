"""What an export adds to the manifest: measures in plain columns, groups of near-duplicates, splits."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageOps

from curate.copies.splits import SPLITS, Splits
from curate.export import check_shares
from curate.exported_facts import exported_facts
from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.records import CuratedImage, read_records
from fashion_pggan.storage.shards import Dataset

Curated = tuple[
    Path, list[CuratedImage], Path
]  # a dataset, its records, and the folder that it was made from


def test_a_group_s_split_is_that_of_its_name_alone_in_the_stated_shares() -> None:
    counts = Counter(SPLITS.of(str(number)) for number in range(5000))
    assert counts.keys() == {"train", "validation", "test"}
    assert abs(counts["test"] - 500) < 80
    assert abs(counts["validation"] - 500) < 80
    assert {Splits(0.0, 0.0).of(str(number)) for number in range(50)} == {"train"}
    assert {Splits(0.0, 1.0).of(str(number)) for number in range(50)} == {"test"}


@pytest.fixture(scope="module")
def rows(
    tmp_path_factory: pytest.TempPathFactory,
    make_image: Callable[..., Image.Image],
    params: CurateParams,
    run: Callable[..., Counter[str]],
) -> Curated:
    """Six images, copies of one by bytes, by pixels, smaller, and mirrored; one in two colours."""
    folder = tmp_path_factory.mktemp("copies")
    for seed in range(6):
        make_image(240, 180, seed=seed).save(folder / f"{seed}.png")
    image = make_image(240, 180, seed=0)
    image.save(folder / "bytes.png")
    image.save(folder / "pixels.webp", lossless=True)  # smaller, so not the best
    image.resize((160, 120)).save(folder / "near.png")
    ImageOps.mirror(image).resize((160, 120)).save(folder / "mirrored.png")
    texture = np.random.default_rng(7).integers(0, 256, (24, 32), dtype=np.uint8)
    grey = Image.fromarray(texture).resize((240, 180), Image.Resampling.BICUBIC)
    dark, darker = (grey.point(lambda value, share=share: value * share // 4) for share in (3, 2))
    Image.merge("RGB", (grey, dark, darker)).save(folder / "warm.png")
    Image.merge("RGB", (darker, dark, grey)).save(folder / "cold.png")
    out = tmp_path_factory.mktemp("out") / "data"
    run(folder, out, params)
    return out, read_records(out / "manifest.parquet", CuratedImage), folder


def test_a_copy_says_how_far_it_is_and_what_it_shares(rows: Curated) -> None:
    said = {row.file: row for row in rows[1] if row.duplicate_of}
    kinds = {name: row.duplicate_kind for name, row in said.items()}
    assert Counter(kinds.values()) == {"bytes": 1, "pixels": 1, "near": 1, "mirrored": 1}
    assert kinds["near.png"] == "near"
    assert kinds["mirrored.png"] == "mirrored"
    assert all(row.duplicate_bits is not None and row.duplicate_bits <= 32 for row in said.values())
    assert all(row.duplicate_bits is None for row in rows[1] if row.kept)


def test_what_shows_the_same_is_in_one_group_and_one_split(rows: Curated) -> None:
    out, records, _ = rows
    found = exported_facts(out, records, SPLITS, "CC BY 4.0")
    kept = {row.file: found.facts[row.sha256] for row in records if row.kept}
    (copied,) = [facts for facts in kept.values() if facts["copies"]]
    assert copied["copies"] == 4
    assert copied["copy_kinds"] == "bytes, mirrored, near, pixels"
    assert 0 <= copied["copy_bits"] <= 32
    assert {facts["copy_bits"] for facts in kept.values() if not facts["copies"]} == {None}
    assert kept["warm.png"]["group"] == kept["cold.png"]["group"]
    assert len({facts["group"] for facts in kept.values()}) == 7
    assert {facts["licence"] for facts in kept.values()} == {"CC BY 4.0"}
    for facts in kept.values():
        assert facts["split"] == SPLITS.of(facts["group"])
        assert set(facts) == {*found.columns.names}


def test_a_larger_dataset_moves_nothing_to_another_split(rows: Curated) -> None:
    out, records, _ = rows
    some = [row for row in records if row.file not in {"4.png", "5.png"}]
    before, after = (exported_facts(out, each, SPLITS, "").facts for each in (some, records))
    assert {name: facts["split"] for name, facts in before.items()}.items() <= {
        name: facts["split"] for name, facts in after.items()
    }.items()


def test_curation_holds_whole_groups_out_and_an_export_says_the_same(
    rows: Curated,
    params: CurateParams,
    run: Callable[..., Counter[str]],
    tmp_path: Path,
) -> None:
    out, records, _ = rows
    usual = exported_facts(out, records, Splits(0.0, 0.4), "").facts
    assert {row.split for row in records} == {""}
    assert "split" not in pq.read_schema(out / "manifest.parquet").names
    run(rows[2], tmp_path / "data", params.model_copy(update={"held_out": 0.4}))
    held = read_records(tmp_path / "data/manifest.parquet", CuratedImage)
    said = {row.sha256: row.split for row in held if row.kept}
    assert said == {name: facts["split"] for name, facts in usual.items()}
    assert set(said.values()) == {"train", "test"}
    assert {row.split for row in held if not row.kept} == {""}
    by_file = {row.file: row.split for row in held if row.kept}
    assert by_file["warm.png"] == by_file["cold.png"]
    dataset = Dataset(tmp_path / "data")
    assert dataset.held_out.tolist() == [row.split == "test" for row in held if row.kept]
    facts = exported_facts(tmp_path / "data", held, None, "").facts
    assert {name: facts[name]["split"] for name in facts} == said
    assert "the column `split`" in (tmp_path / "data/datasheet.md").read_text()
    check_shares(tmp_path / "data", 0.3, 0.1)
    with pytest.raises(ArgumentError, match="together at least"):
        check_shares(tmp_path / "data", 0.1, 0.1)
    asked = exported_facts(tmp_path / "data", held, Splits(0.5, 0.0), "").facts
    assert {facts["split"] for facts in asked.values()} <= {"train", "validation"}


def test_measures_that_the_mark_lists_are_not_left_out_in_silence(rows: Curated, tmp_path: Path) -> None:
    out = tmp_path / "data"
    shutil.copytree(rows[0], out)
    (out / "measures.parquet").unlink()
    with pytest.raises(UserError, match=r"measures\.parquet is missing, the folder's mark lists it: write"):
        exported_facts(out, rows[1], SPLITS, "")
