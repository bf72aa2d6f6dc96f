"""YAML in which no key stands twice: PyYAML would silently take the last one."""

from collections.abc import Hashable
from typing import Any

import yaml

from fashion_pggan.errors import UserError, one_line


def values_in(text: str, name: str) -> Any:
    """The values in a YAML file's text, called `name` in errors.

    Raises:
        UserError: the text is not YAML, or a mapping has a key twice; the text says where.
    """
    try:
        return yaml.load(text, _UniqueKeys)  # noqa: S506  # a SafeLoader
    except _TwiceError as error:
        key, first, second = error.args
        raise UserError(f"{name}: {key} stands on line {first} and on line {second}: keep one") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{name}{where} is not YAML: {error.problem}: correct that line") from error
    except yaml.YAMLError as error:
        raise UserError(f"{name} is not YAML: {one_line(error)}: correct it") from error


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            written, line = (key.tag, str(key.value)), key.start_mark.line + 1
            if written in lines and key.tag != "tag:yaml.org,2002:merge":
                raise _TwiceError(key.value, lines[written], line)
            lines[written] = line
        return super().construct_mapping(node, deep)


class _TwiceError(Exception):
    """A key, and the two lines it stands on."""
