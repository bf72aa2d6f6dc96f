"""The network that sees text, of any script: pixels in; how likely each place is text out.

It is PaddleOCR's PP-OCRv6 (Apache License 2.0, Copyright Baidu and the PaddleOCR authors), as the wheel of
rapidocr carries it. onnxruntime runs it; rapidocr itself is not imported.
"""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels
from fashion_pggan.errors import install_hint

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MODEL = "models/PP-OCRv6_det_small.onnx"
LONG_SIDE, STEP = 480, 32  # pixels, of its input; its sides are multiples of STEP


def installed() -> str:
    """The network and what runs it, with versions; scores depend on both. Empty when they are not there."""
    if _model() is None or find_spec("onnxruntime") is None:
        return ""
    try:
        return f"rapidocr {version('rapidocr')}, onnxruntime {version('onnxruntime')}"
    except PackageNotFoundError:
        return ""


def how_to_install() -> str:
    """The command that installs it."""
    return install_hint("text")


def likelihood_of(pixels: Pixels) -> npt.NDArray[np.float32]:
    """How likely text is at each place, 0 to 1, in a reduction of an upright image."""
    height, width, _ = pixels.shape
    scale = LONG_SIDE / max(height, width)
    size = tuple(max(round(side * scale / STEP), 1) * STEP for side in (width, height))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    bgr = cv2.resize(pixels, size, interpolation=kind)[..., ::-1].astype(np.float32) / 127.5 - 1
    session = _session()
    image = np.ascontiguousarray(bgr.transpose(2, 0, 1)[None])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: image})[0][0, 0], np.float32)


def _model() -> Path | None:
    found = find_spec("rapidocr")
    folders = found.submodule_search_locations if found else None
    return next((path for folder in folders or () if (path := Path(folder) / MODEL).is_file()), None)


@cache
def _session() -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # there is already a process per core
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(_model()), options, providers=["CPUExecutionProvider"])
