"""The answers in a journal, packed: a page of a hundred results takes a fifth of its JSON. Pure."""

import json
import zlib
from base64 import b64decode, b64encode
from typing import Any

from fashion_pggan.storage.bounded.json_text import json_in

LONGEST = 4 << 20  # bytes of an answer's text: a page of a hundred results has 50,000
OF_PAGES = ("total", "returned", "results")  # are packed
MOST_RESULTS, MOST_FIELDS = 10_000, 100  # of an answer, of a result


def packed(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a line with its answer packed; other lines, and answers of extreme length, stay.

    Results are packed by column, for equal fields have equal parts.
    """
    if "results" not in values:
        return values
    columns = list(zip(*values["results"], strict=True))
    text = json.dumps(
        [values["total"], values["returned"], *columns], ensure_ascii=False, separators=(",", ":")
    )
    data = text.encode(errors="surrogatepass")
    if len(data) > LONGEST:
        return values
    data = zlib.compress(data, 9)
    rest = {name: value for name, value in values.items() if name not in OF_PAGES}
    return {**rest, "packed": b64encode(data).decode()}


def unpacked(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a line with its answer as it was before; lines of early versions are not packed.

    Raises:
        ValueError: the answer is damaged, or is longer than a line may be.
    """
    if "packed" not in values:
        return values
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(b64decode(values["packed"], validate=True), LONGEST)
        if not inflater.eof:
            raise ValueError("it is cut, or too long")
        total, returned, *columns = json_in(text.decode(errors="surrogatepass"))
        if len(columns) > MOST_FIELDS or any(len(column) > MOST_RESULTS for column in columns):
            raise ValueError("it has more results than a page")
        results = [list(result) for result in zip(*columns, strict=True)]
    except (TypeError, zlib.error) as error:
        raise ValueError(str(error)) from error
    rest = {name: value for name, value in values.items() if name != "packed"}
    return {**rest, "total": total, "returned": returned, "results": results}
