"""Tar files that were made to hurt."""

import io
import tarfile
import tracemalloc

import pytest

from fashion_pggan.storage.bounded.tar import entries_of

BROKEN = (ValueError, tarfile.TarError)
MOST = 1 << 20


def header(name="a.png", size=3, kind=tarfile.REGTYPE):
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT)


def signed(data, start, field):
    """A header with another field, and its checksum right."""
    block = bytearray(data)
    block[start : start + len(field)] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def whole(name="a.png", data=b"abc"):
    return header(name, len(data)) + data.ljust(512, b"\0")


SIZE = 124  # where it stands
END = bytes(1024)
NEGATIVE = b"\xff" * 10 + b"\xf0\x00"  # -4096
BOMBS = {
    "a terabyte": (header(size=1 << 40) + END, "has 1,099,511,627,776 bytes"),
    "behind the end": (header(size=5000) + END, "ends beyond the file's end"),
    "negative": (whole() + signed(header(), SIZE, NEGATIVE) + END, "points backwards|negative|bad|header"),
    "a long name of a gigabyte": (header(size=1 << 30, kind=tarfile.GNUTYPE_LONGNAME) + END, "a header of"),
    "a PAX header of a gigabyte": (header(size=1 << 30, kind=tarfile.XHDTYPE) + END, "a header of"),
    "a global PAX header of a gigabyte": (header(size=1 << 30, kind=tarfile.XGLTYPE) + END, "a header of"),
    "headers of headers": (
        header("x", 0, tarfile.GNUTYPE_LONGNAME) * 3000 + END,
        "headers are broken|header",
    ),
    "no tar file": (b"x" * 2000, "header|empty|invalid"),
    "a text": (b"hello", "header|empty|invalid|truncated"),
}


@pytest.mark.parametrize("kind", list(BOMBS))
def test_a_hostile_tar_file_is_refused_in_little_memory(tmp_path, kind):
    data, says = BOMBS[kind]
    (tmp_path / "train-0.tar").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(BROKEN, match=says):
        list(entries_of(tmp_path / "train-0.tar", MOST))
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_an_entry_with_holes_is_refused(tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        entry = tarfile.TarInfo("a.png")
        entry.size = 512
        entry.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.map": "0,512",
            "GNU.sparse.size": str(1 << 40),
        }
        tar.addfile(entry, io.BytesIO(bytes(512)))
    (tmp_path / "train-0.tar").write_bytes(buffer.getvalue())
    with pytest.raises(BROKEN, match=r"a sparse file|bytes, more than"):
        list(entries_of(tmp_path / "train-0.tar", MOST))


def test_links_devices_and_folders_are_passed_over(tmp_path):
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
    odd = b"".join(header(f"{number}.png", 0, kind) for number, kind in enumerate(kinds))
    (tmp_path / "train-0.tar").write_bytes(odd + whole("b.png", b"x" * 600 + bytes(424)) + END)
    assert [entry.name for entry in entries_of(tmp_path / "train-0.tar", MOST)] == ["b.png"]


def test_a_sparse_file_of_forty_gigabytes_is_refused_at_once(tmp_path):
    path = tmp_path / "train-0.tar"
    path.write_bytes(header(size=30 << 30, kind=tarfile.XHDTYPE))
    with path.open("r+b") as file:
        file.truncate(40 << 30)
    with pytest.raises(BROKEN, match="a header of"):
        list(entries_of(path, MOST))
