"""An image's recipe: all that is needed to make it again, as JSON or inside its PNG file."""

from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Self

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.images.grid import marked
from fashion_pggan.images.png_text import text_of
from fashion_pggan.params import LARGEST_INDEX, explained
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_bytes, read_text
from fashion_pggan.storage.shards import Images
from generate.sampling.latents import DIRECTIONS, directions_of
from generate.sampling.sampler import Sampler

LARGEST_MOVE = 2.0
KEYWORD = "fashion_pggan"  # of the PNG's text
MOST_BYTES = 64 << 20  # of a PNG file with a recipe
MOST_TEXT = 64 << 10  # bytes of a recipe

Name = Annotated[str, Field(max_length=300)]
Counting = Annotated[int, Field(ge=0, le=LARGEST_INDEX)]
Share = Annotated[float, Field(ge=0, le=1)]
Move = Annotated[float, Field(ge=-LARGEST_MOVE, le=LARGEST_MOVE)]


class Place(BaseModel):
    """The place of an image in the latent space."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    seed: Counting
    latent_index: Counting
    other_index: Counting | None = None  # latent index to interpolate towards; None: no interpolation
    share: Share = 0.0  # of the way to the other latent vector
    moves: Annotated[list[Move], Field(max_length=DIRECTIONS)] = []  # along the principal directions
    truncation: Share = 1.0  # see Sampler.truncated
    label: Name = ""  # empty: the one that is drawn for the latent index
    other_label: Name = ""  # of the other latent vector; empty: `label`, or the one that is drawn

    def latent(self, sampler: Sampler) -> Tensor:
        """The row that the generator takes: a latent vector (latent_size,), then a label if it has any."""
        latent = sampler.of_label(self.label).latents(self.seed, [self.latent_index])[0]
        if self.other_index is not None:
            other = sampler.of_label(self.other_label or self.label).latents(self.seed, [self.other_index])[0]
            latent = sampler.between(latent, other, self.share)
        return directions_of(sampler.generator).moved(latent, self.moves) if any(self.moves) else latent

    def image(self, sampler: Sampler) -> Images:
        """The image (resolution, resolution, 3)."""
        image: Images = sampler.truncated(self.truncation).images_of(self.latent(sampler)[None])[0]
        return image


class Recipe(Place):
    """A place, and the snapshot that makes its image. A row of a generated dataset's manifest is a recipe."""

    snapshot: Name
    snapshot_sha256: Name
    kimg: float  # thousand images shown to the snapshot's training
    params_hash: Name
    dataset_version: Name

    @classmethod
    def of(cls, place: Place, sampler: Sampler) -> Self:
        """The recipe of a place."""
        return cls(**place.model_dump(), **facts_of(sampler))

    def check(self, sampler: Sampler) -> None:
        """Check that a snapshot is the recipe's.

        Raises:
            UserError: it is another snapshot.
        """
        if self.snapshot_sha256 != sampler.sha256:
            raise UserError(
                f"the recipe is for snapshot {self.snapshot} with SHA-256 {self.snapshot_sha256[:16]}…, this "
                f"is {sampler.snapshot} with {sampler.sha256[:16]}…: give the snapshot or the models folder "
                "that made the image"
            )

    def png(self, image: Images) -> bytes:
        """The image as PNG, with this recipe inside."""
        buffer, text = BytesIO(), marked()
        text.add_itxt(KEYWORD, self.model_dump_json())
        Image.fromarray(image).save(buffer, "PNG", pnginfo=text)
        return buffer.getvalue()


def facts_of(sampler: Sampler) -> dict[str, Any]:
    """The identity of a snapshot, for manifests and recipes."""
    return {
        "snapshot": sampler.snapshot,
        "snapshot_sha256": sampler.sha256,
        "kimg": sampler.kimg,
        "params_hash": sampler.params_hash,
        "dataset_version": sampler.dataset_version,
    }


def read_recipe(path: Path) -> Recipe:
    """Read a recipe: a JSON file, a row of metadata.jsonl in its own file, or a PNG file.

    Raises:
        UserError: there is no such file, or it holds no recipe.
    """
    if not path.is_file():
        raise UserError(f"no recipe at {path}: give a file that the explorer saved, JSON or PNG")
    try:
        return Recipe.model_validate(json_in(_text_in(path), finite=False))
    except ValidationError as error:
        raise UserError(f"{path} is not a recipe: {explained(error, Recipe)}") from error
    except UserError:
        raise
    except (OSError, ValueError) as error:
        raise UserError(f"{path} holds no recipe ({error}): give one that the explorer saved") from error


def _text_in(path: Path) -> str:
    if path.suffix.lower() != ".png":
        return read_text(path, MOST_TEXT)
    return text_of(read_bytes(path, MOST_BYTES), KEYWORD, MOST_TEXT)
