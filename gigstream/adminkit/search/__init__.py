"""Searches of staff by the form of the term, in columns that have an index."""

from gigstream.adminkit.search.conditions import (
    MOST_NAMED,
    Search,
    any_condition,
    by_amount,
    by_email,
    by_hash,
    by_number,
    by_parts,
    by_reference,
    by_related,
    by_text,
    by_uuid,
    by_words,
    found_first,
    related_once,
)

__all__ = [
    "MOST_NAMED",
    "Search",
    "any_condition",
    "by_amount",
    "by_email",
    "by_hash",
    "by_number",
    "by_parts",
    "by_reference",
    "by_related",
    "by_text",
    "by_uuid",
    "by_words",
    "found_first",
    "related_once",
]
