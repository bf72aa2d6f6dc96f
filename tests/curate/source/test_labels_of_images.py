"""The label of an image, from its query or its folder, through the whole stage."""

import json
import shutil
import unicodedata
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from curate.copies.splits import SPLITS
from curate.decide import Decision, voted
from curate.exported_facts import exported_facts
from curate.source.labels import label_of, votes_of, with_metadata
from curate.source.raw import Raw
from curate.stage import run
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
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
    assert label_of(Raw("0", file, query=query), labelled).name == label


def test_what_a_record_says_goes_before_its_query_and_a_label_is_a_name_of_itself(labelled):
    said = Raw("0", "a.tar", query="남자 셔츠", label="hoodie")
    assert label_of(said, labelled) == ("hoodie", "record", "")
    assert label_of(replace(said, label="coat"), labelled) == ("shirt", "query", "")
    assert label_of(Raw("0", "shirt/1.png"), labelled) == ("shirt", "folder", "")
    merged = labelled.model_copy(update={"labels": {"top": ["shirt"], "shirt": []}})
    assert label_of(Raw("0", "shirt/1.png"), merged).name == "top"


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
    assert {row.label_source for row in kept if row.label} == {"folder"}


def test_each_query_of_a_record_has_a_vote(labelled):
    raw = Raw("0", "a.tar", label="shirt", label_votes="셔츠 2, 후드티 1, hoodie 4, coat 9, shirt x")
    own = label_of(raw, labelled)
    assert votes_of(raw, own, labelled) == {"shirt": 2, "hoodie": 5}
    assert voted([raw], [Decision("", "")], labelled) == [("hoodie", "record", "hoodie 5, shirt 2")]
    assert votes_of(replace(raw, label_votes="coat 9"), own, labelled) == {"shirt": 1}


def test_copies_vote_and_conflicts_are_counted_and_named(labelled, tmp_path):
    source = _source(tmp_path / "source")
    image = (source / "셔츠/2.png").read_bytes()
    for name in ("a", "b"):
        (source / f"후드티/{name}.png").write_bytes(image)
    run(source, tmp_path / "data", labelled, knowledge=tmp_path / "known", report=tmp_path / "report.json")
    rows = read_records(tmp_path / "data/manifest.parquet", CuratedImage)
    (voted,) = [row for row in rows if row.kept and "," in row.label_votes]
    assert (voted.label, voted.label_votes) == ("hoodie", "hoodie 2, shirt 1")
    assert json.loads((tmp_path / "report.json").read_text())["label_conflicts"] == 1
    sheet = (tmp_path / "data/datasheet.md").read_text()
    assert "Near-duplicates with different labels: 1 images" in sheet
    assert f"| {voted.sha256} | hoodie 2, shirt 1 |" in sheet


def test_a_label_keeps_so_many_images_and_their_copies_go_with_the_others(labelled, tmp_path):
    source = _source(tmp_path / "source")
    hoodies = sorted(sha256_of(path) for path in source.glob("후드*/*.png"))
    for path in source.glob("후드*/*.png"):
        shutil.copy(path, path.with_name("copy.png"))
    capped = labelled.model_copy(update={"label_cap": 1})
    outcomes = run(source, tmp_path / "data", capped, knowledge=tmp_path / "known")
    assert outcomes == {"kept": 4, "LABEL_CAP": 2, "DUPLICATE": 1}
    rows = read_records(tmp_path / "data/manifest.parquet", CuratedImage)
    assert [row.sha256 for row in rows if row.kept and row.label == "hoodie"] == hoodies[:1]
    override = tmp_path / "overrides.csv"
    override.write_text(f"sha256,decision\n{hoodies[1]},keep\n")
    run(source, tmp_path / "data", capped, knowledge=tmp_path / "known", overrides=override)
    rows = read_records(tmp_path / "data/manifest.parquet", CuratedImage)
    assert [row.sha256 for row in rows if row.kept and row.label == "hoodie"] == hoodies[1:]


def test_a_folder_s_metadata_gives_labels(labelled, tmp_path):
    source = _source(tmp_path / "source")
    (source / "metadata.csv").write_text("\ufefffile_name,label\nother/3.png,shirt\n4.png,후드티\n", "utf-8")
    (source / "셔츠/metadata.jsonl").write_text('{"file_name": "2.png", "label": "hoodie"}\n\n[]\n')
    run(source, tmp_path / "data", labelled, knowledge=tmp_path / "known")
    rows = read_records(tmp_path / "data/manifest.parquet", CuratedImage)
    found = {row.file: (row.label, row.label_source) for row in rows if row.kept}
    assert found["other/3.png"] == ("shirt", "record")
    assert found["4.png"] == found["셔츠/2.png"] == ("hoodie", "record")
    assert found["후드티/0.png"] == ("hoodie", "folder")
    (source / "metadata.jsonl").write_text('{"file_name": "2.png", "label": "hoodie"}\n{')
    with pytest.raises(
        UserError, match=r"metadata\.jsonl: '{' is not JSON .*: correct it, or move the file away"
    ):
        run(source, tmp_path / "data", labelled, knowledge=tmp_path / "known")


