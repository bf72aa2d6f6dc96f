"""The label of an image, from its query or its folder, through the whole stage."""

import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from curate.copies.splits import SPLITS
from curate.exported_facts import exported_facts
from curate.source.labels import label_of
from curate.source.raw import Raw
from curate.stage import run
from fashion_pggan.storage.records import CuratedImage, read_records
from fashion_pggan.storage.shards import UNLABELLED, Dataset

LABELS = {"hoodie": ["후드티", "후드집업"], "shirt": ["셔츠"], "checked": ["체크 셔츠"], "a b": ["two words"]}


@pytest.fixture
def labelled(params):
    return params.model_copy(update={"resolution": 32, "min_side": 32, "labels": LABELS})


@pytest.mark.parametrize(
    ("query", "file", "label"),
    [
        ("남자 후드티", "shards/a.tar", "hoodie"),
        ("남자 블랙 후드집업", "shards/a.tar", "hoodie"),
        ("남자 셔츠", "shards/a.tar", "shirt"),
        ("남자 블랙 체크 셔츠", "shards/a.tar", "checked"),
        ("남자 반팔 티셔츠", "shards/a.tar", ""),  # 셔츠 is the end of a word, not a word
        ("후드티 남자", "shards/a.tar", ""),
        ("", "두/후드티/1.jpg", "hoodie"),
        ("", "two words/1.jpg", "a b"),
        ("", "1.jpg", ""),
    ],
)
def test_the_longest_end_of_the_query_says_the_label(labelled, query, file, label):
    assert label_of(Raw("0", file, query=query), labelled) == label


def _source(folder):
    random = np.random.default_rng(0)
    for number, place in enumerate(["후드티", "후드집업", "셔츠", "other", "."]):
        (folder / place).mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / place / f"{number}.png")
    return folder


def test_a_dataset_has_the_labels_of_its_folders(labelled, tmp_path):
    source = _source(tmp_path / "source")
    run(source, tmp_path / "data", labelled, knowledge=tmp_path / "known", report=tmp_path / "report.json")
    rows = read_records(tmp_path / "data/manifest.parquet", CuratedImage)
    dataset = Dataset(tmp_path / "data")
    assert dataset.label_names == list(LABELS)
    kept = sorted((row for row in rows if row.kept), key=lambda row: (row.shard, row.row))
    named = [dataset.label_names[place] if place != UNLABELLED else "" for place in dataset.labels]
    assert named == [row.label for row in kept]
    assert Counter(named) == {"hoodie": 2, "shirt": 1, "": 2}
    facts = exported_facts(tmp_path / "data", rows, SPLITS, "").facts
    assert [facts[row.sha256]["label"] for row in kept] == named
    said = json.loads((tmp_path / "report.json").read_text())["labels"]
    assert said == {"hoodie": 2, "shirt": 1, "checked": 0, "a b": 0, "unlabelled": 2}


def test_images_without_a_label_are_dropped_on_request(labelled, tmp_path):
    source = _source(tmp_path / "source")
    only = labelled.model_copy(update={"unlabelled": "drop"})
    outcomes = run(source, tmp_path / "data", only, knowledge=tmp_path / "known")
    assert outcomes == {"kept": 3, "UNLABELLED": 2}


def test_words_that_belong_to_two_labels_are_refused(labelled):
    with pytest.raises(ValueError, match="'셔츠' belongs to shirt and to top"):
        type(labelled)(**(labelled.model_dump() | {"labels": {"shirt": ["셔츠"], "top": ["셔츠"]}}))
