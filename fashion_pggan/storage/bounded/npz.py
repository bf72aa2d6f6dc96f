"""NumPy archives within limits: plain arrays, whose total size is checked before they are unpacked."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fashion_pggan.errors import bytes_in_words, one_line
from fashion_pggan.storage.bounded.plain_file import open_plain

LARGEST_LIST = 64 << 20  # bytes of all that is no array's


def arrays_in(path: Path, most: int) -> dict[str, npt.NDArray[Any]]:
    """The arrays in an .npz file, by name.

    Args:
        path: the file.
        most: bytes of all arrays together.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: it is not such an archive, is damaged, or unpacks to more.
    """
    with open_plain(path) as file:
        try:
            packed = os.fstat(file.fileno()).st_size
            if packed > most + LARGEST_LIST:  # zipfile reads the list of arrays in one piece
                raise ValueError(f"it has {bytes_in_words(packed)}, more than {bytes_in_words(most)}")
            with zipfile.ZipFile(file) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
            if size > most:
                raise ValueError(f"it unpacks to {bytes_in_words(size)}, more than {bytes_in_words(most)}")
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except Exception as error:  # zipfile, zlib and NumPy raise many kinds of error on broken bytes
            raise ValueError(one_line(error)) from error
