"""The lines of a journal that this version knows; they may come from another machine."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict, TypeAdapter

from crawler.plan.packed import MOST_RESULTS, unpacked

Number = Annotated[int, Strict(), Field(ge=-(2**53), le=2**53)]
Text = Annotated[str, Field(max_length=100_000)]
Call = tuple[Text, Number, Number, Text, Text]  # the values of a SearchCall
Found = tuple[Number, Text, Text, Number | None, Number | None, Text]  # the values of a Result


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Crawl(_Entry):
    """The crawl that started the journal."""

    crawl: Text


class Skipped(_Entry):
    """A call for which the API has nothing, or that was given up."""

    call: Call
    reason: Text = ""  # why it was given up


class Answer(_Entry):
    """The answer to a call."""

    call: Call
    total: Number | None
    returned: Number
    results: Annotated[list[Found], Field(max_length=MOST_RESULTS)]
    damaged: bool = False


class Lost(_Entry):
    """An image that cannot be fetched."""

    lost: Annotated[Text, Field(pattern="^https?://")]
    reason: Text
    limits: Text
    at: Text = ""


class Failing(_Entry):
    """An image that could not be fetched for a reason that may pass."""

    failing: Annotated[Text, Field(pattern="^https?://")]
    reason: Text
    tries: Number
    at: Text


class Done(_Entry):
    """A part that is complete."""

    done: Text


ENTRY: TypeAdapter[Any] = TypeAdapter(Crawl | Skipped | Answer | Lost | Failing | Done)


def entry_of(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """The values of a line, its answer unpacked; None where they are no entry's."""
    try:
        entry = unpacked(values or {})
        ENTRY.validate_python(entry)
    except ValueError:  # ValidationError is one
        return None
    return entry
