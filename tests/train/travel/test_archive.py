"""Runs in archives: what arrives resumes bit for bit, and what is not a whole run never arrives."""

import io
import shutil
import tarfile
from pathlib import Path

import pytest
import torch

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.storage.hashes import hashed_json, values_of
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.outputs import check_output
from fashion_pggan.verify import listed
from generate.sampling.sampler import Sampler, snapshots_in
from train import stage
from train.travel.archive import CONTENTS, export_run, import_run
from train.travel.run_files import names_below


@pytest.fixture
def archive(run, tmp_path) -> Path:
    export_run(run, tmp_path / "run.tar")
    return tmp_path / "run.tar"


def entries(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def write(archive: Path, files: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> None:
    with tarfile.open(archive, "w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.type = tarfile.REGTYPE if name == CONTENTS else kind
            entry.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            tar.addfile(entry, io.BytesIO(data))


def with_contents(held: dict[str, bytes], **changed: object) -> dict[str, bytes]:
    values = {**values_of(held[CONTENTS].decode()), **changed}
    return {**held, CONTENTS: hashed_json(values).encode()}


def test_a_run_that_arrives_elsewhere_resumes_bit_for_bit(archive, run, tmp_path, dataset, short):
    longer = short.model_copy(update={"total_kimg": 0.32})
    arrived = import_run(archive, tmp_path / "there")
    assert arrived.name == run.name
    assert not [fault for _, fault in listed.faults(arrived) if fault]
    for runs, models in ((tmp_path / "there", "a"), (run.parent, "b")):
        stage.run(dataset.folder, tmp_path / models, longer, runs=runs, device="cpu")
    ours, theirs = (snapshots_in(tmp_path / models) for models in "ab")
    assert [path.name for path in ours] == [path.name for path in theirs]
    for one, other in zip(ours, theirs, strict=True):
        weights, expected = (Sampler.load(path).generator.state_dict() for path in (one, other))
        assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert (arrived / "checkpoint-000000000320.pt").is_file()


def test_the_same_run_gives_the_same_bytes_wherever_it_lies(archive, run, tmp_path):
    arrived = import_run(archive, tmp_path / "there")
    export_run(arrived, tmp_path / "again.tar")
    shutil.copytree(run, tmp_path / "under another name")
    export_run(tmp_path / "under another name", tmp_path / "third.tar")
    for name in ("again.tar", "third.tar"):
        assert (tmp_path / name).read_bytes() == archive.read_bytes()


def test_without_snapshots_the_archive_holds_checkpoint_and_logs_alone(run, tmp_path):
    export_run(run, tmp_path / "small.tar", snapshots=False)
    assert {name.partition("/")[0] for name in entries(tmp_path / "small.tar")} == {
        CONTENTS,
        "checkpoint-000000000160.pt",
        "run.json",
        "status.json",
        "tensorboard",
        "training.csv",
    }


def test_a_run_that_is_there_is_never_overwritten(archive, run, runs):
    before = {name: (run / name).read_bytes() for name in names_below(run)}
    with pytest.raises(UserError, match=rf"{run.name} is there already: remove it first"):
        import_run(archive, runs)
    assert {name: (run / name).read_bytes() for name in names_below(run)} == before
    assert list(runs.iterdir()) == [run]


def test_a_run_in_training_is_not_exported(run, tmp_path):
    with exclusive(run), pytest.raises(UserError, match=r"is in use by process \d+"):
        export_run(run, tmp_path / "run.tar")
    assert not (tmp_path / "run.tar").exists()


def test_a_damaged_run_is_not_exported(run, tmp_path):
    (run / "snapshots/000000.080.safetensors").write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"000000\.080\.safetensors is damaged .*run fashion-pggan verify"):
        export_run(run, tmp_path / "run.tar")
    for path in run.glob("checkpoint-*"):
        path.write_bytes(b"damaged")
    with pytest.raises(UserError, match="has no whole checkpoint"):
        export_run(run, tmp_path / "run.tar")
    assert not (tmp_path / "run.tar").exists()


def test_an_archive_replaces_an_archive_and_nothing_else(archive, tmp_path):
    check_output(archive)
    with tarfile.open(tmp_path / "mine.tar", "w") as tar:
        tar.add(archive, "photos.tar")
    with pytest.raises(UserError, match="not a file that this command wrote"):
        check_output(tmp_path / "mine.tar")


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9])
def test_one_changed_byte_is_found_and_nothing_arrives(archive, tmp_path, share):
    data = bytearray(archive.read_bytes())
    place = next(
        at for at in range(int(len(data) * share), len(data)) if data[at]
    )  # the padding between entries means nothing
    data[place] ^= 1
    archive.write_bytes(data)
    with pytest.raises(UserError, match=r"run\.tar is not an intact export of a run .*: get another copy"):
        import_run(archive, tmp_path / "there")
    assert not list((tmp_path / "there").glob("*"))