def test_without_labels_the_manifest_has_no_columns_for_their_votes(labelled, tmp_path):
    source = _source(tmp_path / "source")
    plain = labelled.model_copy(update={"labels": {}})
    run(source, tmp_path / "data", plain, knowledge=tmp_path / "known")
    names = pq.read_schema(tmp_path / "data/manifest.parquet").names
    assert not {"label_source", "label_votes", "split"} & {*names}


def test_images_without_a_label_are_dropped_on_request(labelled, tmp_path):
    source = _source(tmp_path / "source")
    only = labelled.model_copy(update={"unlabelled": "drop"})
    outcomes = run(source, tmp_path / "data", only, knowledge=tmp_path / "known")
    assert outcomes == {"kept": 3, "UNLABELLED": 2}


def test_a_class_may_be_the_number_0(labelled, tmp_path):
    source = _source(tmp_path / "source")
    rows = [json.dumps({"file_name": "other/3.png", "label": 0}), '{"file_name": "4.png", "label": 1}']
    (source / "metadata.jsonl").write_text("\n".join(rows))
    params = labelled.model_copy(update={"labels": {"zero": ["0"], "one": ["1"]}})
    run(source, tmp_path / "data", params, knowledge=tmp_path / "known")
    found = {row.file: row.label for row in read_records(tmp_path / "data/manifest.parquet", CuratedImage)}
    assert (found["other/3.png"], found["4.png"], found["셔츠/2.png"]) == ("zero", "one", "")


def test_no_label_is_called_as_the_images_without_one(labelled):
    with pytest.raises(ValueError, match="unlabelled counts the images without a label"):
        type(labelled).model_validate(labelled.model_dump() | {"labels": {"unlabelled": []}})


def test_words_that_belong_to_two_labels_are_refused(labelled):
    with pytest.raises(ValueError, match="'셔츠' belongs to shirt and to top"):
        type(labelled)(**(labelled.model_dump() | {"labels": {"shirt": ["셔츠"], "top": ["셔츠"]}}))


def test_rows_of_one_image_that_contradict_each_other_vote_and_are_a_conflict(labelled, tmp_path):
    source = _source(tmp_path / "source")
    rows = ["file_name,label", "4.png,shirt", "4.png,hoodie", "4.png,hoodie", "4.png,"]
    (source / "metadata.csv").write_text("\n".join(rows), "utf-8")
    report = tmp_path / "report.json"
    outcomes = run(source, tmp_path / "data", labelled, knowledge=tmp_path / "known", report=report)
    assert outcomes == {"kept": 5}  # the file of labels is no image
    rows = {row.file: row for row in read_records(tmp_path / "data/manifest.parquet", CuratedImage)}
    assert (rows["4.png"].label, rows["4.png"].label_votes) == ("hoodie", "hoodie 2, shirt 1")
    assert json.loads(report.read_text())["label_conflicts"] == 1


def test_the_log_has_the_table_and_what_gives_no_label(labelled, tmp_path, caplog):
    source = _source(tmp_path / "source")
    (source / "metadata.csv").write_text("file_name,class\n4.png,shirt\n", "utf-8")
    (source / "셔츠/metadata.jsonl").write_text('{"file_name": "2.png", "label": "coat"}\n')
    caplog.set_level("INFO")
    run(source, tmp_path / "data", labelled, knowledge=tmp_path / "known")
    said = "images kept by label: hoodie 2, shirt 1, checked 0, a b 0, unlabelled 2; 0 with votes for several"
    assert said in caplog.messages
    warned = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert f"{source}/metadata.csv gives no label: name the columns file_name and label" in warned
    assert any("1 images have labels that curate.labels does not list" in text for text in warned)
    assert any("no image was kept of checked, a b: no record, list" in text for text in warned)


def test_an_image_without_a_label_whose_copies_have_one_is_kept_with_theirs(labelled, tmp_path):
    source = _source(tmp_path / "source")
    with Image.open(source / "셔츠/2.png") as image:
        image.resize((256, 256), Image.Resampling.NEAREST).save(source / "other/larger.png")
    only = labelled.model_copy(update={"unlabelled": "drop"})
    outcomes = run(source, tmp_path / "data", only, knowledge=tmp_path / "known")
    rows = {row.file: row for row in read_records(tmp_path / "data/manifest.parquet", CuratedImage)}
    assert (rows["other/larger.png"].label, rows["셔츠/2.png"].reason) == ("shirt", "DUPLICATE")
    assert outcomes == {"kept": 3, "UNLABELLED": 2, "DUPLICATE": 1}
    override = tmp_path / "overrides.csv"
    override.write_text(f"sha256,decision\n{rows['4.png'].sha256},keep\n")
    run(source, tmp_path / "data", only, knowledge=tmp_path / "known", overrides=override)
    rows = {row.file: row for row in read_records(tmp_path / "data/manifest.parquet", CuratedImage)}
    assert (rows["4.png"].kept, rows["4.png"].overruled) == (True, "UNLABELLED")


