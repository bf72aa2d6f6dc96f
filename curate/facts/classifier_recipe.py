"""The recipe file: how to use the user's own classifier. Its form: docs/how-to/curate-by-style.md."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Generic, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from fashion_pggan.errors import UserError
from fashion_pggan.params import Label, Section, StyleName, explained
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.bounded.yaml_text import values_in
from fashion_pggan.storage.files import sha256_of

StyleClass = Literal[StyleName, "other"]
Name = TypeVar("Name", bound=str)  # of a class: a style or a label; `other` is for all else

MOST_TOKENS, MOST_PIXELS = 4096, 4096  # per prompt; side of an input


class Text(Section, Generic[Name]):
    """The text side of a model that reads words: it turns prompts into embeddings."""

    model: str  # ONNX: token numbers (n, length) to embeddings (n, d)
    tokenizer: str  # tokenizer.json, as Hugging Face's tokenizers write it
    length: int = Field(gt=0, le=MOST_TOKENS)  # tokens; shorter prompts are padded
    pad: int = 0  # token number
    scale: float = Field(gt=0)  # of cosines, before the softmax
    prompts: dict[Name, list[str]]  # several per class


class Recipe(Section, Generic[Name]):
    """How to use a model. Files are named relative to the recipe."""

    model: str  # ONNX: images (1, 3, side, side) to scores (1, k) or an embedding (1, d)
    side: int = Field(gt=0, le=MOST_PIXELS)  # pixels
    crop: Literal["centre", "squeeze"]  # to the square: cut off the longer side, or squeeze it
    mean: list[float] = Field(min_length=3, max_length=3)  # of red, green, blue in 0 to 1
    deviation: list[float] = Field(min_length=3, max_length=3)
    output: str = ""  # name; empty: the first
    classes: list[Name] = Field(default_factory=list)  # the class of each score, in their order
    text: Text[Name] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.classes) == bool(self.text):
            raise ValueError("give either classes or text")
        if min(self.deviation) <= 0:
            raise ValueError("deviation: give more than 0")
        return self


StyleRecipe = Recipe[StyleClass]
LabelRecipe = Recipe[Label]
AnyRecipe = StyleRecipe | LabelRecipe


def recipe_at(path: Path, kind: type[AnyRecipe] = StyleRecipe) -> AnyRecipe:
    """Read and check a recipe.

    Args:
        path: of the recipe.
        kind: whose classes are styles, or labels.

    Raises:
        UserError: it is missing or wrong.
    """
    try:
        text = read_text(existing(path))
        return kind.model_validate(values_in(text, str(path)))
    except ValidationError as error:
        raise UserError(f"{path}: {explained(error, kind)}") from error


def recipe_hashes(path: Path, kind: type[AnyRecipe] = StyleRecipe) -> list[str]:
    """What all scores depend on: SHA-256 of a recipe and its files, versions of the libraries that run it.

    Raises what `recipe_at` raises.
    """
    recipe = recipe_at(path, kind)
    libraries = ["onnxruntime", *(["tokenizers"] if recipe.text else [])]
    names = [recipe.model, *((recipe.text.model, recipe.text.tokenizer) if recipe.text else ())]
    hashes = [sha256_of(path), *(sha256_of(existing(path.parent / name)) for name in names)]
    return hashes + [_version_of(library) for library in libraries]


def _version_of(library: str) -> str:
    try:
        return f"{library} {version(library)}"
    except PackageNotFoundError:  # the error comes where the library is used
        return f"{library}, not installed"


def existing(path: Path) -> Path:
    """The path of a file that a recipe needs.

    Raises:
        UserError: there is none.
    """
    if not path.is_file():
        raise UserError(f"no file {path}: add it, or leave the parameter that names the recipe empty")
    return path
