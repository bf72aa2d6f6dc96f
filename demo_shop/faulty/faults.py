"""The faults of a shop: which product and which search call has which fault. Pure.

A fault depends only on the seed and the product (or the call). Some faults pass after one or two attempts,
the others stay; the seed decides this too.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from fashion_pggan.errors import ArgumentError

PASSING = {  # of images; half of them pass after one or two attempts
    "too_many": "429 Too Many Requests",
    "error": "500",
    "busy": "503 with Retry-After: 1",
    "silent": "no answer, ever",
    "drip": "a byte every half second",
    "reset": "the connection is reset in the body",
    "cut": "a body shorter than its Content-Length",
}
LASTING = {
    "loop": "a redirect to itself",
    "metadata": "a redirect to http://169.254.169.254",
    "loopback": "a redirect to http://127.0.0.2, where the shop listens for whoever comes",
    "page": "HTML in place of the image, status 200",
    "placeholder": "one and the same image for all such products, status 200",
    "bomb": "gzip that inflates to a thousand times its size",
    "large": "50 MB, announced",
    "unannounced": "50 MB without a Content-Length",
    "noai": "X-Robots-Tag: noai",
    "noimageai": "X-Robots-Tag: noimageai",
    "noindex": "X-Robots-Tag: noindex",
    "tdm": "TDM-Reservation: 1",
}
HARMLESS = {  # the right bytes come at the first attempt
    "slow": "the image in eight pieces, a fifth of a second apart",
    "overlong": "the image, then more than its Content-Length",
}
RENEWED = {"expiring": "403 at the address that the first search answer signs; the next one signs anew"}
KINDS = {**PASSING, **LASTING, **HARMLESS, **RENEWED}
ELSEWHERE = {  # where the shop plays other sites; each speaks https alone, with a certificate of its own
    "other_site": "the search links the image at another site",
    "moved": "a redirect from http to https of another site",
    "expired": "a redirect to a site whose certificate has expired",
    "other_name": "a redirect to a site whose certificate is of another name",
    "self_signed": "a redirect to a site whose certificate nobody trusts",
}
UNTRUSTED = frozenset({"expired", "other_name", "self_signed"})
SITES = {kind: f"{kind.replace('_', '-')}.shop.example" for kind in ELSEWHERE}  # their names
OWNERS_SAY_NO = frozenset({"noai", "noimageai", "noindex", "tdm"})  # the right bytes, with an opt-out
SHARE = 0.01  # of the products, for each kind
CALLS = ("speed", "api_error", "api_busy")  # of search calls; all pass
CALL_SHARE = 0.05  # of the calls, for each


class Fault(NamedTuple):
    """A kind of fault, and how often it strikes."""

    kind: str
    passes_after: int | None  # attempts; None: it stays

    def strikes(self, attempt: int) -> bool:
        """Whether this attempt, counted from 0, meets the fault."""
        return self.passes_after is None or attempt < self.passes_after


@dataclass(frozen=True)
class Faults:
    """The faults of a shop."""

    seed: int
    shares: Mapping[str, float]  # of products, by kind
    call_share: float  # of search calls, for each kind
    quota: int  # search calls a day; 0: no limit

    @classmethod
    def parse(cls, text: str, *, sites: bool = False) -> "Faults":
        """Read `SEED` or `SEED,name=value,...`.

        A name is a kind, `share` for all kinds, `calls` for each fault of search calls, or `quota`.

        Args:
            text: what to read.
            sites: whether the shop plays other sites.

        Raises:
            ArgumentError: `text` cannot be read.
        """
        seed, *parts = text.split(",")
        values = {"share": SHARE, "calls": CALL_SHARE, "quota": 0.0}
        try:
            for name, value in (part.split("=") for part in parts):
                values[name.strip()] = float(value)
            number = int(seed)
        except ValueError:
            raise ArgumentError(
                f"--faults {text}: give a seed, or a seed and values, such as 7,share=0.01,cut=0.1"
            ) from None
        share, calls, quota = (values.pop(name) for name in ("share", "calls", "quota"))
        kinds = KINDS | (ELSEWHERE if sites else {})
        if not sites and (lacking := values.keys() & ELSEWHERE.keys()):
            raise ArgumentError(f"--faults {text}: {min(lacking)} is of another site: give --sites FILE, too")
        if unknown := values.keys() - kinds.keys():
            known = ", ".join(("share", "calls", "quota", *kinds))
            raise ArgumentError(f"--faults {text}: no fault is named {min(unknown)}: give one of {known}")
        shares = {kind: values.get(kind, share) for kind in kinds}
        if (
            min(shares.values()) < 0
            or sum(shares.values()) > 1
            or not 0 <= calls * len(CALLS) <= 1
            or quota < 0
        ):
            raise ArgumentError(
                f"--faults {text}: give shares of 0 or more, at most 1 in all, and a quota of 0 or more calls"
            )
        return cls(number, shares, calls, int(quota))

    def of(self, index: int) -> Fault | None:
        """The fault of a product, or None."""
        kind = _pick(self.shares, self._chance("product", index))
        if kind is None or kind not in PASSING.keys() | HARMLESS.keys():
            return Fault(kind, None) if kind else None
        chance = self._chance("passes", index)
        return Fault(kind, None if chance < 0.5 or kind in HARMLESS else 1 + (chance < 0.75))

    def of_call(self, call: str) -> Fault | None:
        """The fault of a search call, by its parameters, or None; it passes after one or two attempts."""
        kind = _pick(dict.fromkeys(CALLS, self.call_share), self._chance("call", call))
        return None if kind is None else Fault(kind, 1 + (self._chance("call passes", call) < 0.5))

    def _chance(self, purpose: str, key: object) -> float:
        """A number from 0 to 1."""
        digest = hashlib.blake2b(f"{self.seed} {purpose} {key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64


def _pick(shares: Mapping[str, float], chance: float) -> str | None:
    for kind, share in shares.items():
        if chance < share:
            return kind
        chance -= share
    return None