def test_kept_images_that_show_the_same_and_have_different_labels_are_named(labelled, tmp_path):
    source = tmp_path / "source"
    grey = np.random.default_rng(3).integers(100, 256, (8, 8, 1), np.uint8)
    for place, channel in (("셔츠", 0), ("후드티", 2)):  # one garment, red and blue
        (source / place).mkdir(parents=True)
        pixels = np.repeat(grey, 3, axis=2)
        pixels[:, :, channel] //= 4
        image = Image.fromarray(pixels).resize((128, 128), Image.Resampling.BICUBIC)
        image.save(source / place / "1.png")
    assert run(source, tmp_path / "data", labelled, knowledge=tmp_path / "known") == {"kept": 2}
    sheet = (tmp_path / "data/datasheet.md").read_text()
    assert "have different labels: 1 groups" in sheet
    assert "| hoodie 1, shirt 1 |" in sheet


@pytest.mark.parametrize("votes", ["outer 1, shirt 1", "shirt 1, outer 1", "outer 2, shirt 1"])
def test_votes_for_listed_labels_count_after_any_others(labelled, votes):
    raw = Raw("0", "hoodie/1.png", label=votes.split()[0], label_votes=votes)
    own = label_of(raw, labelled)
    assert own == ("shirt", "record", "")
    assert voted([raw], [Decision("", "")], labelled) == [("shirt", "record", "shirt 1")]


def _apart(text):
    """In Unicode's form NFD, as macOS writes file names."""
    return unicodedata.normalize("NFD", text)


def test_names_are_the_same_in_either_form_of_unicode(labelled, tmp_path):
    given = labelled.model_dump() | {"labels": {_apart("셔츠"): [_apart("체크 셔츠")], "hoodie": ["후드티"]}}
    params = type(labelled)(**given)
    assert params.labels == {"셔츠": ["체크 셔츠"], "hoodie": ["후드티"]}
    for raw in (
        Raw("0", _apart("후드티/1.png")),
        Raw("0", "a.tar", query=_apart("남자 후드티")),
        Raw("0", "a.tar", label=_apart("후드티")),
        Raw("0", "a.tar", label="coat", label_votes=_apart("coat 2, 후드티 1")),
    ):
        assert label_of(raw, params).name == "hoodie"
    text = _apart("file_name,label\n다/1.png,셔츠\n")
    (tmp_path / "metadata.csv").write_text(text, "utf-8")
    found = with_metadata([Raw("0", "다/1.png"), Raw("1", "metadata.csv")], tmp_path)
    assert label_of(found[0], params) == ("셔츠", "record", "")


def test_rows_that_name_no_image_are_counted_and_backslashes_are_slashes(tmp_path, caplog):
    images = [Raw("0", "a/1.png"), Raw("1", "a/2.png"), Raw("2", r"a/b\3.png")]
    rows = ["file_name,label", r".\1.png,shirt", "2,shirt", "3.png,shirt", ",shirt", r"b\3.png,hoodie"]
    (tmp_path / "a").mkdir()
    (tmp_path / "a/metadata.csv").write_text("\n".join(rows), "utf-8")
    (tmp_path / "metadata.csv").write_text("file_name,label\na\\2.png,hoodie\n", "utf-8")
    found = with_metadata([*images, Raw("3", "a/metadata.csv"), Raw("4", "metadata.csv")], tmp_path)
    assert [raw.label for raw in found] == ["shirt", "hoodie", "hoodie", "", ""]
    says = "name no image, the first is '2': give paths below its folder, with their endings"
    assert caplog.messages == [f"2 rows of {tmp_path}/a/metadata.csv {says}"]


def test_two_files_of_labels_for_the_same_images_vote_without_a_warning(tmp_path, caplog):
    (tmp_path / "metadata.csv").write_text("file_name,label\n1.png,shirt\n", "utf-8")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "1.png", "label": "hoodie"}\n', "utf-8")
    files = [Raw("0", "1.png"), Raw("1", "metadata.csv"), Raw("2", "metadata.jsonl")]
    assert with_metadata(files, tmp_path)[0].label_votes == "shirt 1, hoodie 1"
    assert not caplog.messages
