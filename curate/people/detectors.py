"""The networks that see people, run by LiteRT on one thread: pixels in; the scores of the best boxes out."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels
from curate.weights.weight_files import HAND, PERSON, File, content_of

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter


Floats = npt.NDArray[np.float32]
Point = tuple[float, float]  # from the left and from above, as shares of the image; may lie outside


@dataclass(frozen=True)
class Network:
    """A network that looks for one kind of thing in a square image."""

    file: File
    side: int  # pixels of its input
    black: float  # that value of its input; white is 1


PEOPLE = Network(PERSON, 224, -1.0)
HANDS = Network(HAND, 192, 0.0)
GRIDS = ((28, 2), (14, 2), (7, 6))  # of PEOPLE: places across the image, boxes at each
HIPS, NECK = 4, 8  # of a person's values: where their place begins
FACE = 0.2  # of the square image's side: a face's box
NOBODY = -50.0  # the logit where no box is apart


def best_score(network: Network, pixels: Pixels) -> float:
    """The logit of the network's most certain box in an upright image."""
    scores, _ = _answers(network, pixels)
    return float(scores.max())


class Persons(NamedTuple):
    """The most certain person in an image, and the next."""

    first: float  # logit
    second: float  # logit, of the most certain one apart from the first
    neck: Point  # of the first
    hips: Point  # of the first, in the middle between them


def persons_in(pixels: Pixels) -> Persons:
    """The most certain person in an upright image, and the most certain one apart from it.

    A person has many boxes around one face; those whose faces overlap are one person's.
    """
    scores, boxes = _answers(PEOPLE, pixels)
    faces = anchors() + boxes[:, :2] / PEOPLE.side
    best = int(scores.argmax())
    apart = np.abs(faces - faces[best]).max(axis=1) > FACE
    height, width, _ = pixels.shape
    across, down = max(height, width) / width, max(height, width) / height

    def place(start: int) -> Point:
        x, y = (anchors()[best] + boxes[best, start : start + 2] / PEOPLE.side - 0.5).tolist()
        return x * across + 0.5, y * down + 0.5

    second = float(scores[apart].max(initial=NOBODY))
    return Persons(float(scores[best]), second, place(NECK), place(HIPS))


@cache
def anchors() -> Floats:
    """(2254, 2): the places in the network's square image that its boxes are relative to, as shares."""
    rows = []
    for across, each in GRIDS:
        middles = (np.arange(across) + 0.5) / across
        y, x = np.meshgrid(middles, middles, indexing="ij")
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(rows).astype(np.float32)


def _answers(network: Network, pixels: Pixels) -> tuple[Floats, Floats]:
    """Of each box its logit, (boxes,), and where it is, (boxes, values)."""
    interpreter = _interpreter(network)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], _input_of(network, pixels))
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    scores = next(each for each in outputs if each["shape"][-1] == 1)  # (1, boxes, 1)
    boxes = next(each for each in outputs if each["shape"][-1] > 1)  # (1, boxes, values)
    return interpreter.get_tensor(scores["index"])[0, :, 0], interpreter.get_tensor(boxes["index"])[0]


@cache
def _interpreter(network: Network) -> "Interpreter":
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content_of(network.file), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _input_of(network: Network, pixels: Pixels) -> Floats:
    """(1, side, side, 3): the whole image in the middle of a black square."""
    height, width, _ = pixels.shape
    scale = network.side / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.zeros((network.side, network.side, 3), np.float32)
    left, top = (network.side - size[0]) // 2, (network.side - size[1]) // 2
    square[top : top + size[1], left : left + size[0]] = cv2.resize(pixels, size, interpolation=kind)
    return np.asarray(square[None] / 255 * (1 - network.black) + network.black, np.float32)
