"""Corrections that platforms declare: void, amend, backfill, and revert of a correction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.log.services import verb
from gigstream.core.clock import database_now
from platforms.catalogue.selectors import creators_at
from platforms.models import CorrectedEvent, Platform, UsageCorrection, UsageEvent
from platforms.usage import worth
from platforms.usage.calculations.batches import AHEAD, MOST_SECONDS, Refused, Window, read_events
from platforms.usage.calculations.merkle import hash_leaf
from platforms.usage.calculations.periods import day_of
from platforms.usage.calculations.receipts import LeafContent, canonical_json
from platforms.usage.enums import LIKE_KINDS, PAID_KINDS, CorrectionKind, Reason, ReceiptKind, UsageKind
from platforms.usage.errors import (
    CorrectionNotFound,
    CorrectionReverted,
    EventCorrected,
    InvalidCorrection,
)
from platforms.usage.finality import CreatorDate
from platforms.usage.models.events import NUMBERS_PER_BATCH
from platforms.usage.services.correcting import (
    CorrectionPlan,
    EventRef,
    RecordedEvent,
    Replacement,
    begin_correction,
    read_events_on_record,
    require_open_days,
    write_correction,
    write_record,
)
from platforms.usage.services.counting import next_batch_number
from platforms.usage.services.ingest import take_events
from platforms.usage.services.judging import judge_works
from platforms.usage.services.locks import archived_among
from platforms.usage.services.months import make_months
from platforms.usage.services.outcomes import UsageResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Change of an event; None leaves a field as it is."""

    number: int
    occurred_at: datetime
    new_time: datetime | None = None
    seconds: int | None = None
    amount: Decimal | None = None


@verb("usage.correct", "platform")
def void_usage(
    *, platform_id: UUID, events: Sequence[EventRef], reason: str, now: datetime | None = None
) -> UsageCorrection:
    """Have these events count no longer, all or none.

    Raises UsageEventNotFound, EventCorrected for one that a correction has concerned, InvalidCorrection for
    a like or unlike, PeriodFinal or PeriodArchived.
    """
    now = now or database_now()
    platform, reason = begin_correction(platform_id, reason)
    found = read_events_on_record(platform, events)
    for event in found:
        _require_correctable(event)
    plan = CorrectionPlan(
        CorrectionKind.VOID,
        reason,
        signs={_ref_of(event): -1 for event in found},
        concerned=[_concerned(event) for event in found],
        leaves=[_leaf({"voids": event.number}) for event in found],
        totals=_totals(found),
        creator_days={(event.creator_number, day_of(event.occurred_at)) for event in found},
    )
    return write_correction(platform=platform, plan=plan, now=now)


@verb("usage.correct", "platform")
def amend_usage(
    *, platform_id: UUID, amendments: Sequence[Amendment], reason: str, now: datetime | None = None
) -> UsageCorrection:
    """Have other events count in place of these, all or none: at another time, for other seconds or another
    amount. Each counts for the creator whose work it was at its time.

    Raises the errors of `void_usage`, and InvalidCorrection for an amendment that changes nothing or what the
    kind of event does not have, or names a time before the work was published or in the future.
    """
    now = now or database_now()
    platform, reason = begin_correction(platform_id, reason)
    refs = [EventRef(one.number, one.occurred_at) for one in amendments]
    found = read_events_on_record(platform, refs)
    for event, amendment in zip(found, amendments, strict=True):
        _require_correctable(event)
        _require_amendment(event, amendment, now)
    new = _replacements(found, amendments)
    make_months({day_of(one.occurred_at).replace(day=1) for one in new})
    days = {(event.creator_number, day_of(event.occurred_at)) for event in found}
    days |= {(one.creator_number, day_of(one.occurred_at)) for one in new}
    plan = CorrectionPlan(
        CorrectionKind.AMEND,
        reason,
        signs={_ref_of(event): -1 for event in found},
        concerned=[_concerned(one.of, one) for one in new],
        leaves=[_leaf({"amends": one.of.number, **_content(one).as_json()}) for one in new],
        totals=_totals(found),
        replacements=new,
        creator_days=days,
    )
    return write_correction(platform=platform, plan=plan, now=now)


