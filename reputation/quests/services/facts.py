"""Facts that are reported to a quest, and the outcome of each."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from gigstream.core import sql
from gigstream.core.errors import Refusal
from gigstream.core.people.names import InvalidName, normal_name
from reputation.models import Quest, QuestEvent
from reputation.quests.calculations import CLOCKS_DIFFER, local_date, time_text
from reputation.quests.enums import QuestKind, QuestPeriod
from reputation.quests.errors import InvalidFact

# Begins the external id of a fact whose worker was erased.
ERASED = "erased:"
# State of a fact that led to no event.
REFUSED = "refused"
LONGEST_ID, LONGEST_TYPE = 200, 64


@dataclass(frozen=True, slots=True)
class Fact:
    """Act of a worker. `external_id` comes from the fact and never from the attempt: that of a fact
    which anybody may report stands bare, that of a worker's own carries the worker's id. Without a date it is
    dated by the worker's time zone, where the quest is daily. `device_id` is the platform's id of the device
    on which the worker acted."""

    worker_id: UUID
    event_type: str
    external_id: str
    event_date: date | None
    occurred_at: datetime
    evidence: dict[str, Any] = field(default_factory=dict)
    device_id: str = ""


@dataclass(frozen=True, slots=True)
class FactResult:
    """Outcome of a fact: the state of its event, or `refused` with no event, with the code, the sentence
    and the numbers of the refusal. `replayed` says that the fact was reported before."""

    event_id: int | None
    state: str
    code: str = ""
    numbers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False
    message: str = ""
    refusal: Refusal | None = field(default=None, compare=False)
    event: QuestEvent | None = field(default=None, compare=False)

    @property
    def row(self) -> QuestEvent:
        """The event that the fact has. Raises ValueError for a fact that was refused."""
        if self.event is None:
            raise ValueError(f"the fact has no event: {self.message}")
        return self.event

    @classmethod
    def of_event(cls, event: QuestEvent, *, replayed: bool = False) -> "FactResult":
        """Return the result of a fact that has an event."""
        return cls(event.pk, event.status, event.code, event.numbers, replayed, event.message, event=event)

    @classmethod
    def of_refusal(cls, refusal: Refusal) -> "FactResult":
        """Return the result of a fact that was refused."""
        numbers = {name: str(value) for name, value in refusal.numbers.items()}
        return cls(None, REFUSED, refusal.code, numbers, message=refusal.message, refusal=refusal)


def dated_fact(fact: Fact, quest: Quest, *, time_zone: str, now: datetime) -> date | None:
    """Return the date under which the fact counts: none in a quest that is done once. Raises InvalidFact for
    a fact without an id, in the future, or with a date that cannot be."""
    _require_id(fact)
    _require_past(fact, now)
    if quest.period == QuestPeriod.ONCE:
        if fact.event_date is not None:
            raise InvalidFact(
                f"the quest is done once: its facts have no date, not {fact.event_date}",
                event_date=fact.event_date.isoformat(),
            )
        return None
    today = local_date(now + CLOCKS_DIFFER, time_zone)
    counted = fact.event_date or local_date(fact.occurred_at, time_zone)
    # While a worker's time zone changes, the calendar of check-ins may be a date ahead of the new zone.
    latest = today + timedelta(days=1) if quest.kind == QuestKind.CHECK_IN else today
    if counted > latest:
        raise InvalidFact(
            f"{counted} is in the future: it is {today} in {time_zone}",
            event_date=counted.isoformat(),
            today=today.isoformat(),
            time_zone=time_zone,
        )
    return counted


def _require_id(fact: Fact) -> None:
    for name, value, longest in (
        ("external_id", fact.external_id, LONGEST_ID),
        ("event_type", fact.event_type, LONGEST_TYPE),
    ):
        try:
            is_plain = normal_name(value) == value
        except InvalidName as error:
            raise InvalidFact(f"{name}: {error.message}", field=name) from error
        if not is_plain or len(value) > longest:
            raise InvalidFact(
                f"{name} is one line of 1 to {longest} characters, composed (NFC), not of {len(value)}",
                field=name,
                longest=longest,
            )


def _require_past(fact: Fact, now: datetime) -> None:
    if fact.occurred_at > now + CLOCKS_DIFFER:
        raise InvalidFact(
            f"the fact lies in the future, at {time_text(fact.occurred_at)}: it is {time_text(now)}",
            occurred_at=fact.occurred_at.isoformat(),
            now=now.isoformat(),
        )


def require_time(fact: Fact, quest: Quest) -> None:
    """Raise InvalidFact unless the fact occurred within the quest's time."""
    begins, ends = quest.starts_at, quest.ends_at
    if (begins and fact.occurred_at < begins) or (ends and fact.occurred_at > ends):
        raise InvalidFact(
            f"the quest takes facts from {time_text(begins) if begins else 'its opening'}"
            f" to {time_text(ends) if ends else 'its end'},"
            f" not of {time_text(fact.occurred_at)}",
            occurred_at=fact.occurred_at.isoformat(),
            starts_at=begins.isoformat() if begins else "",
            ends_at=ends.isoformat() if ends else "",
        )


def erased_forms(quest_id: UUID, external_id: str) -> list[str]:
    """Return the external ids under which the fact stands if its worker was erased: keyed hashes of it, under
    our present key and the former ones."""
    keys = [settings.SECRET_KEY, *settings.FORMER_SECRET_KEYS]
    salt = f"gigstream.quests.{quest_id}"
    hashes = (salted_hmac(salt, external_id, secret=key, algorithm="sha256") for key in keys)
    return [f"{ERASED}{one.hexdigest()}" for one in hashes]


def erase_facts(worker_id: UUID) -> None:
    """Put keyed hashes in the place of the facts of a worker who is being erased, where they say more than
    who the worker was: nobody can read them, and the same fact still cannot be rewarded again."""
    said = QuestEvent.objects.filter(worker=worker_id).exclude(external_id=str(worker_id))
    rows = list(said.exclude(external_id__startswith=ERASED).values_list("pk", "quest_id", "external_id"))
    if rows:
        sql.run(
            "reputation/quests/erase_facts",
            ids=[event_id for event_id, _, _ in rows],
            external_ids=[erased_forms(quest_id, external_id)[0] for _, quest_id, external_id in rows],
        )
