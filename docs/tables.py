"""The reference's generated parts: parameters, files and commands, from the code that defines them."""

import ast
import importlib
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Literal, Union, get_args, get_origin, get_type_hints

from fashion_pggan.command.line import program
from fashion_pggan.params.reference import rows

COMMENT = re.compile(r"(?:^|\s)#\s(.*)$")
# what Cyclopts's reference names and our program neither has nor shows: negative options, empty defaults
NOT_OURS = re.compile(
    r", --(?:no-(?!colour-variants|enlarge|label-corrects)|empty-)[\w-]+(?=`)"
    r"| \*\[default: (?:\(\)|\"\"|False)\]\*"
)


def parameters(section: str) -> str:
    """A section of params.yaml: each parameter's value in the demo and the paper, unit, range and meaning."""
    found = [row for row in rows() if row.section == section]
    lines = [
        [f"`{row.name}`", _shown(row.demo), _shown(row.paper), row.unit, row.range, row.meaning, row.changed]
        for row in found
    ]
    columns = 7 if any(row.changed for row in found) else 6
    heads = ["parameter", "demo", "paper", "unit", "range", "meaning", "once changed"]
    return _table(heads[:columns], [line[:columns] for line in lines])


def fields(path: str) -> str:
    """The fields of a class, `package.module:Class`, with their types and the comments beside them."""
    module, _, name = path.partition(":")
    kind = getattr(importlib.import_module(module), name)
    said, hints = dict(_comments(kind)), get_type_hints(kind)
    rows = [
        [f"`{field}`", _type(hints[field]), said[field].replace("None", "null")]
        for field in said
        if field in hints
    ]
    return _table(["field", "type", "meaning"], rows)


def measures(_: str) -> str:
    """The columns of measures.parquet, in order, with what their classes say of them."""
    row = importlib.import_module("curate.facts.row")
    said = dict(re.findall(r'pa\.field\("(\w+)".*\),\s+# (.*)$', inspect.getsource(row), re.MULTILINE))
    kinds = importlib.import_module("curate.known.asked")
    for kind in (row.Header, row.Fingerprint, *kinds.COLUMNS):
        said |= dict(_comments(kind))
    said["style"] = "the most likely style; null when nothing asked for it"
    said |= dict.fromkeys((f"style_{style.value}" for style in kinds.Style), "the style's score, 0 to 1")
    rows = [[f"`{field.name}`", str(field.type), said.get(field.name, "")] for field in kinds.MEASURES]
    return _table(["column", "type", "meaning"], rows)


def commands(_: str) -> str:
    """The command line, as the program's own help says it; its heads are below the page's."""
    written = program(loaded=True).generate_docs(heading_level=1)
    text = written[written.index("**Commands**") :]  # the page has a title, the site a table of contents
    text = NOT_OURS.sub("", text)
    return text.replace("For example:\n", "For example:\n\n")


MAKERS: dict[str, Callable[[str], str]] = {
    "commands": commands,
    "parameters": parameters,
    "fields": fields,
    "measures": measures,
}


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _shown(value: object) -> str:
    if isinstance(value, list) and len(value) > 2:
        return f"{len(value)} entries"
    if isinstance(value, dict):
        return "<br>".join(f"`{key}: {part}`" for key, part in value.items()) or "none"
    return (
        f"`{str(value).lower() if isinstance(value, bool) else value}`" if value not in ("", []) else "empty"
    )


def _type(hint: object) -> str:
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, types.UnionType):
        return " or ".join(_type(part) for part in parts).replace("NoneType", "null")
    if kind is Literal:
        return " or ".join(str(part) for part in parts)
    name = str(getattr(kind or hint, "__name__", hint))
    return f"{name}[{', '.join(_type(part) for part in parts)}]" if parts else name


def _comments(kind: type) -> Iterator[tuple[str, str]]:
    """Each annotated name of a class, and the comment at its end of the line."""
    lines = textwrap.dedent(inspect.getsource(kind)).splitlines()
    (tree,) = ast.parse("\n".join(lines)).body
    assert isinstance(tree, ast.ClassDef)
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found = COMMENT.search(lines[(node.end_lineno or node.lineno) - 1])
            yield node.target.id, found[1] if found else ""
