"""What is known of images is used again, and noticed when it is damaged or out of date."""

import hashlib
import json
import shutil

import pytest

from benchmarks.damage import flip, flips
from curate.facts.row import row_of
from curate.known.examine import Examined, reduce_file
from curate.pixels.failure import Failure
from fashion_pggan.errors import UserError
from fashion_pggan.storage.records import RawImage, write_records

CHANGED = r"1 images are not what their records say.*1\.png: run the crawl stage again"


@pytest.fixture
def report(tmp_path):
    """Where the stage reports, and the figure that it reports there."""
    path = tmp_path / "curate.json"
    return path, lambda: json.loads(path.read_text())["decoded"]


def test_what_is_known_is_not_decoded_again_and_the_result_is_the_same(
    made, wild, known, tmp_path, params, run, tree, report
):
    path, decoded = report
    assert (
        json.loads((made / "curate.json").read_text())["decoded"] == 17
    )  # every file's bytes once, two likely copies twice
    run(wild, tmp_path / "out", params, report=path)
    assert decoded() == 0
    assert tree(tmp_path / "out") == tree(made / "out")


def test_a_new_image_costs_one_decode_and_gives_what_a_fresh_run_gives(
    wild, known, tmp_path, params, make_image, run, tree, report
):
    path, decoded = report
    more = tmp_path / "more"
    shutil.copytree(wild, more)
    make_image(seed=123).save(more / "new.png")
    run(more, tmp_path / "out", params, report=path)
    assert decoded() == 1
    run(more, tmp_path / "fresh", params, knowledge=tmp_path / "nothing known")
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_another_threshold_decodes_only_what_is_newly_kept(wild, known, tmp_path, params, run, report):
    path, decoded = report
    kind = params.model_copy(update={"max_aspect": 5.0})
    outcomes = run(wild, tmp_path / "out", kind, report=path)
    assert (outcomes["kept"], outcomes["ASPECT"], decoded()) == (11, 0, 1)
    run(wild, tmp_path / "out", params, report=path)
    assert decoded() == 0


def test_an_image_that_was_too_large_is_decoded_once_it_may_be(wild, tmp_path, params, run):
    small = params.model_copy(update={"max_pixels": 120 * 90 - 1})
    with pytest.raises(
        UserError, match=r"TOO_MANY_PIXELS 13.*raise curate\.max_pixels, now 10799, in params\.yaml"
    ):
        run(wild, tmp_path / "out", small)
    assert run(wild, tmp_path / "out", params)["kept"] == 10


@pytest.fixture
def crawled(tmp_path, make_image, encode, raw_record):
    """A crawl of one image; the record's SHA-256 may be given."""
    raw = tmp_path / "raw"
    raw.mkdir()
    data = encode(make_image(seed=1))
    (raw / "1.png").write_bytes(data)

    def recorded(sha256=None):
        record = raw_record(sha256 or hashlib.sha256(data).hexdigest(), "1.png", size=len(data))
        write_records(raw / "records.parquet", [record], RawImage)
        return raw

    return recorded


def test_an_image_that_changed_since_it_was_looked_at_is_named(crawled, tmp_path, params, run):
    raw = crawled()
    assert run(raw, tmp_path / "out", params) == {"kept": 1}
    data = (raw / "1.png").read_bytes()
    (raw / "1.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match=CHANGED):
        run(raw, tmp_path / "out", params.model_copy(update={"resolution": 16}))


def test_no_flipped_bit_of_a_known_image_is_taken(crawled, tmp_path, params, run, tree):
    """Whatever is asked for next: the same, another resolution, other thresholds."""
    raw = crawled()
    run(raw, tmp_path / "out", params)
    was = tree(tmp_path / "out")
    for place in flips(raw / "1.png", 6):
        for changes in ({}, {"resolution": 16}, {"min_side": 65}):
            with pytest.raises(UserError, match=CHANGED):
                run(raw, tmp_path / "out", params.model_copy(update=changes))
        assert tree(tmp_path / "out") == was, place


def test_an_image_is_checked_again_by_who_reduces_it(crawled, params):
    """The bytes that are used are the bytes that are checked: shared storage is not read beforehand."""
    image = crawled() / "1.png"
    with pytest.raises(UserError, match=CHANGED):
        reduce_file((image, {"sha256": "0" * 64}), params)


def test_an_image_that_is_not_what_its_record_says_is_named(crawled, tmp_path, params, run):
    with pytest.raises(UserError, match=CHANGED):
        run(crawled("0" * 64), tmp_path / "out", params)


def test_what_took_a_worker_down_is_tried_again(wild, tmp_path, params, run, monkeypatch):
    died = Examined(row_of(1, Failure.DECODER_DIED, None))
    with monkeypatch.context() as patched:
        patched.setattr(
            "curate.known.known.examine_all", lambda paths, params, each, **_: [died for _ in paths]
        )
        with pytest.raises(UserError, match="DECODER_DIED"):
            run(wild, tmp_path / "out", params)
    assert run(wild, tmp_path / "out", params)["kept"] == 10


@pytest.mark.parametrize("pattern", ["levels-*/*.npy", "levels-*/*.json", "facts-*/copies-*.npz"])
def test_damage_in_what_is_known_is_told_and_mended(
    made, wild, known, tmp_path, params, run, tree, caplog, pattern
):
    damaged = min(known.glob(pattern))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    damaged.write_bytes(data)
    run(wild, tmp_path / "out", params)
    assert f"{damaged.stem}" in caplog.text
    assert "is damaged (" in caplog.text
    assert tree(tmp_path / "out") == tree(made / "out")
    caplog.clear()
    run(wild, tmp_path / "out", params)
    assert "damaged" not in caplog.text


def test_packs_that_a_run_wrote_are_not_read_again_for_their_hash_and_those_of_earlier_runs_are(
    wild, tmp_path, params, run, monkeypatch
):
    read = []

    def matches(self, path, sha256, *_, **__):
        read.append(path.parent.name.partition("-")[0])
        return True

    monkeypatch.setattr("fashion_pggan.storage.hashes.HashMemory.matches", matches)
    for times in (0, 1):
        read.clear()
        run(wild, tmp_path / "out", params, knowledge=tmp_path / "new")
        assert (read.count("levels") > 0) == bool(times)


@pytest.mark.parametrize(
    "pattern", ["levels-*/*.npy", "levels-*/*.json", "facts-*/*.npz", "facts-*/*.parquet"]
)
def test_no_flipped_bit_in_what_is_known_changes_the_dataset(
    made, wild, known, tmp_path, params, run, tree, pattern
):
    place = min(known.glob(pattern))
    for bit in (3, 8 * place.stat().st_size // 3, 8 * place.stat().st_size - 70):
        place = min(known.glob(pattern))
        flip(place, min(bit, 8 * place.stat().st_size - 1))
        run(wild, tmp_path / "out", params)
        assert tree(tmp_path / "out") == tree(made / "out"), bit


def test_damaged_facts_are_told_and_computed_again(wild, known, tmp_path, params, run, caplog):
    (part,) = known.glob("facts-*/*.parquet")
    whole = part.read_bytes()
    part.write_bytes(b"PAR1 damaged")
    assert run(wild, tmp_path / "out", params)["kept"] == 10
    assert f"{part} is damaged (its end is not that of a Parquet file)" in caplog.text
    assert [part.read_bytes() for part in known.glob("facts-*/*.parquet")] == [whole]