def _replacements(found: Sequence[RecordedEvent], amendments: Sequence[Amendment]) -> list[Replacement]:
    first = next_batch_number() * NUMBERS_PER_BATCH
    times = [one.new_time or one.occurred_at for one in amendments]
    creators = creators_at([(event.work_number, at) for event, at in zip(found, times, strict=True)])
    return [
        Replacement(
            first + position,
            event,
            times[position],
            creators[position] or event.creator_number,
            event.seconds if one.seconds is None else one.seconds,
            event.amount if one.amount is None else one.amount,
        )
        for position, (event, one) in enumerate(zip(found, amendments, strict=True))
    ]


@verb("usage.correct", "platform")
def backfill_usage(
    *, platform_id: UUID, items: Sequence[Any], reason: str, now: datetime | None = None
) -> tuple[UsageCorrection | None, UsageResult]:
    """Record and count events of any time as `report_usage` does; return the correction, None if no event was
    new, and the outcome of each event. Likes are not reported late, as their order decides.

    Raises PeriodFinal if a day of an accepted event is final.
    """
    now = now or database_now()
    platform, reason = begin_correction(platform_id, reason)
    window = Window.of_backfill(now)
    items = _without_sealed(items, window)
    worth_before = worth.measure_days(_creator_days(platform, items, window))
    result = take_events(platform=platform, items=items, window=window, now=now, kind=ReceiptKind.CORRECTION)
    if result.receipt is None:
        return None, result
    require_open_days({(change.creator, change.day) for change in result.changes})
    numbers = sorted(result.accepted.values())
    rows = UsageEvent.objects.filter(number__in=numbers).values_list("number", "occurred_at")
    plan = CorrectionPlan(
        CorrectionKind.BACKFILL,
        reason,
        signs={},
        concerned=[CorrectedEvent(event_number=number, occurred_at=at) for number, at in sorted(rows)],
        leaves=[],
        totals={},
    )
    correction = write_record(
        platform=platform,
        plan=plan,
        changes=result.changes,
        listeners_final_on=result.listeners_final_on,
        worth_before=worth_before,
        receipt=result.receipt,
        now=now,
    )
    return correction, result


def _creator_days(platform: Platform, items: Sequence[Any], window: Window) -> set[CreatorDate]:
    """Return the days of creators to which events of these items may be added."""
    columns, refused = read_events(items, window=window)
    found = judge_works(platform_id=platform.pk, columns=columns, refused=refused)
    return {(creator, day_of(at)) for creator, at in zip(found.creators, found.columns.times, strict=True)}


def _without_sealed(items: Sequence[Any], window: Window) -> list[Any]:
    """Return the items with a refusal in the place of each like, and of each event whose month is in a file;
    make the months of the others."""
    columns, _ = read_events(items, window=window)
    days = {day_of(at) for at in columns.times}
    archived = archived_among(days)
    left = list(items)
    months = set()
    for position, at, kind in zip(columns.positions, columns.times, columns.kinds, strict=True):
        month = day_of(at).replace(day=1)
        if kind in LIKE_KINDS:
            left[position] = Refused(Reason.BAD_VALUE, "kind: likes are not reported late")
        elif month in archived:
            left[position] = Refused(Reason.PERIOD_ARCHIVED, f"the events of {month:%Y-%m} are in a file")
        else:
            months.add(month)
    make_months(months)
    return left


@verb("usage.correct", "platform")
def revert_correction(
    *, platform_id: UUID, correction_id: UUID, reason: str, now: datetime | None = None
) -> UsageCorrection:
    """Have count again what counted before the correction, which can then be corrected anew.

    Raises CorrectionNotFound, CorrectionReverted for one that was reverted or reverts another, PeriodFinal or
    PeriodArchived.
    """
    now = now or database_now()
    platform, reason = begin_correction(platform_id, reason)
    former = UsageCorrection.objects.filter(pk=correction_id, platform=platform).first()
    if former is None:
        raise CorrectionNotFound("there is no such correction that you may see")
    if former.kind == CorrectionKind.REVERT:
        raise CorrectionReverted("what reverts a correction is not reverted: declare the correction anew")
    if UsageCorrection.objects.filter(reverts=former).exists():
        raise CorrectionReverted(f"correction {former.pk} has been reverted")
    concerned = list(CorrectedEvent.objects.filter(correction=former).order_by("event_number"))
    signs = _signs_back(former, concerned)
    events = (
        read_events_on_record(platform, list(signs)) if len(signs) <= 5_000 else _in_parts(platform, signs)
    )
    plan = CorrectionPlan(
        CorrectionKind.REVERT,
        reason,
        signs=signs,
        concerned=[
            CorrectedEvent(
                event_number=one.event_number,
                occurred_at=one.occurred_at,
                replacement_number=one.replacement_number,
                replaced_at=one.replaced_at,
            )
            for one in concerned
        ],
        leaves=[_leaf({"reverts": one.event_number}) for one in concerned],
        totals=_totals([event for event in events if event.amends is None]),
        reverts=former,
        creator_days={(event.creator_number, day_of(event.occurred_at)) for event in events},
    )
    return write_correction(platform=platform, plan=plan, now=now)


