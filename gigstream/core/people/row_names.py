"""Names of rows in texts, with their references and with the rows that they belong to."""

from typing import Any


def loaded_name(row: Any, *relations: str) -> str:
    """Return the name of the first of these related rows that was read together with the row, or "". A text
    reads no further rows: a list would read them one by one."""
    loaded = row._state.fields_cache
    return next((str(loaded[name]) for name in relations if loaded.get(name) is not None), "")


def with_owner(text: str, row: Any, *relations: str, joined_by: str = "of") -> str:
    """Return the text and the name of the related row that was read together with the row, as in "loan
    LO-7K3M2Q of David Wilson"."""
    name = loaded_name(row, *relations)
    return f"{text} {joined_by} {name}" if name else text


def title_of(row: Any) -> str:
    """Return the name of the row with its reference, as in "David Wilson · WK-7K3M2Q"."""
    name, reference = str(row), getattr(row, "reference", "")
    return name if not reference or str(reference) in name else f"{name} · {reference}"
