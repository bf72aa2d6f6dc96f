import hashlib
import io
import logging
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from fashion_pggan.errors import UserError
from train.saved.checkpoint import checkpoints_in, images_shown_of, newest_state, write_checkpoint

CPU = torch.device("cpu")
FORMER = Path(__file__).parent / "former"


def packed(state, change=lambda name, data: data, method=zipfile.ZIP_STORED) -> bytes:
    """The bytes of `torch.save`, with records changed or packed."""
    saved, again = io.BytesIO(), io.BytesIO()
    torch.save(state, saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(again, "w", method) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, change(entry.filename, source.read(entry)))
    return again.getvalue()


def write_payload(folder: Path, payload: bytes) -> Path:
    """A checkpoint as somebody else may write it: its checksum fits."""
    path = folder / "checkpoint-000000000010.pt"
    path.write_bytes(hashlib.sha256(payload).digest() + payload)
    return path


def test_a_checkpoint_comes_back_as_it_was_and_three_are_kept(tmp_path):
    for images_shown in (10, 20, 30, 40):
        write_checkpoint(
            tmp_path, images_shown, {"images_shown": images_shown, "x": torch.arange(images_shown)}
        )
    assert [images_shown_of(path) for path in checkpoints_in(tmp_path)] == [20, 30, 40]
    state = newest_state(tmp_path, CPU)
    assert state["images_shown"] == 40
    torch.testing.assert_close(state["x"], torch.arange(40))


def test_a_checkpoint_of_a_former_version_is_read():
    state = newest_state(FORMER, CPU)
    assert state["images_shown"] == 112
    assert state["tensors"]["generator"].dtype == torch.float32


def test_a_torn_checkpoint_is_named_and_the_one_before_it_is_used(tmp_path, caplog):
    for images_shown in (10, 20):
        write_checkpoint(tmp_path, images_shown, {"images_shown": images_shown})
    newest = checkpoints_in(tmp_path)[-1]
    newest.write_bytes(newest.read_bytes()[:-7])
    with caplog.at_level(logging.WARNING):
        assert newest_state(tmp_path, CPU)["images_shown"] == 10
    assert f"{newest} is damaged: using the checkpoint before it" in caplog.text


def test_a_run_whose_checkpoints_are_all_broken_does_not_start_afresh_by_itself(tmp_path):
    write_checkpoint(tmp_path, 10, {"x": torch.zeros(1000)})
    (path,) = checkpoints_in(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"all checkpoints in .* are damaged: .* delete the folder"):
        newest_state(tmp_path, CPU)


def test_a_new_run_has_no_state(tmp_path):
    assert newest_state(tmp_path, CPU) is None


@pytest.mark.parametrize(
    "name", ["checkpoint-x.pt", "checkpoint-12 (copy).pt", "checkpoint-.pt", "checkpoint-٣.pt"]
)
def test_a_file_of_another_name_is_no_checkpoint(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    write_checkpoint(tmp_path, 10, {"images_shown": 10})
    assert [images_shown_of(path) for path in checkpoints_in(tmp_path)] == [10]
    assert (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"", "zip"),
        (packed({"x": torch.zeros(1 << 20)}, method=zipfile.ZIP_DEFLATED), "is packed"),
        (
            packed({"x": torch.zeros(9)}, lambda name, data: data[:16] if name.endswith("data/0") else data),
            "record size",
        ),
        (packed([torch.zeros(1)]), "a list"),
        (packed({"x": torch.zeros(1).expand(1 << 40)}), "not stored as it is"),
        (packed({"x": torch.zeros(4, 4).t()}), "not stored as it is"),
        (packed({"x": torch.eye(3).to_sparse()}), "sparse"),
        (
            packed({}, lambda name, data: pickle.dumps(print, 2) if name.endswith(".pkl") else data),
            "it names __builtin__ print",
        ),
        (
            packed({}, lambda name, data: pickle.dumps(bytearray(9), 4) if name.endswith(".pkl") else data),
            "it names",
        ),
    ],
)
def test_what_somebody_made_up_is_refused_in_one_line(tmp_path, payload, says):
    path = write_payload(tmp_path, payload)
    with pytest.raises(UserError, match=says) as refused:
        newest_state(tmp_path, CPU)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith("remove it from the folder")
