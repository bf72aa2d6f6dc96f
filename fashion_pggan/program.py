"""What the program computes, as a short name: a hash of the syntax trees of its folders."""

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import BaseModel

REPOSITORY = Path(__file__).parents[1]  # or where the program is installed
UNSEEN = frozenset({"ctx", "kind", "type_comment"})  # fields of a syntax tree that change nothing


def hash_of(*values: object) -> str:
    """A short name for values: 16 hexadecimal digits. Equal values have equal names."""
    plain = [value.model_dump(mode="json") if isinstance(value, BaseModel) else value for value in values]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def program_of(*packages: str) -> str:
    """A short name for what packages compute, with everything below them.

    A Python module counts by its syntax tree, without comments, docstrings and layout. Any other file counts
    by its bytes. Hidden files and `__pycache__` do not count.

    Args:
        packages: dotted names of folders of this program, such as `train.model`.

    Returns:
        16 hexadecimal digits, the same on every version of Python.

    Raises:
        ValueError: a name is no folder of this program.
    """
    return hash_of(*(_content_of(package) for package in sorted(set(packages))))


@cache
def _content_of(package: str) -> dict[str, str]:
    """A digest per file of a package, by the file's name inside the program."""
    folder = REPOSITORY.joinpath(*package.split("."))
    if not folder.is_dir():
        raise ValueError(f"{package} is no folder of the program")
    return {
        path.relative_to(REPOSITORY).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _counts(path.relative_to(folder))
    }


def _counts(path: Path) -> bool:
    return not any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _digest(path: Path) -> str:
    return hashlib.sha256(meaning_of(path.name, path.read_bytes())).hexdigest()


def meaning_of(name: str, content: bytes) -> bytes:
    """What a file means to the machine: the syntax tree of a Python module, the bytes of any other file."""
    if not name.endswith(".py"):
        return content
    return json.dumps(_plain(ast.parse(content))).encode()


def _plain(node: object) -> object:
    """A syntax tree as lists. It leaves out absent and empty fields, which differ between Pythons."""
    if isinstance(node, ast.AST):
        fields = [(name, _plain(value)) for name, value in _fields(node) if value is not None and value != []]
        return [type(node).__name__, *fields]
    if isinstance(node, list):
        return [_plain(item) for item in node]
    return [type(node).__name__, ascii(node)]  # repr would depend on the Unicode version


def _fields(node: ast.AST) -> Iterator[tuple[str, object]]:
    for name, value in ast.iter_fields(node):
        if name not in UNSEEN:
            nothing = _is_no_text if isinstance(node, ast.JoinedStr) else _is_remark
            yield name, [item for item in value if not nothing(item)] if isinstance(value, list) else value


def _is_remark(node: object) -> bool:
    """Whether a statement is a bare string, such as a docstring, which computes nothing."""
    return isinstance(node, ast.Expr) and isinstance(_constant(node.value), str)


def _is_no_text(node: object) -> bool:
    """Whether a part of an f-string is empty: only Python 3.12 has such parts."""
    return _constant(node) == ""


def _constant(node: object) -> object:
    return node.value if isinstance(node, ast.Constant) else None
