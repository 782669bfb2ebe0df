"""Content of receipts: what a leaf says about an event, and the chain of a platform's receipts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

from platforms.usage.calculations.merkle import LEAF
from platforms.usage.enums import UsageKind

GENESIS = "0" * 64


def canonical_json(value: Any) -> bytes:
    """Return the value as JSON with sorted names and without blanks (RFC 8785 for texts and whole
    numbers)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def time_text(at: datetime) -> str:
    """Return a time in UTC with six decimals, as leaves and receipts write it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


@dataclass(frozen=True, slots=True)
class LeafContent:
    """Content of an event's leaf, without the listener. `work` is the work's id."""

    number: int
    work: str
    kind: UsageKind
    occurred_at: datetime
    seconds: int
    amount: Decimal | None

    def as_json(self) -> dict[str, Any]:
        """Return the content by name."""
        return {
            "amount": None if self.amount is None else f"{self.amount:.6f}",
            "kind": UsageKind(self.kind).word,
            "number": self.number,
            "occurred_at": time_text(self.occurred_at),
            "seconds": self.seconds,
            "work": self.work,
        }


_KIND_TEXTS = {int(kind): kind.word for kind in UsageKind}
Columns = tuple[int, str, int, str, int, str | None]


def leaf_hashes(rows: Iterable[Columns]) -> list[bytes]:
    """Return the hashes of the leaves of these events, each given by number, work, kind, time as `time_text`
    writes it, seconds and amount with six decimals: those of `LeafContent`, in a fraction of the time."""
    hashes = []
    for number, work, kind, at, seconds, amount in rows:
        shown = "null" if amount is None else f'"{amount}"'
        content = (
            f'{{"amount":{shown},"kind":"{_KIND_TEXTS[kind]}","number":{number},'
            f'"occurred_at":"{at}","seconds":{seconds},"work":"{work}"}}'
        )
        hashes.append(sha256(LEAF + content.encode()).digest())
    return hashes


def content_digest(work: int, kind: int, listener: int, at: str, seconds: int, amount: str | None) -> bytes:
    """Return what is compared when an id is reported again: half of a SHA-256, without the id of a person."""
    return sha256(f"{work}|{kind}|{listener}|{at}|{seconds}|{amount}".encode()).digest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptContent:
    """Content of a receipt, which is signed."""

    platform: str
    number: int
    previous_hash: str
    kind: str
    count: int
    root: str
    received_at: datetime
    totals: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the content by name."""
        return {
            "count": self.count,
            "kind": self.kind,
            "number": self.number,
            "platform": self.platform,
            "previous_hash": self.previous_hash,
            "received_at": time_text(self.received_at),
            "root": self.root,
            "totals": dict(self.totals),
        }

    def signed_bytes(self) -> bytes:
        """Return the bytes that are hashed and signed."""
        return canonical_json(self.as_json())

    def hash(self) -> str:
        """Return the SHA-256 that the next receipt names."""
        return sha256(self.signed_bytes()).hexdigest()
