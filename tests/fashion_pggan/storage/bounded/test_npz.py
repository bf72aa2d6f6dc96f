"""NumPy's archives that were made to hurt."""

import io
import os
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.npz import arrays_in


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(name, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


WHOLE = npz(a=np.arange(3))
SHAPE = b"{'descr':'<f4','fortran_order':False,'shape':(%d,)}\n"
ODD = {
    "a bomb": (npz(a=np.zeros(1 << 22)), "it unpacks to 33.6 MB, more than 1.0 MB"),
    "a pickle": (npz(a=np.array([{}], object)), "allow_pickle"),
    "a giant shape": (zipped("a.npy", header(SHAPE % 2**50)), "."),
    "a longer shape": (zipped("a.npy", header(SHAPE % 2**62)), "."),
    "nested": (zipped("a.npy", header(b"(" * 9000)), "."),
    "cut": (WHOLE[:-30], "."),
    "no archive": (b"hello", "."),
    "empty": (b"", "."),
}


@pytest.mark.parametrize("kind", list(ODD))
def test_an_odd_archive_is_a_value_error(tmp_path, kind):
    data, says = ODD[kind]
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(ValueError, match=says) as raised:
        arrays_in(tmp_path / "a.npz", 1 << 20)
    assert len(str(raised.value).splitlines()) == 1


def test_flipped_bits_raise_value_errors_alone(tmp_path):
    for place in range(len(WHOLE)):
        data = bytearray(WHOLE)
        data[place] ^= 0x21
        (tmp_path / "a.npz").write_bytes(data)
        with suppress(ValueError):
            arrays_in(tmp_path / "a.npz", 1 << 20)


def test_a_whole_archive_is_read_and_a_pipe_is_not(tmp_path):
    (tmp_path / "a.npz").write_bytes(WHOLE)
    assert arrays_in(tmp_path / "a.npz", 1 << 20)["a"].tolist() == [0, 1, 2]
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(UserError, match="not a plain file"):
        arrays_in(tmp_path / "pipe.npz", 1 << 20)
    with pytest.raises(FileNotFoundError):
        arrays_in(tmp_path / "none.npz", 1)


def test_an_archive_with_more_bytes_than_its_arrays_may_have_is_not_opened(tmp_path):
    with (tmp_path / "a.npz").open("wb") as file:  # sparse
        file.truncate(1 << 33)
    with pytest.raises(ValueError, match=r"it has 8\.6 GB, more than 1\.0 MB"):
        arrays_in(tmp_path / "a.npz", 1 << 20)
