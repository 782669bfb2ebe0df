"""Kinds of ledger entries: each subject registers its own in its room `vocabulary`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import AppRegistryNotReady

from payments.ledger.subjects import SubjectKind

KIND_FORM = r"^[a-z]+(_[a-z]+)*$"
LONGEST_NAME = 24


class UnregisteredEntryKind(LookupError):
    """An entry of a kind that no subject has registered."""


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A kind of entry. `words` stand in statements, whose totals are in the order of `position`; `moves` are
    the pairs of accounts, as "worker available", between which entries of it move money: none for any."""

    name: str
    words: str
    moves: tuple[tuple[str, str], ...]
    position: int


_kinds: dict[str, EntryKind] = {}
_words_of_transfers: dict[tuple[str, str], str] = {}
_words_of_subjects: dict[tuple[str, int], str] = {}


def register(name: str, words: str, *moves: tuple[str, str], position: int) -> str:
    """Add a kind and return its name. Raises ValueError for a malformed name, and for a name or a position
    that another kind has."""
    if not re.match(KIND_FORM, name) or len(name) > LONGEST_NAME:
        raise ValueError(f"{name!r} is not like loan_fee with at most {LONGEST_NAME} characters")
    if name in _kinds or any(kind.position == position for kind in _kinds.values()):
        raise ValueError(f"the entry kind {name}, or the position {position}, is registered already")
    _kinds[name] = EntryKind(name, words, moves, position)
    return name


def reword_for_transfer(kind: str, transfer_type: str, words: str) -> None:
    """Give the kind other words where its entry belongs to a transfer of this type. Raises ValueError for a
    second text."""
    if (kind, transfer_type) in _words_of_transfers:
        raise ValueError(f"the words of {kind} for {transfer_type} are registered already")
    _words_of_transfers[kind, transfer_type] = words


def reword_for_subject(kind: str, subject: SubjectKind, words: str) -> None:
    """Give the kind other words where its entry belongs to a row of this kind. Raises ValueError for a second
    text."""
    if (kind, subject.number) in _words_of_subjects:
        raise ValueError(f"the words of {kind} for a {subject.name} are registered already")
    _words_of_subjects[kind, subject.number] = words


def require_registered(name: str) -> None:
    """Raise UnregisteredEntryKind unless a subject has registered the kind."""
    if name not in _kinds:
        raise UnregisteredEntryKind(f"no subject has registered the entry kind {name!r}")


def registered_kinds() -> Sequence[EntryKind]:
    """Return all kinds by position. Raises AppRegistryNotReady while apps are still registering theirs."""
    if not apps.ready:
        raise AppRegistryNotReady("entry kinds are registered when their apps are ready")
    return sorted(_kinds.values(), key=lambda kind: kind.position)


def kind_names() -> list[str]:
    return [kind.name for kind in registered_kinds()]


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds with their names for people, as "Loan Fee"."""
    return [(name, name.replace("_", " ").title()) for name in kind_names()]


def kind_words(name: str, transfer_type: str | None = None, subject_number: int | None = None) -> str:
    """Return the text of a statement for an entry of this kind, of a transfer of this type or of none, that
    belongs to a row of the kind with this number or to none."""
    require_registered(name)
    usual = _words_of_transfers.get((name, transfer_type or ""), _kinds[name].words)
    return _words_of_subjects.get((name, subject_number or 0), usual)
