"""Drafts: the words that a person has written on a confirmation page and has not sent.

They are kept on the server, encrypted, for as long as a session may last: Back, a reload, a new tab and a
log-in in between lose none of them, and nothing about anybody stays in the browser. A page carries a signed
note of its person, action and rows, so that the words are kept also when a form meets a log-in page.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, QueryDict

from gigstream.core.encryption import current_cipher
from gigstream.network.redis_cache import redis_errors

NOTE = "note"
# Fields of the page itself, which are no words of the person.
OF_THE_PAGE = frozenset({NOTE, "csrfmiddlewaretoken", "confirmed", "seen", "drawn_at", "keep"})
LONGEST_DRAFT = 20_000
SALT = "gigstream.drafts"


@dataclass(frozen=True, slots=True)
class Draft:
    """Words by field. `was_sent` says that the form was sent and met a log-in page or was refused as too old,
    so that nothing was done."""

    words: Mapping[str, list[str]]
    was_sent: bool = False

    def as_form_data(self) -> QueryDict:
        """Return the words as a form reads them."""
        data = QueryDict(mutable=True)
        for name, values in self.words.items():
            data.setlist(name, values)
        return data


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a person, by its action and rows; `address` leads there."""

    person: str
    page: str
    address: str

    @property
    def key(self) -> str:
        """Name of the draft in the cache."""
        return f"draft:{hashlib.sha256(f'{self.person} {self.page}'.encode()).hexdigest()}"

    @property
    def note(self) -> str:
        """The place, signed, for the page's form."""
        return signing.dumps([self.person, self.page, self.address], salt=SALT)


def place_of(request: HttpRequest, keys: Sequence[str]) -> Place:
    """Return the place of the present person at this address, with the keys of its rows."""
    page = f"{request.path} {','.join(sorted(keys))}"
    return Place(str(request.user.pk), page, request.get_full_path())


def read_note(request: HttpRequest) -> Place | None:
    """Return the page that a form comes from, None unless its note is genuine and not older than a session
    may be."""
    note = request.POST.get(NOTE, "")
    try:
        return Place(*signing.loads(note, salt=SALT, max_age=settings.STAFF_SESSION_HOURS * 3600))
    except signing.BadSignature:
        return None


def keep_draft(place: Place, given: QueryDict, *, was_sent: bool = False) -> None:
    """Keep the words of the form; too long ones, and all while Redis is away, are not kept."""
    words = {name: values for name, values in given.lists() if name not in OF_THE_PAGE}
    text = json.dumps([words, was_sent])
    if len(text) <= LONGEST_DRAFT:
        _try(cache.set, place.key, current_cipher().encrypt(text.encode()).decode(), _kept_for())


def find_draft(place: Place) -> Draft | None:
    """Return the words that the person has written there and not sent."""
    stored = _try(cache.get, place.key)
    if not isinstance(stored, str):
        return None
    try:
        words, was_sent = json.loads(current_cipher().decrypt(stored.encode()))
    except InvalidToken:
        return None
    return Draft(words, was_sent)


def drop_draft(place: Place) -> None:
    """Forget the words that the person has written there."""
    _try(cache.delete, place.key)


def _kept_for() -> int:
    return settings.STAFF_SESSION_HOURS * 3600


def keep_rows(person: str, keys: Sequence[str]) -> str:
    """Keep the keys of many chosen rows for the person; return the name under which an address has them."""
    name = hashlib.sha256(json.dumps([person, *keys]).encode()).hexdigest()[:32]
    _try(cache.set, f"rows:{name}", json.dumps(list(keys)), _kept_for())
    return name


def find_rows(name: str) -> list[str]:
    """Return the keys of rows that were kept under this name, none once they are forgotten."""
    stored = _try(cache.get, f"rows:{name}")
    return list(json.loads(stored)) if isinstance(stored, str) else []


def _try(call: Any, *arguments: Any) -> Any:
    """Call the cache; return None while it does not answer: a page works without it."""
    try:
        return call(*arguments)
    except redis_errors():
        return None
