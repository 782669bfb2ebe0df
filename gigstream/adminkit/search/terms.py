"""Forms of what staff type into a search box: whole ids and hashes, their beginnings and ends as lists show
them, amounts, and words."""

import re
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from gigstream.core.money import LARGEST
from gigstream.core.postgres.short_numbers import Reference, read_reference

# Fewer letters have no index, and would find nearly everything.
SHORTEST_PART = 3
_ELLIPSIS = r"(?:…|\.\.\.)"
_KIND = r"(?:[a-z]+ (?:of )?){0,3}"
_UUID_PART = re.compile(
    rf"{_KIND}([0-9a-f]{{8}}[0-9a-f-]{{0,28}})(?:{_ELLIPSIS}([0-9a-f-]{{4,28}})?)?", re.ASCII
)
_HASH_PART = re.compile(rf"{_KIND}(0x[0-9a-f]{{4,64}})(?:{_ELLIPSIS}([0-9a-f]{{4,64}})?)?", re.ASCII)
_AMOUNT = re.compile(r"\$?(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d{1,6})?(?: ?usdc)?", re.ASCII)


class Ends(NamedTuple):
    """Beginning of a text, and its end or "", as in "0x79085d…f6c9d6"."""

    beginning: str
    end: str


class UuidRange(NamedTuple):
    """First and last id with a beginning, and the end of the wanted ids or ""."""

    first: UUID
    last: UUID
    end: str


def read_uuid(term: str) -> UUID | None:
    """Return the UUID that the term is, or None."""
    try:
        return UUID(term)
    except ValueError:
        return None


def read_uuid_part(term: str) -> UuidRange | None:
    """Return the ids with the beginning, and perhaps the end, that a list, a title or a message shows:
    "01a2238a", "stream 01a2238a-6fcb-…", "01a2238a…98c39a"."""
    found = _UUID_PART.fullmatch(term.lower())
    digits = found[1].replace("-", "") if found else ""
    if not found or not 8 <= len(digits) <= 32:
        return None
    return UuidRange(UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")), found[2] or "")


def read_hash_part(term: str) -> Ends | None:
    """Return the beginning, and the end if there is one, of a hash or address: "0x79085dd8",
    "0x79085d…f6c9d6"."""
    found = _HASH_PART.fullmatch(term.lower())
    return Ends(found[1], found[2] or "") if found else None


def read_amount(term: str) -> Decimal | None:
    """Return the amount of USDC that the term is, or None: "288.20", "1,440.5", "$12", "12 USDC"."""
    found = _AMOUNT.fullmatch(term.lower())
    if not found:
        return None
    amount = Decimal(found[1].replace(",", "") + (found[2] or ""))
    return amount if 0 < amount <= LARGEST else None


def read_named_reference(term: str) -> Reference | None:
    """Return the reference that the term is or, after words for its kind, ends with: "payout PO-7K3M2Q"."""
    *kind, last = term.split() or [""]
    is_named = all(word.isalpha() for word in kind) and ("-" in last or not kind)
    return read_reference(last) if is_named else None


def read_words(term: str) -> list[str]:
    """Return the words of the term, or none if it is an id, a hash, an address of email, or too short to
    search for its parts."""
    if (
        "@" in term
        or read_uuid(term)
        or read_uuid_part(term)
        or read_hash_part(term)
        or term.startswith("0x")
        or _has_reference(term)
    ):
        return []
    return term.split()


def _has_reference(term: str) -> bool:
    """Whether the term is a reference with its dash: six letters alone may be a word."""
    return "-" in term and read_named_reference(term) is not None
