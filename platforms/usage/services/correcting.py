"""The frame of corrections: the events that they concern, what forbids them, and how they are written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.log import services as audit
from gigstream.core import sql
from gigstream.core.people.names import normal_name
from platforms.models import (
    CorrectedEvent,
    CreatorProfile,
    Platform,
    UsageBatch,
    UsageCorrection,
    UsageReceipt,
)
from platforms.platforms.services.platforms import require_active
from platforms.signals import usage_corrected, usage_counted
from platforms.usage import finality, worth
from platforms.usage.calculations.changes import UsageChange, differences_as_json
from platforms.usage.calculations.periods import day_of
from platforms.usage.enums import CorrectionKind, ReceiptKind
from platforms.usage.errors import InvalidCorrection, PeriodFinal, UsageEventNotFound
from platforms.usage.models.events import NUMBERS_PER_BATCH
from platforms.usage.services.counting import Outcome, add_to_platform, run_counting
from platforms.usage.services.locks import hold_usage, require_attached
from platforms.usage.services.pruning import note_known_listeners
from platforms.usage.services.receipts import add_receipt
from platforms.usage.store.services.keeping import keep_for_store

MOST_CORRECTED = 5_000
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class EventRef:
    """An event by its number and the time at which it occurred."""

    number: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event on record, as a correction meets it."""

    number: int
    work_number: int
    work_id: str
    creator_number: int
    kind: int
    listener_number: int
    occurred_at: datetime
    published_at: datetime
    seconds: int
    amount: Decimal | None
    amends: int | None
    is_excluded: bool
    is_backfilled: bool


@dataclass(frozen=True, slots=True)
class Replacement:
    """Event that is counted in place of one that is amended."""

    number: int
    of: RecordedEvent
    occurred_at: datetime
    creator_number: int
    seconds: int
    amount: Decimal | None


@dataclass(slots=True)
class CorrectionPlan:
    """A correction before it is written. `signs` say of events on record whether they count from now on (1)
    or no longer (-1); `leaves` are under its receipt."""

    kind: CorrectionKind
    reason: str
    signs: dict[EventRef, int]
    concerned: list[CorrectedEvent]
    leaves: list[bytes]
    totals: Mapping[str, int]
    replacements: Sequence[Replacement] = ()
    reverts: UsageCorrection | None = None
    creator_days: set[finality.CreatorDate] = field(default_factory=set)


def begin_correction(platform_id: UUID, reason: str) -> tuple[Platform, str]:
    """Return the platform, whose usage nobody else changes until the transaction ends, and the reason as it
    is kept. Raises PlatformSuspended, PlatformDeleted, InvalidName or InvalidCorrection."""
    platform = Platform.objects.get(pk=platform_id)
    require_active(platform=platform)
    hold_usage(platform)
    kept = normal_name(reason)
    if len(kept) > LONGEST_REASON:
        raise InvalidCorrection(f"a reason has at most {LONGEST_REASON} characters, not {len(kept)}")
    return platform, kept


def read_events_on_record(platform: Platform, refs: Sequence[EventRef]) -> list[RecordedEvent]:
    """Return the events in the order of the references. Raises InvalidCorrection for none, too many or
    doubled ones, PeriodArchived, or UsageEventNotFound for one that the platform does not have."""
    if not 1 <= len(refs) <= MOST_CORRECTED:
        raise InvalidCorrection(f"a correction concerns 1 to {MOST_CORRECTED} events, not {len(refs)}")
    if len({ref.number for ref in refs}) < len(refs):
        raise InvalidCorrection("an event is named twice")
    require_attached({day_of(ref.occurred_at) for ref in refs})
    rows = sql.run(
        "platforms/usage/find_events",
        platform=platform.number,
        per_batch=NUMBERS_PER_BATCH,
        numbers=[ref.number for ref in refs],
        times=[ref.occurred_at for ref in refs],
    )
    found = {row["number"]: RecordedEvent(**row) for row in rows}
    missing = [ref.number for ref in refs if ref.number not in found]
    if missing:
        raise UsageEventNotFound(
            f"there is no event {missing[0]} at that time that you may see", event=missing[0]
        )
    return [found[ref.number] for ref in refs]


