"""Reads all that evaluation keeps and says which of its files are damaged."""

from pathlib import Path

from evaluate.comparison.cache import HASHES
from fashion_pggan.errors import one_line
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import file_fault
from fashion_pggan.storage.hashes import values_of
from fashion_pggan.verify import listed
from fashion_pggan.verify.findings import Faults


def faults(folder: Path) -> Faults:
    """Each file of distances and of descriptors with what is wrong with it; empty when it is whole."""
    yield from listed.faults(folder)
    for path in sorted(folder.glob("rows/*.json")):
        yield path, _values_of(path)[1]
    for path in sorted(folder.glob(f"descriptors/[!.]*/{HASHES}")):
        hashes, fault = _values_of(path)
        yield path, fault
        for name, sha256 in hashes.items():
            yield path.with_name(name), file_fault(path.with_name(name), str(sha256))


def _values_of(path: Path) -> tuple[dict[str, object], str]:
    try:
        return values_of(read_text(path)), ""
    except (OSError, ValueError) as error:
        return {}, one_line(error)
