import logging

import torch

from train.saved.checkpoint import checkpoints_in, images_shown_of, newest_state, write_checkpoint

CPU = torch.device("cpu")


def test_a_checkpoint_comes_back_as_it_was_and_three_are_kept(tmp_path):
    for images_shown in (10, 20, 30, 40):
        write_checkpoint(
            tmp_path, images_shown, {"images_shown": images_shown, "x": torch.arange(images_shown)}
        )
    assert [images_shown_of(path) for path in checkpoints_in(tmp_path)] == [20, 30, 40]
    state = newest_state(tmp_path, CPU)
    assert state["images_shown"] == 40
    torch.testing.assert_close(state["x"], torch.arange(40))


def test_a_torn_checkpoint_is_named_and_the_one_before_it_is_used(tmp_path, caplog):
    for images_shown in (10, 20):
        write_checkpoint(tmp_path, images_shown, {"images_shown": images_shown})
    newest = checkpoints_in(tmp_path)[-1]
    newest.write_bytes(newest.read_bytes()[:-7])
    with caplog.at_level(logging.WARNING):
        assert newest_state(tmp_path, CPU)["images_shown"] == 10
    assert f"{newest} is broken: using the one before it" in caplog.text


def test_one_flipped_bit_is_noticed(tmp_path):
    write_checkpoint(tmp_path, 10, {"x": torch.zeros(1000)})
    (path,) = checkpoints_in(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert newest_state(tmp_path, CPU) is None


def test_a_new_run_has_no_state(tmp_path):
    assert newest_state(tmp_path, CPU) is None
