"""JSON that carries the SHA-256 of what it says."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fashion_pggan.storage.seal import DamagedError

KEY = "sha256"


def hashed_json(values: Mapping[str, Any]) -> str:
    """An object as JSON, with its hash under `sha256`."""
    return json.dumps({**values, KEY: _hash_of(values)}, indent=1) + "\n"


def values_of(text: str, *, always: bool = True) -> dict[str, Any]:
    """The object that `hashed_json` wrote.

    Args:
        text: the file's.
        always: whether it must have a hash; files of former versions have none.

    Raises:
        DamagedError: it says something else than was written.
        ValueError: it is no JSON object.
    """
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("it holds no JSON object")  # noqa: TRY004  # as for other text
    said = values.pop(KEY, None)
    if said != _hash_of(values) and (always or said is not None):
        raise DamagedError("its values are not those that were written")
    return values


def _hash_of(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
