"""Check a run of the pipeline on a folder of photographs: all were crawled unchanged, and training helped.

Usage: python .ci/check_photographs.py FOLDER, from the repository root.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.packed.in_shard import place_of
from fashion_pggan.storage.records import RawImage, read_records

RAW = Path("data/raw")


def main() -> None:
    """End with an error unless every check passes."""
    source = sorted(sha256_of(path) for path in Path(sys.argv[1]).iterdir() if path.is_file())
    records = read_records(RAW / "records.parquet", RawImage)
    assert len(records) == len(source), f"{len(records)} records of {len(source)} photographs"
    images = {place_of(RAW / record.file, record.offset, record.size) for record in records}
    hashes = sorted(sha256(image.read_bytes()).hexdigest() for image in images)
    assert hashes == source, f"{len(hashes)} images are not the {len(source)} photographs, byte for byte"
    assert sorted(record.sha256 for record in records) == source, "records name other bytes than were served"
    distances = json.loads(Path("reports/swd.json").read_text())
    untrained, last = distances["untrained"], distances["last"]
    levels = [name for name in last if name.startswith("SWDx1e3_")]
    worse = [name for name in levels if not last[name] < untrained[name]]
    assert not worse, f"training did not lower {worse}: {untrained} -> {last}"
    print(f"{len(source)} photographs crawled, byte for byte; trained below untrained at {', '.join(levels)}")


if __name__ == "__main__":
    main()
