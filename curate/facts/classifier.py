"""The user's own classifier of styles or of labels: an ONNX model, and a recipe that says how to use it.

The recipe's form is in docs/how-to/curate-by-style.md; classifiers/clip.yaml is one.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from curate.facts.classifier_recipe import AnyRecipe, LabelRecipe, StyleRecipe, Text, existing, recipe_at
from curate.facts.style import Style
from curate.pixels.measure import Pixels
from fashion_pggan.errors import UserError, install_hint, one_line
from fashion_pggan.storage.bounded.plain_file import read_text

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

OTHER = "other"  # the class of what has no style or label

Floats = npt.NDArray[np.float32]


class Classifier:
    """A model that scores one image at a time.

    Args:
        path: of the recipe.
        kind: whose classes are styles, or labels.

    Raises:
        UserError: the recipe or one of its files is missing or wrong, or onnxruntime is not installed.
    """

    def __init__(self, path: Path, kind: type[AnyRecipe] = StyleRecipe) -> None:
        self.path, self.recipe = path, recipe_at(path, kind)
        self.session = _session(path.parent / self.recipe.model)
        text = self.recipe.text
        self.names: Sequence[str] = self.recipe.classes
        self.words: Floats | None = None  # (prompts, d), of length 1
        if text:
            self.names = [name for name, prompts in text.prompts.items() for _ in prompts]
            self.words = _embedded(path.parent, text)

    def scores_of(self, pixels: Pixels) -> dict[Style, float]:
        """A score from 0 to 1 for each style that the recipe names; with `other` they add up to 1."""
        return {Style(name): score for name, score in self.shares_of(pixels).items() if name != OTHER}

    def shares_of(self, pixels: Pixels) -> dict[str, float]:
        """A score from 0 to 1 for each class of the recipe; they add up to 1."""
        logits = self._logits_of(pixels)
        if len(logits) != len(self.names):
            raise UserError(
                f"{self.path} gives {len(logits)} scores, but classes has {len(self.names)} names: "
                "give one name per score"
            )
        if not np.isfinite(logits.max()):
            raise UserError(
                f"{self.path} gives scores that are not finite ({', '.join(map(str, logits[:3]))}, ...): "
                "correct the model, or the recipe's mean and deviation"
            )
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        scores: dict[str, float] = {}
        for name, share in zip(self.names, shares, strict=True):
            scores[name] = scores.get(name, 0.0) + float(share)
        return {name: min(score, 1.0) for name, score in scores.items()}

    def _logits_of(self, pixels: Pixels) -> npt.NDArray[np.float64]:
        wanted = [self.recipe.output] if self.recipe.output else None
        [answer, *_] = self._run(wanted, self._input_of(pixels))
        logits = np.asarray(answer, np.float64).reshape(-1)
        if self.words is None or not self.recipe.text:
            return logits
        with np.errstate(invalid="ignore"):  # of infinite ones; the caller refuses what comes of them
            unit = logits / max(float(np.linalg.norm(logits)), 1e-9)
            return np.asarray(self.recipe.text.scale * (self.words @ unit), np.float64)

    def _input_of(self, pixels: Pixels) -> Floats:
        """(1, 3, side, side)."""
        side = self.recipe.side
        if self.recipe.crop == "centre":
            height, width, _ = pixels.shape
            short = min(height, width)
            top, left = (height - short) // 2, (width - short) // 2
            pixels = pixels[top : top + short, left : left + short]
        shrinks = min(pixels.shape[:2]) >= side
        square = cv2.resize(
            pixels, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
        normal = (square.astype(np.float32) / 255 - self.recipe.mean) / self.recipe.deviation
        return np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32)

    def _run(self, wanted: list[str] | None, image: Floats) -> list[Any]:
        try:
            return list(self.session.run(wanted, {self.session.get_inputs()[0].name: image}))
        except Exception as error:  # onnxruntime's errors have no common class
            raise UserError(
                f"the model {self.path} cannot be run ({one_line(error)}): correct the recipe, "
                "or give another model"
            ) from error


@cache
def classifier_at(path: str) -> Classifier:
    """The classifier of styles with this recipe, loaded once per process."""
    return Classifier(Path(path))


@cache
def label_classifier_at(path: str) -> Classifier:
    """The classifier of labels with this recipe, loaded once per process."""
    return Classifier(Path(path), LabelRecipe)


def _session(path: Path) -> "InferenceSession":
    try:
        import onnxruntime
    except ImportError:
        raise UserError(f"a classifier of your own needs onnxruntime: run {install_hint('onnx')}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # there is already a process per core
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(existing(path)), options, providers=["CPUExecutionProvider"])
    except UserError:
        raise
    except Exception as error:  # onnxruntime's errors have no common class
        raise UserError(f"onnxruntime cannot read {path} ({one_line(error)}): give an ONNX model") from error


def _embedded(folder: Path, text: Text[Any]) -> Floats:
    """The prompts as unit vectors, (prompts, d)."""
    session = _session(folder / text.model)
    names = [given.name for given in session.get_inputs()]  # tokens; a model may want their mask too
    inputs = dict(zip(names, _tokens(existing(folder / text.tokenizer), text), strict=False))
    embeddings = np.asarray(session.run(None, inputs)[0], np.float32)
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.asarray(embeddings / np.maximum(lengths, 1e-9), np.float32)


def _tokens(path: Path, text: Text[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Token numbers, and 1 where they are no padding: (prompts, length) each."""
    try:
        import tokenizers
    except ImportError:
        raise UserError(f"a recipe with text needs tokenizers: run {install_hint('onnx')}") from None
    try:
        tokenizer = tokenizers.Tokenizer.from_str(read_text(path))
    except UserError:
        raise
    except Exception as error:  # tokenizers raises nothing more exact
        raise UserError(
            f"{path} cannot be read as a tokenizer ({one_line(error)}): give a tokenizer.json"
        ) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(text.length)
    rows = [tokenizer.encode(prompt).ids for prompts in text.prompts.values() for prompt in prompts]
    tokens = [row + [text.pad] * (text.length - len(row)) for row in rows]
    used = [[1] * len(row) + [0] * (text.length - len(row)) for row in rows]
    return np.array(tokens, np.int64), np.array(used, np.int64)