def require_open_days(creator_days: set[finality.CreatorDate]) -> None:
    """Raise PeriodArchived for a day in a file, or PeriodFinal for one whose pay is final."""
    require_attached({day for _, day in creator_days})
    final = finality.find_final(creator_days)
    if final:
        raise PeriodFinal(
            f"the pay of {final[0][1]} is final, and of {len(final)} days in all",
            day=final[0][1],
            days=len(final),
        )


def write_correction(*, platform: Platform, plan: CorrectionPlan, now: datetime) -> UsageCorrection:
    """Count what the plan says, and write the correction, its receipt and what it concerned. Raises
    PeriodArchived or PeriodFinal."""
    require_open_days(plan.creator_days)
    worth_before = worth.measure_days(plan.creator_days)
    outcome = _count(platform, plan, now)
    usage_counted.send(sender=UsageBatch, changes=outcome.changes, now=now)
    receipt = add_receipt(
        platform=platform, kind=ReceiptKind.CORRECTION, leaves=plan.leaves, totals=plan.totals, now=now
    )
    keep_for_store(
        receipt=receipt,
        numbers=[*(ref.number for ref in plan.signs), *(one.number for one in plan.replacements)],
        times=[*(ref.occurred_at for ref in plan.signs), *(one.occurred_at for one in plan.replacements)],
    )
    correction = write_record(
        platform=platform,
        plan=plan,
        changes=outcome.changes,
        listeners_final_on=outcome.listeners_final_on,
        worth_before=worth_before,
        receipt=receipt,
        now=now,
    )
    add_to_platform(platform=platform, changes=outcome.of_platform)
    return correction


def write_record(
    *,
    platform: Platform,
    plan: CorrectionPlan,
    changes: Sequence[UsageChange],
    listeners_final_on: Sequence[date],
    worth_before: worth.Worth,
    receipt: UsageReceipt,
    now: datetime,
) -> UsageCorrection:
    """Write the row of a correction that has been counted, with the events that it concerned, and the
    differences of pay to the worth of the days before."""
    worth_now = worth.measure_days(worth_before.keys())
    pay = {day: amount - worth_before[day] for day, amount in worth_now.items()}
    moved = {change.creator for change in changes} | {creator for creator, _ in pay}
    correction = UsageCorrection(
        created_at=now,
        platform=platform,
        kind=plan.kind,
        reason=plan.reason,
        events=len(plan.concerned),
        differences=differences_as_json(changes, pay, _creator_ids(moved)),
        listeners_final_on=list(listeners_final_on),
        reverts=plan.reverts,
        receipt=receipt,
    )
    correction.save(force_insert=True)
    for one in plan.concerned:
        one.correction = correction
    CorrectedEvent.unguarded.bulk_create(plan.concerned)
    note_known_listeners(corrected=plan.concerned, days=listeners_final_on)
    audit.record(
        "usage.correct",
        correction,
        after={"kind": plan.kind, "events": correction.events, "receipt": receipt.number},
        metadata={"reason": plan.reason},
        now=now,
    )
    usage_corrected.send(sender=UsageCorrection, corrections=[correction], now=now)
    return correction


def _creator_ids(numbers: Collection[int]) -> dict[int, str]:
    rows = CreatorProfile.objects.filter(number__in=numbers).values_list("number", "pk")
    return {number: str(pk) for number, pk in rows}


def _count(platform: Platform, plan: CorrectionPlan, now: datetime) -> Outcome:
    signs, new = list(plan.signs.items()), plan.replacements
    values: dict[str, Any] = {
        "numbers": [ref.number for ref, _ in signs],
        "times": [ref.occurred_at for ref, _ in signs],
        "signs": [sign for _, sign in signs],
        "new_numbers": [one.number for one in new],
        "amended": [one.of.number for one in new],
        "amended_times": [one.of.occurred_at for one in new],
        "new_times": [one.occurred_at for one in new],
        "new_creators": [one.creator_number for one in new],
        "new_seconds": [one.seconds for one in new],
        "new_amounts": [one.amount for one in new],
    }
    nobody = dict.fromkeys(("liked_works", "liked_by", "unliked_works", "unliked_by"), "{}")
    outcome = run_counting("take_corrected", platform=platform.number, now=now, **values, **nobody)
    if outcome.taken != len(signs) + len(new):
        raise UsageEventNotFound(f"{len(signs) + len(new) - outcome.taken} of the events are not there")
    return outcome
