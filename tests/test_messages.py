"""Every error and log line keeps HOUSE's form: one line, plain words; an error says what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("crawler", "curate", "demo_shop", "evaluate", "fashion_pggan", "flows", "generate", "train")
ERRORS = {"UserError", "ArgumentError", "PassingError"}
LOGS = {"log.info", "log.warning", "log.error", "print"}
NOT_OURS = {  # words that read as translated, or that the house does not use
    "anew",
    "data set",
    "goes on where",
    "is asked for",
    "is no ",
    "meanwhile",
    "mend ",
    "picture",
    "python -m",
}
VERBS = {
    "add",
    "bring",
    "check",
    "convert",
    "copy",
    "correct",
    "delete",
    "end",
    "free",
    "get",
    "give",
    "install",
    "keep",
    "leave",
    "look",
    "lower",
    "make",
    "move",
    "name",
    "raise",
    "read",
    "remove",
    "rename",
    "restore",
    "resume",
    "run",
    "save",
    "set",
    "start",
    "stop",
    "take",
    "train",
    "use",
    "wait",
    "write",
}  # that advice begins with
PASSED_ON = {  # errors whose end is another error of ours, with its own advice
    "--set {}: {}",
    "-a {}={}: {}",
    "OUT {}: {}",
    "the demo shop did not start: {}",
    "{} is not a recipe: {}",
    "--{} {}: {}",
    "{} may hold files of yours: {}",
    "{}: {}",
}


class Message(NamedTuple):
    """A text in the code, with `{}` for each value."""

    place: str
    kind: str
    text: str


def text_of(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) for part in parts)
        case ast.BinOp(left=left, right=right):
            return text_of(left) + text_of(right)
    return "{}"


def messages() -> Iterator[Message]:
    for package in PACKAGES:
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args:
                    kind = ast.unparse(node.func)
                    text = text_of(node.args[0])
                    if (kind in ERRORS or kind in LOGS) and re.search(r"[a-z]", text):
                        yield Message(f"{path.relative_to(REPOSITORY)}:{node.lineno}", kind, text)


ALL = list(messages())


def test_the_list_is_whole() -> None:
    assert len([message for message in ALL if message.kind in ERRORS]) > 120
    assert len([message for message in ALL if message.kind in LOGS]) > 20


@pytest.mark.parametrize("message", ALL, ids=[message.place for message in ALL])
def test_a_message_is_one_line_of_plain_words(message: Message) -> None:
    assert "\n" not in message.text
    assert not message.text.endswith((".", "!", " "))
    assert [word for word in NOT_OURS if word in message.text.lower()] == []


@pytest.mark.parametrize(
    "message", [each for each in ALL if each.kind in ERRORS], ids=lambda message: message.place
)
def test_an_error_ends_with_what_to_do(message: Message) -> None:
    what, colon, advice = message.text.rpartition(": ")
    if message.text not in PASSED_ON:
        assert colon
        assert what
        assert re.match(r"[a-z]+ ", advice), "the advice begins with a verb"
        assert advice.split()[0] in VERBS
