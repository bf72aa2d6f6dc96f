"""The shop's search: a query in, products in order out. Pure.

A product matches a query when its title holds one of the query's words; products with more of them come
first. Among equals `sim` orders by a hash of the index, and `date` puts the newest (the highest index) first.
Words such as "men" match everything and do not count.
"""

import hashlib
import html
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from demo_shop.goods.catalogue import Catalogue

GENDER_WORDS = frozenset({"남자", "남성", "맨즈", "men", "mens"})
LARGE, MEDIUM = 600, 300  # pixels: the least shorter side of a large image, of a medium one


def words_of(text: str) -> list[str]:
    """The words of a title or query, lower-case."""
    return re.findall(r"\w[\w-]*", text.lower())


@dataclass
class Index:
    """The products that hold each word."""

    size: int = 0
    holders: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    filters: list[str] = field(default_factory=list)  # large, medium or small, by product

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Index":
        """Read every title once."""
        index = cls(len(catalogue))
        for number in range(len(catalogue)):
            product = catalogue.product(number)
            side = min(product.width, product.height)
            index.filters.append("large" if side >= LARGE else "medium" if side >= MEDIUM else "small")
            for word in set(words_of(product.title)):
                index.holders[word].append(number)
        return index

    def search(self, query: str, sort: str, size: str) -> list[int]:
        """Products that match, best first.

        Args:
            query: words.
            sort: `sim` or `date`.
            size: `all`, `large`, `medium` or `small`.
        """
        words = set(words_of(query))
        counted = words - GENDER_WORDS
        matches: Counter[int] = Counter()
        if words and not counted:
            matches.update(range(self.size))
        for word in counted:
            matches.update(self.holders.get(word, ()))
        found = [number for number in matches if size in ("all", self.filters[number])]
        order = _newest_first if sort == "date" else _shuffled
        return sorted(found, key=lambda number: (-matches[number], order(number)))


def _newest_first(number: int) -> int:
    return -number


def _shuffled(number: int) -> int:
    return int.from_bytes(hashlib.blake2b(str(number).encode(), digest_size=8).digest())


def marked(title: str, query: str) -> str:
    """The title as the API gives it: HTML escaped, the query's words in bold."""
    words = sorted(set(words_of(query)), key=len, reverse=True)
    if not words:
        return html.escape(title)
    pattern = re.compile(f"({'|'.join(map(re.escape, words))})", re.IGNORECASE)
    parts = pattern.split(title)  # every second part is a match
    return "".join(
        f"<b>{html.escape(part)}</b>" if place % 2 else html.escape(part) for place, part in enumerate(parts)
    )