def _in_parts(platform: Platform, signs: dict[EventRef, int]) -> list[RecordedEvent]:
    """Return the events of a correction that replaced as many as one may."""
    refs = list(signs)
    half = len(refs) // 2
    return read_events_on_record(platform, refs[:half]) + read_events_on_record(platform, refs[half:])


def _signs_back(former: UsageCorrection, concerned: Sequence[CorrectedEvent]) -> dict[EventRef, int]:
    """Return the events that count again, and those that no longer do, when the correction is reverted."""
    counts = -1 if former.kind == CorrectionKind.BACKFILL else 1
    signs = {EventRef(one.event_number, one.occurred_at): counts for one in concerned}
    for one in concerned:
        if one.replacement_number is not None and one.replaced_at is not None:
            signs[EventRef(one.replacement_number, one.replaced_at)] = -1
    return signs


def _require_correctable(event: RecordedEvent) -> None:
    """Raise EventCorrected or InvalidCorrection unless the event may be amended or voided."""
    if event.is_excluded or event.amends is not None or event.is_backfilled:
        raise EventCorrected(
            f"event {event.number} has been corrected: revert that correction first", event=event.number
        )
    if event.kind in LIKE_KINDS:
        raise InvalidCorrection(
            f"event {event.number} is a like or unlike: report the other one instead", event=event.number
        )


def _require_amendment(event: RecordedEvent, amendment: Amendment, now: datetime) -> None:
    """Raise InvalidCorrection unless the amendment changes what an event of this kind has."""
    if amendment.seconds is not None:
        if event.kind != UsageKind.PLAY:
            raise InvalidCorrection(f"event {event.number} is no play and has no seconds", event=event.number)
        if not 0 <= amendment.seconds <= MOST_SECONDS:
            raise InvalidCorrection(f"a play has 0 to {MOST_SECONDS} seconds", event=event.number)
    if amendment.amount is not None and event.kind not in PAID_KINDS:
        raise InvalidCorrection(f"event {event.number} has no amount", event=event.number)
    at = amendment.new_time
    if at is not None and not event.published_at <= at <= now + AHEAD:
        raise InvalidCorrection(
            f"event {event.number} cannot have occurred at {at.isoformat()}", event=event.number
        )
    same = (
        amendment.seconds in (None, event.seconds)
        and amendment.amount in (None, event.amount)
        and at in (None, event.occurred_at)
    )
    if same:
        raise InvalidCorrection(f"the amendment of event {event.number} changes nothing", event=event.number)


def _ref_of(event: RecordedEvent) -> EventRef:
    return EventRef(event.number, event.occurred_at)


def _concerned(event: RecordedEvent, new: Replacement | None = None) -> CorrectedEvent:
    return CorrectedEvent(
        event_number=event.number,
        occurred_at=event.occurred_at,
        replacement_number=new.number if new else None,
        replaced_at=new.occurred_at if new else None,
    )


def _content(new: Replacement) -> LeafContent:
    return LeafContent(
        new.number, new.of.work_id, UsageKind(new.of.kind), new.occurred_at, new.seconds, new.amount
    )


def _leaf(content: dict[str, Any]) -> bytes:
    return hash_leaf(canonical_json(content))


def _totals(events: Sequence[RecordedEvent]) -> dict[str, int]:
    return dict(Counter(UsageKind(event.kind).word for event in events))
