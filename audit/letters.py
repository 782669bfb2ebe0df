"""Letters: emails to people, each a row that waits until the mail server has taken it.

A letter is one to one person. It is tried in its turn, in growing distances, and given up after hours: then
it is on record for staff, and the app that its kind belongs to does what must be done without it. Whatever
goes wrong with one touches no other.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from audit.jobs import ring
from audit.models import Letter
from audit.services import Record, record_many
from gigstream.lib import letters
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry, delete_some

logger = logging.getLogger(__name__)

# Distances between tries; the last one holds on.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (20, 60, 300, 900, 1800, 3600))
MOST_AT_ONCE = 100
# A run ends within the time that a job has: one letter may wait for the mail server until its timeout.
RUN_SECONDS = 8.0
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Message:
    """A letter's text and its address."""

    to: str
    subject: str
    text: str


def _nothing(letter: Letter, now: datetime) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class LetterKind:
    """A kind of letter: `write` returns what it says, or None when it is not wanted any more; `sent` and
    `given_up` keep the app's own rows in step, in the transaction that ends the letter."""

    name: str
    job: str
    write: Callable[[Letter, datetime], Message | None]
    sent: Callable[[Letter, datetime], None] = _nothing
    given_up: Callable[[Letter, datetime], None] = _nothing
    life: timedelta = timedelta(hours=6)


_kinds: dict[str, LetterKind] = {}


def register(kind: LetterKind) -> LetterKind:
    """Add a kind of letter; its name must be new."""
    if kind.name in _kinds:
        raise ValueError(f"there are already letters of kind {kind.name}")
    _kinds[kind.name] = kind
    return kind


def enqueue(kind: LetterKind, subject_id: object, *, recipient: str = "", now: datetime) -> None:
    """Have a letter sent soon after the commit; one that waits already is that letter."""
    letter = Letter(
        kind=kind.name,
        subject_id=str(subject_id),
        recipient=recipient,
        created_at=now,
        next_try_at=now,
        give_up_at=now + kind.life,
    )
    Letter.objects.bulk_create([letter], ignore_conflicts=True)
    ring(kind.job)


def send_due(*kinds: LetterKind, now: datetime | None = None) -> int:
    """Send the letters of these kinds that are due, the longest due first; return how many were sent."""
    now = now or database_now()
    began, tried, sent = monotonic(), 0, 0
    while tried < MOST_AT_ONCE and monotonic() - began < RUN_SECONDS:
        letter = _claim([kind.name for kind in kinds], now)
        if letter is None:
            break
        tried += 1
        sent += _try(letter, now)
    return sent


@atomic_with_retry
def _claim(kinds: list[str], now: datetime) -> Letter | None:
    """Return the next due letter, counted as tried: whatever happens now, the others come first."""
    due = Letter.objects.filter(kind__in=kinds, next_try_at__lte=now).order_by("next_try_at", "id")
    letter = due.select_for_update(no_key=True, skip_locked=True).first()
    if letter is not None:
        letter.next_try_at = now + WAITS[min(letter.tries, len(WAITS) - 1)]
        letter.tries += 1
        letter.save(update_fields=["next_try_at", "tries"])
    return letter


def _try(letter: Letter, now: datetime) -> int:
    """Return 1 if the letter was sent, else 0; no error leaves this function."""
    try:
        message = _write(letter, now)
        if message is not None:
            letters.send(message.subject, message.text, message.to)
    # The boundary between letters: what is wrong with this one is its own.
    except Exception as error:  # noqa: BLE001 - and whatever it is
        logger.warning("letter %s about %s was not sent: %s", letter.pk, letter, type(error).__name__)
        _failed(letter, type(error).__name__, now)
        return 0
    if message is None:
        Letter.objects.filter(pk=letter.pk).delete()
        return 0
    _sent(letter, now)
    return 1


@atomic_with_retry
def _write(letter: Letter, now: datetime) -> Message | None:
    """Return the message; what it names, a token, is committed before it is sent."""
    return _kinds[letter.kind].write(letter, now)


@atomic_with_retry
def _sent(letter: Letter, now: datetime) -> None:
    letter.sent_at, letter.next_try_at, letter.last_error = now, None, ""
    letter.save(update_fields=["sent_at", "next_try_at", "last_error"])
    _kinds[letter.kind].sent(letter, now)


@atomic_with_retry
def _failed(letter: Letter, error: str, now: datetime) -> None:
    letter.last_error = error[:64]
    if now < letter.give_up_at:
        letter.save(update_fields=["last_error"])
        return
    letter.given_up_at, letter.next_try_at = now, None
    letter.save(update_fields=["last_error", "given_up_at", "next_try_at"])
    about = {"kind": letter.kind, "subject": letter.subject_id, "tries": letter.tries}
    line = Record("letter.give_up", "letter", str(letter.pk), metadata=about, error=f"not sent: {error}")
    record_many([line], now=now)
    _kinds[letter.kind].given_up(letter, now)


@atomic_with_retry
def discard_waiting() -> int:
    """Delete every letter that waits, and return how many: for a history that was told after it happened."""
    return Letter.objects.filter(next_try_at__isnull=False).delete()[0]


@atomic_with_retry
def sweep(*, now: datetime | None = None) -> int:
    """Delete letters that ended a month ago, some at a time; return how many."""
    now = now or database_now()
    ended = Letter.objects.filter(next_try_at=None, created_at__lte=now - KEPT)
    return delete_some(ended)
