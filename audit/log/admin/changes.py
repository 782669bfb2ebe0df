"""Lines of the audit log in words: their reasons, and their values before and after."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from audit.log.models import AuditLog
from audit.personal_changes.models import PersonalChange
from gigstream.adminkit import Names, Pair, pair_of, shorten_id, value_text
from gigstream.core.people import masking

LONGEST_CHANGE = 200
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Values that have a column of their own, of lines that earlier versions wrote.
_ELSEWHERE = frozenset({"reason"})


def reason_of(line: AuditLog) -> str:
    """Return the reason that the line gives. Its home is the metadata; lines of earlier versions keep it
    among the values."""
    return str(line.metadata.get("reason") or line.changes_after.get("reason") or "")


def change_pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Pair]:
    """Return kinds and ids of the rows and actors that the values name."""
    return [
        pair
        for values in (before, after)
        for name, value in values.items()
        if (pair := _pair_named(name, value))
    ]


def change_lines(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> list[tuple[str, str]]:
    """Return each changed column with its values before and after, in words. Digests of personal values are
    left out."""
    columns = [
        name
        for name in {**before, **after}
        if name not in _ELSEWHERE and (before.get(name), after.get(name)) != (None, None)
    ]
    return [
        (
            _column_words(name),
            " → ".join(_value_words(name, one[name], names) for one in (before, after) if name in one),
        )
        for name in columns
        if not _is_digest(before.get(name)) and not _is_digest(after.get(name))
    ]


def change_text(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> str:
    """Return the changed columns in one line."""
    text = ", ".join(f"{name}: {values}" for name, values in change_lines(before, after, names))
    return text if len(text) <= LONGEST_CHANGE else f"{text[: LONGEST_CHANGE - 1]}…"


def _pair_named(name: str, value: Any) -> Pair | None:
    """Return kind and id of the row or actor that a value of this column names."""
    text = str(value)
    if name in ("by", "assigned_to") or name.endswith("_by"):
        return ("staff", text) if text.isdigit() else pair_of(text)
    return (name, text) if _UUID.fullmatch(text) else None


def _value_words(name: str, value: Any, names: Names) -> str:
    pair = _pair_named(name, value)
    if pair is None:
        return value_text(name, value)
    return names.text(*pair) if names.knows(*pair) or pair[0] != name else shorten_id(str(value)) or ""


def personal_lines(changes: Iterable[PersonalChange]) -> list[tuple[str, str]]:
    """Return each corrected column with its values before and after, as the viewer may see them."""
    return [
        (
            _column_words(one.field),
            " → ".join(
                masking.mask_value(one.field, value) or "nothing" for value in (one.old_value, one.new_value)
            ),
        )
        for one in changes
    ]


def _column_words(name: str) -> str:
    return re.sub(r" (seconds|bps)$", "", name.replace("_", " "))


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))
