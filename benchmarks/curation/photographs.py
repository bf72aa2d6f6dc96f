"""The images that benchmarks measure, decoded as curation decodes them: photographs, and drawn garments."""

from collections.abc import Iterator
from pathlib import Path

from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.measure import Pixels
from demo_shop.draw.sketch import Sketch, sketch_of
from demo_shop.goods.drawn import Drawn

SMALLEST = 256  # pixels, drawn images below are left out


def photographs_in(folder: Path, first: int = 0, every: int = 1) -> Iterator[Pixels]:
    """The pixels of the images in a folder, by name, from `first` on; what is refused is left out."""
    for path in sorted(folder.iterdir())[first::every]:
        try:
            yield pixels_in(path.read_bytes())
        except Refused:
            continue


def drawn_garments(indices: range) -> Iterator[tuple[Sketch, Pixels]]:
    """Of the demo shop's images those that are whole, large and no copies."""
    shop = Drawn(indices.stop)
    for index in indices:
        sketch = sketch_of(index)
        whole = not sketch.fault and sketch.image_index == index
        if whole and min(sketch.width, sketch.height) >= SMALLEST:
            yield sketch, pixels_in(shop.image(index))


def pixels_in(data: bytes) -> Pixels:
    """The pixels of an image file.

    Raises:
        Refused: it has none.
    """
    return decode(open_image(data)).pixels
