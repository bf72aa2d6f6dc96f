"""The photographs of a folder, decoded as curation decodes them."""

from collections.abc import Iterator
from pathlib import Path

from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.measure import Pixels


def photographs_in(folder: Path, first: int = 0) -> Iterator[Pixels]:
    """The pixels of the images in a folder, by name, from `first` on; what is refused is left out."""
    for path in sorted(folder.iterdir())[first:]:
        try:
            yield decode(open_image(path.read_bytes())).pixels
        except Refused:
            continue
