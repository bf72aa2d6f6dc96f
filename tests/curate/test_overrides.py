"""A person's decisions about single images, in a file and in the stage."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from curate.overrides import Override, read_overrides, write_overrides
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.records import CuratedImage, read_records

REPOSITORY = Path(__file__).parents[2]
ONE, OTHER = "1" * 64, "2" * 64
HEADER = "sha256,decision,reason,who,when\n"


def test_what_is_written_is_read_sorted_and_the_shipped_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    decided = {OTHER: Override("drop", 'a "logo", too', "Kim", "2026-11-27"), ONE: Override("keep")}
    write_overrides(path, decided)
    assert read_overrides(path) == decided
    assert path.read_text().splitlines()[1].startswith(ONE)
    write_overrides(path, {})
    assert path.read_text() == (REPOSITORY / "overrides.csv").read_text() == HEADER
    assert read_overrides(path) == read_overrides(tmp_path / "none.csv") == {}


def test_only_two_columns_are_needed_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"decision,sha256\r\n keep , {ONE}\r\n\r\ndrop,{OTHER}\r\n")
    assert read_overrides(tmp_path / "a.csv") == {ONE: Override("keep"), OTHER: Override("drop")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sha256\n", r"its first line names sha256: write sha256,decision,reason,who,when"),
        (f"{ONE},keep\n", r"its first line names 1+, keep: write"),
        ("sha256,decision,colour\n", r"first line names sha256, decision, colour"),
        (f"{HEADER}{ONE},keep\n", r"line 2 has 2 values, not 5: correct it"),
        (f"{HEADER}abc,keep,,,\n", r"line 2: 'abc' is not a SHA-256: copy one"),
        (f"{HEADER}{ONE},keep,,,\n{OTHER},yes,,,\n", r"line 3: 'yes' is not a decision: give keep or drop"),
        (f"{HEADER}{ONE},keep,,,\n{ONE},drop,,,\n", r"line 3 says drop, an earlier line the opposite"),
        (f'{HEADER}{ONE},keep,"a,,\n', r"line 2: unexpected end of data: correct it"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UserError, match=rf"a\.csv.*{says}"):
        read_overrides(tmp_path / "a.csv")


def outcomes(folder: Path) -> dict[str, tuple[str, str]]:
    rows = read_records(folder / "manifest.parquet", CuratedImage)
    return {row.file: (row.reason or "kept", row.overruled) for row in rows}


def test_a_person_s_decisions_go_before_the_rules(
    wild: Path,
    known: Path,
    tmp_path: Path,
    params: CurateParams,
    run: Callable[..., Counter[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    sha256 = {
        name: sha256_of(wild / name) for name in ("0.png", "5.png", "wide.png", "small.png", "page.jpg")
    }
    same = sha256_of(wild / "sub/same pixels.bmp"), sha256_of(wild / "3.png")
    before = outcomes(_curated(run, wild, tmp_path / "before", params, known, tmp_path / "none.csv"))
    (copy,) = [name for name in ("3.png", "sub/same pixels.bmp") if before[name][0] == "DUPLICATE"]
    decided = {
        sha256["0.png"]: Override("drop"),
        sha256["5.png"]: Override("keep"),
        sha256["wide.png"]: Override("keep"),
        sha256["small.png"]: Override("keep"),
        sha256["page.jpg"]: Override("keep"),
        same[copy == "3.png"]: Override("keep"),
        ONE: Override("keep"),
    }
    write_overrides(tmp_path / "overrides.csv", decided)
    after = outcomes(_curated(run, wild, tmp_path / "after", params, known, tmp_path / "overrides.csv"))
    assert after["0.png"] == ("OVERRULED", "kept")
    assert after["5.png"] == ("kept", "")
    assert after["wide.png"] == ("kept", "ASPECT")
    assert after["small.png"] == ("kept", "TOO_SMALL")
    assert after["page.jpg"] == ("NOT_IMAGE", "")
    assert after[copy] == ("kept", "DUPLICATE")
    rest = before.keys() - {"0.png", "wide.png", "small.png", copy, "3.png", "sub/copy.png"}
    assert {name: after[name] for name in rest} == {name: before[name] for name in rest}
    assert any("1 images are not in the source" in message for message in caplog.messages)
    assert any(message.endswith("cannot be kept: NOT_IMAGE") for message in caplog.messages)


def test_when_the_best_copy_is_dropped_the_next_is_kept(
    wild: Path, known: Path, tmp_path: Path, params: CurateParams, run: Callable[..., Counter[str]]
) -> None:
    before = outcomes(_curated(run, wild, tmp_path / "before", params, known, tmp_path / "none.csv"))
    copies = ("3.png", "sub/copy.png", "sub/same pixels.bmp")
    (best,) = [name for name in copies if before[name][0] == "kept"]
    write_overrides(tmp_path / "overrides.csv", {sha256_of(wild / best): Override("drop")})
    after = outcomes(_curated(run, wild, tmp_path / "after", params, known, tmp_path / "overrides.csv"))
    assert after[best] == ("OVERRULED", "kept")
    assert sum(after[name][0] == "kept" for name in copies) == 1


def _curated(
    run: Callable[..., Counter[str]], wild: Path, out: Path, params: CurateParams, known: Path, file: Path
) -> Path:
    run(wild, out, params, knowledge=known, overrides=file)
    return out


def test_an_image_below_the_resolution_is_not_kept(
    wild: Path,
    tmp_path: Path,
    params: CurateParams,
    run: Callable[..., Counter[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_overrides(tmp_path / "overrides.csv", {sha256_of(wild / "small.png"): Override("keep")})
    larger = params.model_copy(update={"resolution": 64})
    after = _curated(run, wild, tmp_path / "after", larger, tmp_path / "known", tmp_path / "overrides.csv")
    assert outcomes(after)["small.png"] == ("TOO_SMALL", "")
    assert any(message.endswith("cannot be kept: TOO_SMALL") for message in caplog.messages)


def test_what_is_no_plain_file_is_refused_and_not_taken_for_no_decisions(tmp_path: Path) -> None:
    for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to(tmp_path / "nothing")):
        path = tmp_path / "overrides.csv"
        make(path)
        with pytest.raises((UserError, OSError)):
            read_overrides(path)
        path.rmdir() if path.is_dir() else path.unlink()
