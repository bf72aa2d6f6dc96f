"""YAML within limits, in which no key stands twice: PyYAML would silently take the last one."""

from collections.abc import Hashable
from typing import Any

import yaml

from fashion_pggan.errors import UserError, one_line

LONGEST = 1 << 18  # characters
DEEPEST = 32  # levels
MOST_NODES = 20_000  # values, with what stands behind aliases counted each time
LARGEST = 2**63  # of whole numbers

TOO_DEEP = f"values nested deeper than {DEEPEST} levels"
INT = "tag:yaml.org,2002:int"


def values_in(text: str, name: str) -> Any:
    """The values in a YAML file's text, called `name` in errors.

    Raises:
        UserError: the text is not YAML, is out of all proportion, or a mapping has a key twice; the text says
            where.
    """
    if len(text) > LONGEST:
        raise UserError(f"{name} has {len(text):,} characters, more than {LONGEST:,}: give another file")
    try:
        return yaml.load(text, _UniqueKeys)  # noqa: S506  # a SafeLoader
    except _TwiceError as error:
        key, first, second = error.args
        raise UserError(f"{name}: {key[:80]} stands on line {first} and on line {second}: keep one") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(
            f"{name}{where} is not YAML: {str(error.problem)[:200]}: correct that line"
        ) from error
    except (yaml.YAMLError, ValueError) as error:  # the latter from its reader of escapes
        raise UserError(f"{name} is not YAML: {one_line(error)}: correct it") from error


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping, and what is nested or repeated out of all proportion."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth, self.nodes = 0, 0
        self.sizes: dict[str, int] = {}  # by anchor: nodes behind it

    def fetch_flow_collection_start(self, token: Any) -> None:
        super().fetch_flow_collection_start(token)
        if self.flow_level > DEEPEST:  # before it looks ahead, which takes long
            raise _at(self.tokens[-1], TOO_DEEP)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's types lack it
        before, anchor = self.nodes, event.anchor
        is_alias = isinstance(event, yaml.AliasEvent)
        self.nodes += self.sizes.get(anchor, MOST_NODES) if is_alias and anchor in self.anchors else 1
        self.depth += 1
        if self.depth > DEEPEST:
            raise _at(event, TOO_DEEP)
        if self.nodes > MOST_NODES:
            raise _at(event, f"more than {MOST_NODES:,} values, with those that aliases repeat")
        node = super().compose_node(parent, index)
        self.depth -= 1
        if anchor and not is_alias:
            self.sizes[anchor] = self.nodes - before
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (yaml.YAMLError, _TwiceError):
            raise
        except Exception as error:  # PyYAML raises whatever it likes on odd values, such as 2001-13-45
            raise _at(node, one_line(error)) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode):
                continue
            written, line = (key.tag, key.value), key.start_mark.line + 1
            if written in lines and key.tag != "tag:yaml.org,2002:merge":
                raise _TwiceError(key.value, lines[written], line)
            lines[written] = line
        return super().construct_mapping(node, deep)

    def construct_whole_number(self, node: yaml.ScalarNode) -> int:
        """A whole number that 64 bits hold."""
        number = self.construct_yaml_int(node)
        if abs(number) >= LARGEST:
            raise _at(node, "a number beyond 64 bits")
        return number


_UniqueKeys.add_constructor(INT, _UniqueKeys.construct_whole_number)


def _at(place: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


class _TwiceError(Exception):
    """A key, and the two lines that have it."""