def test_an_archive_that_is_not_there_is_told_by_its_name(tmp_path):
    with pytest.raises(UserError, match=r"no file .*nothing\.tar: give one"):
        import_run(tmp_path / "nothing.tar", tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_the_command_that_imports_can_be_copied_whatever_the_file_is_called(run, tmp_path, caplog):
    caplog.set_level("INFO")
    call("runs", "export", str(run), str(tmp_path / "my run.tar"))
    assert f"fashion-pggan runs import '{tmp_path / 'my run.tar'}'" in caplog.text


def test_a_cut_archive_is_none(archive, tmp_path):
    data = archive.read_bytes()
    for size in (0, 100, 600, len(data) // 2):
        archive.write_bytes(data[:size])
        with pytest.raises(UserError, match="is not an intact export of a run"):
            import_run(archive, tmp_path / "there")
    assert not list((tmp_path / "there").glob("*"))


def test_names_that_lead_out_of_the_folder_are_refused(archive, tmp_path):
    files = entries(archive)
    listed_files = values_of(files[CONTENTS].decode())["files"]
    for name in ("../../evil.pt", "/evil.pt", "snapshots/../../000001.000.safetensors", "run.json/x"):
        there = with_contents(files, files={**listed_files, name: [4, "0" * 64]})
        write(archive, {**there, name: b"evil"})
        with pytest.raises(UserError, match="which is not part of a run"):
            import_run(archive, tmp_path / "there")
    for run in ("..", ".", "a/b", "0" * 16 + "/..", "x" * 16):
        write(archive, with_contents(files, run=run))
        with pytest.raises(UserError, match="is not an intact export of a run"):
            import_run(archive, tmp_path / "there")
    assert not list((tmp_path / "there").glob("*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_what_is_no_plain_file_does_not_arrive(archive, tmp_path, kind):
    write(archive, entries(archive), kind)
    with pytest.raises(UserError, match="is not an intact export of a run"):
        import_run(archive, tmp_path / "there")


def test_another_run_under_the_name_of_this_one_is_refused(archive, tmp_path):
    write(archive, with_contents(entries(archive), run="0123456789abcdef"))
    with pytest.raises(UserError, match=r"0123456789abcdef is not the run that its run\.json describes"):
        import_run(archive, tmp_path / "there")


def test_files_twice_unlisted_or_missing_are_refused(archive, tmp_path):
    files = entries(archive)
    write(archive, {**files, "grids/000009.000.png": b""})
    with pytest.raises(UserError, match=r"'grids/000009\.000\.png', which it does not list"):
        import_run(archive, tmp_path / "there")
    write(archive, {name: data for name, data in files.items() if name != "training.csv"})
    with pytest.raises(UserError, match=r"training\.csv is missing"):
        import_run(archive, tmp_path / "there")


def test_an_archive_larger_than_the_disk_is_refused_before_anything_is_written(archive, tmp_path):
    files = entries(archive)
    listed_files = values_of(files[CONTENTS].decode())["files"]
    huge = {name: [1 << 40, sha256] for name, (_, sha256) in listed_files.items()}
    write(archive, with_contents(files, files=huge))
    with pytest.raises(UserError, match=r"importing .*run\.tar needs .* GB .*: free some space, or give"):
        import_run(archive, tmp_path / "there")


def test_the_commands_list_export_remove_and_import(run, runs, finished, tmp_path, capsys):
    call("runs", "list", "--runs", str(runs), "--models", str(finished / "models"))
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["run", "state", "kimg", "disk", "checkpoints"]
    assert line.startswith(f"{run.name}  finished  0.16 of 0.16")
    assert line.endswith("models")
    archive = str(tmp_path / "run.tar")
    call("runs", "export", run.name, archive, "--runs", str(runs))
    call("runs", "remove", run.name, "--runs", str(runs))
    assert not run.exists()
    call("runs", "import", archive, "--runs", str(runs))
    assert (run / "checkpoint-000000000160.pt").is_file()
    with pytest.raises(UserError, match="is there already"):
        call("runs", "import", archive, "--runs", str(runs))
