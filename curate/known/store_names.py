"""The names of the stores. Whatever can change a stored fact or pixel changes the name.

So a program reads a store only if it would write the same. Another program, other libraries or other
parameters use another folder.
"""

from collections.abc import Sequence
from importlib.metadata import version

from fashion_pggan.images.decode import heif
from fashion_pggan.params import CurateParams
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.storage.shards import levels_up_to

LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "simplejpeg")  # they compute pixels
DECODING = ("curate.pixels", "fashion_pggan.images.decode", "fashion_pggan.storage.png")
MEASURING = ("curate.facts", "fashion_pggan.images.hashes", *DECODING)  # the folders that compute facts
CLOSER = ("curate.copies", *MEASURING)  # the folders that look at likely copies again
LOOKING = ("curate.people", *DECODING)  # the folders that look for people
READING = ("curate.text", *MEASURING)  # the folders that look for text, away from the garment
REDUCING = ("curate.squares", *DECODING)  # the folders that compute levels from facts


def facts_name() -> str:
    """The folder of the facts of every image."""
    return f"facts-{name_of(MEASURING)}"


def levels_name(params: CurateParams, networks: str = "") -> str:
    """The folder of levels. A garment's square depends on measured facts, the centre square does not.

    Args:
        params: the curate section.
        networks: that look for people, with versions; where they give the square, its pixels depend on them.
    """
    seen = {"centre": (), "garment": MEASURING, "top": (*MEASURING, *LOOKING)}[params.crop]
    packages = tuple({*REDUCING, *seen})
    looked_by = [networks] if params.crop == "top" else []
    sides = levels_up_to(params.resolution)
    return f"levels-{name_of(packages, sides, params.crop, params.enlarge, *looked_by)}"


def name_of(packages: Sequence[str], *values: object) -> str:
    """A hash of folders of the program, of the libraries that compute pixels, and of values."""
    libraries = [version(name) for name in LIBRARIES] + [name for name in [heif.installed()] if name]
    return hash_of(program_of(*packages), libraries, *values)
