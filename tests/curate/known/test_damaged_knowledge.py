"""Damage in what is known of images is named, never raised."""

from pathlib import Path

import numpy as np

from curate.known.damaged_knowledge import faults


def test_no_damaged_byte_of_an_archive_ends_the_check(tmp_path: Path) -> None:
    path = tmp_path / "facts-1/copies-1.npz"
    path.parent.mkdir()
    np.savez_compressed(path, names=np.arange(200) % 7)
    whole = path.read_bytes()
    assert dict(faults(tmp_path))[path] == ""
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert path in dict(faults(tmp_path))
        path.write_bytes(whole[:place])
        assert dict(faults(tmp_path))[path]
