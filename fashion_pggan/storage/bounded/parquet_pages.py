"""Reads the headers of a Parquet file's pages: a reader allocates what they claim, before it sees a value.

Source: https://parquet.apache.org/docs/file-format/data-pages/ and Thrift's compact protocol.
"""

import re
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

SIZE, PACKED, NUMBER_IN_DICTIONARY = (2,), (3,), (7, 1)  # fields of a page's header, by their numbers
USUAL, LARGEST = 1 << 10, 1 << 20  # bytes of a header, with statistics
DEEPEST = 8  # levels of a header: Parquet's has three
STOP, BOOLEANS, BYTE, INTEGERS, INT32, DOUBLE = 0, (1, 2), 3, (4, 5, 6), 5, 7  # types of the protocol
BINARY, LISTS, MAP, STRUCT = 8, (9, 10), 11, 12
# Arrow reads on behind the columns of these, which noted wrong sizes: nobody checks there what a page claims.
WRONG_SIZES = re.compile(r"\s*parquet-mr\b.{0,40}?\b(?:0\.|1\.[0-2]\.)", re.IGNORECASE | re.DOTALL)


Field = tuple[int, ...]  # of a field: the numbers of the structures that it is in, and its own


class Page(NamedTuple):
    """What the header of a page claims."""

    start: int  # of its header in the file
    size: int  # bytes, unpacked
    end: int  # in the file


def pages_of(file: IO[bytes], size: int, part: Any) -> Iterator[Page]:
    """The pages of a column in a row group.

    Args:
        file: the Parquet file.
        size: of the file in bytes.
        part: the column's metadata.

    Raises:
        ValueError: a header is broken, or claims what cannot be.
    """
    place = part.data_page_offset
    if part.has_dictionary_page and 0 < part.dictionary_page_offset < place:
        place = part.dictionary_page_offset
    end = place + part.total_compressed_size
    if not 0 <= place <= end <= size:
        raise ValueError(f"its column {part.path_in_schema} lies beyond its end")
    while place < end:
        page = _page_at(file, place)
        if page.end > size:
            raise ValueError(f"a page of its column {part.path_in_schema} lies beyond its end")
        yield page
        place = page.end


def has_wrong_sizes(created_by: str | None) -> bool:
    """Whether a file's columns may be longer than it says, because of an error in the writer before 2014."""
    return bool(WRONG_SIZES.match(created_by or ""))


def _page_at(file: IO[bytes], place: int) -> Page:
    file.seek(place)
    data = file.read(USUAL)
    try:
        try:
            header = _Header(data)
        except IndexError:  # a longer one
            header = _Header(data + file.read(LARGEST - len(data)))
    except IndexError as error:
        raise ValueError("the header of a page is broken") from error
    size, packed = header.numbers.get(SIZE, -1), header.numbers.get(PACKED, -1)
    number = header.numbers.get(NUMBER_IN_DICTIONARY, 0)
    if size < 0 or packed < 0 or not 0 <= number <= size:  # a value takes a byte or more
        raise ValueError(f"a page claims {number:,} values in {size:,} bytes, packed in {packed:,}")
    return Page(place, size, place + header.place + packed)


class _Header:
    """The whole numbers in a structure, by their paths.

    Args:
        data: begins with the structure.

    Raises:
        IndexError: the structure is longer than the data.
        ValueError: it is broken.
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0
        self.numbers: dict[Field, int] = {}
        self._read_struct(())

    def _read_struct(self, path: Field) -> None:
        if len(path) > DEEPEST:
            raise ValueError("the header of a page is nested too deep")
        field = 0
        while (head := self._byte()) & 15 != STOP:
            kind, step = head & 15, head >> 4
            field = field + step if step else self._integer()
            if kind == INT32:
                self.numbers[*path, field] = self._integer()
            elif kind not in BOOLEANS:  # their type is their value
                self._skip(kind, (*path, field))

    def _skip(self, kind: int, path: Field) -> None:
        if kind == STRUCT:
            self._read_struct(path)
        elif kind == BYTE or kind in BOOLEANS:
            self.place += 1
        elif kind in INTEGERS:
            self._varint()
        elif kind == DOUBLE:
            self.place += 8
        elif kind == BINARY:
            length = self._varint()
            self.place += length
        elif kind in LISTS or kind == MAP:
            self._skip_many(kind, path)
        else:
            raise ValueError("the header of a page is broken")

    def _skip_many(self, kind: int, path: Field) -> None:
        if kind == MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            elements = [kinds >> 4, kinds & 15]
        else:
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            elements = [head & 15]
        for _ in range(count):
            for element in elements:
                self._skip(element, (*path, 0))
            if self.place > len(self.data):
                raise IndexError

    def _byte(self) -> int:
        self.place += 1
        return self.data[self.place - 1]

    def _integer(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("the header of a page is broken")
