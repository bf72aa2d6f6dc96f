"""Which program makes a result: a name for what its folders compute, and the commit it is at."""

import ast
import hashlib
import json
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel

NAME = "fashion-pggan"
REPOSITORY = Path(__file__).parents[1]
IGNORED = frozenset({"__pycache__"})
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
UNSEEN = frozenset({"ctx", "kind", "type_comment"})  # fields of a syntax tree that change nothing


def hash_of(*values: object) -> str:
    """A short name for what the values are: 16 hexadecimal digits; equal values have equal names."""
    plain = [value.model_dump(mode="json") if isinstance(value, BaseModel) else value for value in values]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def program_of(*packages: str) -> str:
    """A short name for what packages compute, with all that lies below them.

    Python modules count by their syntax trees without comments and docstrings, other files by their bytes:
    a comment, a blank line or another layout of the same code changes nothing.

    Args:
        packages: dotted names of folders of this program, such as `train.model`.

    Returns:
        16 hexadecimal digits.

    Raises:
        ValueError: a name is no folder of this program.
    """
    return hash_of(*(_content_of(package) for package in sorted(set(packages))))


@cache
def _content_of(package: str) -> dict[str, str]:
    """A digest per file of a package, by its name inside the program."""
    folder = REPOSITORY.joinpath(*package.split("."))
    if not folder.is_dir():
        raise ValueError(f"{package} is no folder of the program")
    return {
        path.relative_to(REPOSITORY).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not IGNORED & {*path.relative_to(folder).parts}
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(meaning_of(path.name, path.read_bytes())).hexdigest()


def meaning_of(name: str, content: bytes) -> bytes:
    """What a file of the program says to the machine: its syntax tree when it is a module, else its bytes."""
    if not name.endswith(".py"):
        return content
    return json.dumps(_plain(ast.parse(content))).encode()


def _plain(node: object) -> object:
    """A syntax tree as lists; what is absent or empty is left out, for that differs between Pythons."""
    if isinstance(node, ast.AST):
        fields = [(name, _plain(value)) for name, value in _fields(node) if value is not None and value != []]
        return [type(node).__name__, *fields]
    if isinstance(node, list):
        return [_plain(item) for item in node]
    return [type(node).__name__, repr(node)]


def _fields(node: ast.AST) -> Iterator[tuple[str, object]]:
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            yield name, node.body[1:]
        elif name not in UNSEEN:
            yield name, value


def commit_of(*packages: str) -> str:
    """Name and version of this program, and the last commit that changed some of its packages.

    Changes that are not committed are named too, unless they are comments and docstrings alone.
    """
    paths = [package.replace(".", "/") for package in packages]
    commit = _git("log", "-1", "--format=%h", "--", *paths)
    changed = " with changes that are not committed" if any(map(_differs, _uncommitted(paths))) else ""
    try:
        number = version(NAME)
    except PackageNotFoundError:
        number = "(not installed)"
    commit = commit.strip()
    return f"{NAME} {number}, commit {commit}{changed}" if commit else f"{NAME} {number}"


def _uncommitted(paths: list[str]) -> list[str]:
    changed = _git("diff", "--name-only", "-z", "--relative", "HEAD", "--", *paths)
    added = _git("ls-files", "-z", "--others", "--exclude-standard", "--", *paths)
    return [name for name in (changed + added).split("\0") if name]


def _differs(name: str) -> bool:
    """Whether a file of the working tree computes something else than the committed one."""
    path = REPOSITORY / name
    committed = _git("show", f"HEAD:./{name}")
    if not committed or not path.is_file():
        return True
    try:
        return meaning_of(name, path.read_bytes()) != meaning_of(name, committed.encode())
    except SyntaxError:
        return True


def git_commit() -> str:
    """The program's commit, with `-dirty` behind it when files differ from it; `unknown` outside git."""
    return _git("describe", "--always", "--abbrev=40", "--dirty", "--exclude=*").strip() or "unknown"


def _git(*arguments: str) -> str:
    """What git says; nothing when it is missing or this is no repository."""
    try:
        said = subprocess.run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.decode(errors="replace")
