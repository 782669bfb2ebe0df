"""Letters: emails to people, each a row that waits until the mail server has taken it.

A letter has a single addressee. It is tried at growing intervals and given up after hours: then the audit log
has it, and the app of its kind reacts. A failed letter does not affect the others.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from audit.log.services import Record, record_many
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import delete_some
from gigstream.core.unit import in_unit
from gigstream.jobs.registry import nudge_job
from gigstream.letters.models import Letter
from gigstream.network import mail

logger = logging.getLogger(__name__)

# Intervals between tries; the last is repeated.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (20, 60, 300, 900, 1800, 3600))
MOST_AT_ONCE = 100
# A run ends within a job's time limit: a letter may wait for the mail server until its timeout.
RUN_SECONDS = 8.0
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Message:
    """A letter's text and its address."""

    to: str
    subject: str
    text: str


def _do_nothing(letter: Letter, now: datetime) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class LetterKind:
    """A kind of letter: `write` returns its message, or None if it is no longer needed; `sent` and `given_up`
    update the app's own rows in the transaction that ends the letter."""

    name: str
    job: str
    write: Callable[[Letter, datetime], Message | None]
    sent: Callable[[Letter, datetime], None] = _do_nothing
    given_up: Callable[[Letter, datetime], None] = _do_nothing
    life: timedelta = timedelta(hours=6)


_kinds: dict[str, LetterKind] = {}


def register_letter_kind(kind: LetterKind) -> LetterKind:
    """Add a kind of letter; its name must be new."""
    if kind.name in _kinds:
        raise ValueError(f"there are already letters of kind {kind.name}")
    _kinds[kind.name] = kind
    return kind


def enqueue_letter(kind: LetterKind, subject_id: object, *, recipient: str = "", now: datetime) -> None:
    """Have a letter sent soon after the commit, unless the same letter waits already."""
    letter = Letter(
        kind=kind.name,
        subject_id=str(subject_id),
        recipient=recipient,
        created_at=now,
        next_try_at=now,
        give_up_at=now + kind.life,
    )
    Letter.objects.bulk_create([letter], ignore_conflicts=True)
    nudge_job(kind.job)


def send_due_letters(*kinds: LetterKind, now: datetime | None = None) -> int:
    """Send the letters of these kinds that are due, the longest due first; return how many were sent."""
    now = now or database_now()
    began, tried, sent = monotonic(), 0, 0
    while tried < MOST_AT_ONCE and monotonic() - began < RUN_SECONDS:
        letter = _take_next([kind.name for kind in kinds], now)
        if letter is None:
            break
        tried += 1
        sent += _try_letter(letter, now)
    return sent


@in_unit
def _take_next(kinds: list[str], now: datetime) -> Letter | None:
    """Return the next due letter, with the try counted and its next try later than the other due letters."""
    due = Letter.objects.filter(kind__in=kinds, next_try_at__lte=now).order_by("next_try_at", "id")
    letter = due.select_for_update(no_key=True, skip_locked=True).first()
    if letter is not None:
        letter.next_try_at = now + WAITS[min(letter.tries, len(WAITS) - 1)]
        letter.tries += 1
        letter.save(update_fields=["next_try_at", "tries"])
    return letter


def _try_letter(letter: Letter, now: datetime) -> int:
    """Return 1 if the letter was sent, else 0; no error leaves this function."""
    try:
        message = _write_message(letter, now)
        if message is not None:
            mail.send(message.subject, message.text, message.to)
    # A letter's error must not stop the others.
    except Exception as error:  # noqa: BLE001 - any error of this letter
        logger.warning("letter %s about %s was not sent: %s", letter.pk, letter, type(error).__name__)
        _record_failure(letter, type(error).__name__, now)
        return 0
    if message is None:
        Letter.objects.filter(pk=letter.pk).delete()
        return 0
    _record_sent(letter, now)
    return 1


@in_unit
def _write_message(letter: Letter, now: datetime) -> Message | None:
    """Return the message; the token in it is committed before the letter is sent."""
    return _kinds[letter.kind].write(letter, now)


@in_unit
def _record_sent(letter: Letter, now: datetime) -> None:
    letter.sent_at, letter.next_try_at, letter.last_error = now, None, ""
    letter.save(update_fields=["sent_at", "next_try_at", "last_error"])
    _kinds[letter.kind].sent(letter, now)


@in_unit
def _record_failure(letter: Letter, error: str, now: datetime) -> None:
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


@in_unit
def discard_waiting_letters() -> int:
    """Delete every waiting letter and return how many: for demo data dated in the past."""
    return Letter.objects.filter(next_try_at__isnull=False).delete()[0]


@in_unit
def sweep_ended_letters(*, now: datetime | None = None) -> int:
    """Delete letters that ended a month ago, some at a time; return how many."""
    now = now or database_now()
    ended = Letter.objects.filter(next_try_at=None, created_at__lte=now - KEPT)
    return delete_some(ended)
