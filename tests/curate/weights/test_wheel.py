"""The networks come out of a wheel whole, or not at all."""

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from curate.weights import weight_files as cache
from curate.weights import wheel
from curate.weights.command_line import fetch
from fashion_pggan.errors import PassingError, UserError

CONTENT = {"mediapipe/a/person.tflite": b"a person", "mediapipe/b/hand.tflite": b"a hand"}


@pytest.fixture(autouse=True)
def files(monkeypatch, tmp_path):
    """Small files stand for the networks; the cache is empty."""
    stand_ins = [cache.File(name, hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items()]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "FILES", stand_ins)
    monkeypatch.setattr(wheel, "FILES", stand_ins)
    return stand_ins


@pytest.fixture
def make_wheel(tmp_path):
    def make(content):
        path = tmp_path / "mediapipe.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        return path

    return make


def test_the_named_files_of_a_wheel_go_into_the_cache_and_no_others(files, make_wheel):
    assert not cache.are_there()
    wheel.fetch(make_wheel(CONTENT | {"mediapipe/evil.py": b"print()"}))
    assert cache.are_there()
    assert [cache.content_of(file) for file in files] == list(CONTENT.values())
    assert sorted(path.name for path in cache.cache_folder().iterdir()) == ["hand.tflite", "person.tflite"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            CONTENT | {"mediapipe/b/hand.tflite": b"a foot"},
            r"b/hand\.tflite in .* is not that of mediapipe",
        ),
        ({"mediapipe/a/person.tflite": b"a person"}, r"is not a whole wheel of mediapipe 0.*no item named"),
    ],
)
def test_nothing_is_written_unless_every_file_is_what_it_should_be(make_wheel, content, says):
    with pytest.raises(UserError, match=says):
        wheel.fetch(make_wheel(content))
    assert not cache.cache_folder().exists()


def test_a_file_that_is_no_wheel_is_named(tmp_path):
    (tmp_path / "cut.whl").write_bytes(b"PK\3\4")
    with pytest.raises(UserError, match=r"cut\.whl is not a whole wheel of mediapipe 0\.10\.21"):
        wheel.fetch(tmp_path / "cut.whl")
    with pytest.raises(UserError, match="is not a plain file"):
        wheel.fetch(tmp_path)


def test_pip_is_asked_for_one_wheel_by_its_hash_and_installs_nothing(monkeypatch, make_wheel):
    asked = []

    def pip(command, **_):
        folder, wanted = command[command.index("--dest") + 1], command[command.index("--requirement") + 1]
        asked.append((command[1:4], Path(wanted).read_text()))
        make_wheel(CONTENT).rename(f"{folder}/mediapipe-0.10.21.whl")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    wheel.fetch()
    assert asked == [(["-m", "pip", "download"], f"mediapipe==0.10.21 --hash=sha256:{wheel.WHEEL_SHA256}\n")]
    assert cache.are_there()


def test_without_a_network_the_error_says_what_pip_said_and_how_to_go_on(monkeypatch):
    said = "WARNING: retrying\nERROR: No matching distribution found for mediapipe==0.10.21\n"
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", said)
    )
    with pytest.raises(
        PassingError, match=r"pip cannot download mediapipe 0\.10\.21 \(ERROR: No matching.*with --wheel$"
    ):
        wheel.fetch()


def test_the_command_says_the_licence_and_what_to_do_next(make_wheel, caplog):
    caplog.set_level("INFO")
    fetch(wheel=make_wheel(CONTENT))
    assert "Licence: Apache License 2.0" in caplog.text
    assert "run dvc repro --force curate" in caplog.text


def test_a_damaged_or_missing_file_in_the_cache_says_to_fetch_it_again(files, make_wheel):
    with pytest.raises(UserError, match=r"no .*person\.tflite: run fashion-pggan models fetch"):
        cache.content_of(files[0])
    wheel.fetch(make_wheel(CONTENT))
    files[0].path.write_bytes(b"a parson")
    with pytest.raises(UserError, match=r"is not what mediapipe 0.*SHA-256: run fashion-pggan models"):
        cache.content_of(files[0])
    wheel.fetch(make_wheel(CONTENT))
    assert cache.content_of(files[0]) == b"a person"


def test_the_cache_is_the_users_and_a_relative_one_is_ignored(monkeypatch, tmp_path):
    assert cache.cache_folder() == tmp_path / "cache/fashion-pggan/mediapipe-0.10.21"
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / ".cache/fashion-pggan/mediapipe-0.10.21"


def test_a_missing_wheel_and_one_with_more_bytes_than_any_has_are_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.whl is missing: give the wheel of mediapipe"):
        wheel.fetch(tmp_path / "none.whl")
    with (tmp_path / "huge.whl").open("wb") as file:  # sparse
        file.truncate(wheel.MOST_WHEEL + 1)
    with pytest.raises(UserError, match=r"huge\.whl is not a whole wheel .* \(268,435,457 bytes\)"):
        wheel.fetch(tmp_path / "huge.whl")


def test_a_cache_that_cannot_be_made_is_named_before_anything_is_fetched(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file/cache"))
    with pytest.raises(
        UserError,
        match=r"the cache .*file/cache/fashion-pggan/.* cannot be made \(.*/file is a file\): set XDG_C",
    ):
        wheel.fetch()


def test_a_wheel_below_a_file_is_missing(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file/mediapipe\.whl is missing: give the wheel"):
        wheel.fetch(tmp_path / "file/mediapipe.whl")
