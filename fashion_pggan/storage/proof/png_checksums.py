"""Whether a PNG is the one that was written, by the checksums of its chunks."""

from pathlib import Path

from fashion_pggan.storage.png.chunks import END, SIGNATURE, chunks, is_right


def png_fault(path: Path) -> str:
    """What is wrong with a PNG; empty if nothing is.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    size, kind = len(SIGNATURE), b""
    for kind, chunk in chunks(data) if data.startswith(SIGNATURE) else ():
        if not is_right(chunk):
            return f"the checksum of its part {kind.decode('ascii', 'replace')!r} is wrong"
        size += len(chunk)
    return "" if kind == END and size == len(data) else "it is not a complete PNG"
