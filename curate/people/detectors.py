"""The networks that see people, run by LiteRT on one thread: pixels in; the score of the best box out."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels
from curate.weights.weight_files import HAND, PERSON, File, content_of

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter


@dataclass(frozen=True)
class Network:
    """A network that looks for one kind of thing in a square image."""

    file: File
    side: int  # pixels of its input
    black: float  # that value of its input; white is 1


PEOPLE = Network(PERSON, 224, -1.0)
HANDS = Network(HAND, 192, 0.0)


def best_score(network: Network, pixels: Pixels) -> float:
    """The logit of the network's most certain box in an upright image."""
    interpreter = _interpreter(network)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], _input_of(network, pixels))
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    scores = next(each for each in outputs if each["shape"][-1] == 1)  # (1, boxes, 1)
    return float(interpreter.get_tensor(scores["index"]).max())


@cache
def _interpreter(network: Network) -> "Interpreter":
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content_of(network.file), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _input_of(network: Network, pixels: Pixels) -> npt.NDArray[np.float32]:
    """(1, side, side, 3): the whole image in the middle of a black square."""
    height, width, _ = pixels.shape
    scale = network.side / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.zeros((network.side, network.side, 3), np.float32)
    left, top = (network.side - size[0]) // 2, (network.side - size[1]) // 2
    square[top : top + size[1], left : left + size[0]] = cv2.resize(pixels, size, interpolation=kind)
    return np.asarray(square[None] / 255 * (1 - network.black) + network.black, np.float32)
