"""Reasons of the amount of a payment, and parts of their texts."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from payments.models import LedgerEntry


@dataclass(slots=True)
class Explanation:
    """Reasons of one payment. `entries` are those that touch the reader's own accounts."""

    sentence: str
    formula: str
    inputs: dict[str, Any]
    deductions: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def withheld_from(earnings: Iterable[LedgerEntry]) -> list[dict[str, Any]]:
    """Return what was withheld from these earnings, in the order of time."""
    facts = {entry.pk: entry.fact for entry in earnings}
    withheld = LedgerEntry.objects.filter(withheld_from__in=facts).order_by("id")
    return [{"earning": facts[entry.withheld_from_id or 0], "amount": entry.amount} for entry in withheld]
