"""Usage as platforms report it: batches, each event of which is judged alone and counted once.

The events of a batch are columns, not objects, and are judged together: a fixed number of statements for any
number of events, of which one records and counts all that are new.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from platforms.catalogue.services.listeners import resolve_listeners
from platforms.models import Platform, UsageBatch
from platforms.platforms.services.platforms import require_active
from platforms.signals import usage_accepted, usage_counted
from platforms.usage.calculations.batches import Columns, Window, read_events
from platforms.usage.calculations.receipts import content_digest, leaf_hashes
from platforms.usage.enums import LIKE_KINDS, ReceiptKind, UsageKind
from platforms.usage.models.events import NUMBERS_PER_BATCH
from platforms.usage.services.counting import add_to_platform, count_batch, next_batch_number
from platforms.usage.services.judging import judge_likes, judge_works, read_known
from platforms.usage.services.locks import share_usage
from platforms.usage.services.outcomes import TakenEvents, UsageResult
from platforms.usage.services.receipts import add_receipt
from platforms.usage.store.services.keeping import keep_for_store


@verb("usage.report", "platform")
def report_usage(*, platform_id: UUID, items: Sequence[Any], now: datetime | None = None) -> UsageResult:
    """Record and count the events of a batch, JSON values as `read_ndjson` returns them.

    An event that is on record with the same content is replayed and changes nothing. A refused event does not
    affect the others. Raises PlatformSuspended or PlatformDeleted.
    """
    now = now or database_now()
    platform = Platform.objects.get(pk=platform_id)
    require_active(platform=platform)
    share_usage(platform)
    result = take_events(platform=platform, items=items, window=Window.at(now), now=now)
    if result.receipt is not None and result.receipt.batch is not None:
        batch = result.receipt.batch
        audit.record("usage.report", batch, after=batch_as_values(result), now=now)
        usage_accepted.send(sender=UsageBatch, batches=[batch], now=now)
    return result


def batch_as_values(result: UsageResult) -> dict[str, int]:
    """Return the counts of a batch."""
    return {
        "accepted": len(result.accepted),
        "replayed": len(result.replayed),
        "refused": len(result.refused),
    }


def take_events(
    *,
    platform: Platform,
    items: Sequence[Any],
    window: Window,
    now: datetime,
    kind: ReceiptKind = ReceiptKind.BATCH,
) -> UsageResult:
    """Record and count the events of these items that are new and in the window, with a receipt of this
    kind."""
    columns, refused = read_events(items, window=window)
    result = UsageResult(len(items), refused=refused)
    taken = _judge(platform, columns, result, now) if len(columns) else None
    if taken is None:
        return result
    batch_number = next_batch_number()
    outcome = count_batch(platform=platform, first=batch_number * NUMBERS_PER_BATCH, taken=taken, now=now)
    _note_known(platform, taken, outcome.known, result)
    known = set(outcome.known)
    new = [place for place, position in enumerate(taken.columns.positions) if position not in known]
    if new:
        result.changes, result.listeners_final_on = outcome.changes, outcome.listeners_final_on
        usage_counted.send(sender=UsageBatch, changes=outcome.changes, now=now)
        _write_receipt(platform, taken, new, batch_number, result, kind, now)
        add_to_platform(platform=platform, changes=outcome.of_platform)
    return result


def _judge(platform: Platform, columns: Columns, result: UsageResult, now: datetime) -> TakenEvents | None:
    """Return the events whose works and likes allow them; None if there is none."""
    found = judge_works(platform_id=platform.pk, columns=columns, refused=result.refused)
    columns = found.columns
    if not len(columns):
        return None
    numbers = resolve_listeners(platform_id=platform.pk, external_ids=columns.listeners, now=now)
    listeners = [numbers[one] for one in columns.listeners]
    # In UTC, which takes 26 characters before the offset.
    times = [at.isoformat(timespec="microseconds")[:26] + "Z" for at in columns.times]
    contents = list(
        map(content_digest, found.works, columns.kinds, listeners, times, columns.seconds, columns.amounts)
    )
    taken = TakenEvents(columns, found.works, found.work_ids, found.creators, listeners, times, contents)
    if LIKE_KINDS.isdisjoint(columns.kinds):
        return taken
    dropped = judge_likes(platform=platform, taken=taken, result=result)
    return taken.without(dropped) if dropped else taken


def _note_known(platform: Platform, taken: TakenEvents, known: Sequence[int], result: UsageResult) -> None:
    """Put the events whose ids are on record among the replayed or the refused."""
    if not known:
        return
    places = {position: place for place, position in enumerate(taken.columns.positions)}
    ids = [taken.columns.ids[places[position]] for position in known]
    on_record = read_known(platform=platform, ids=ids)
    for position in known:
        place = places[position]
        result.note_known(position, taken.contents[place], on_record[taken.columns.ids[place]])


def _write_receipt(
    platform: Platform,
    taken: TakenEvents,
    new: Sequence[int],
    batch_number: int,
    result: UsageResult,
    kind: ReceiptKind,
    now: datetime,
) -> None:
    """Write the batch and its receipt over the events at these places."""
    columns, first = taken.columns, batch_number * NUMBERS_PER_BATCH
    rows = [
        (
            first + columns.positions[at],
            taken.work_ids[at],
            columns.kinds[at],
            taken.times[at],
            columns.seconds[at],
            columns.amounts[at],
        )
        for at in new
    ]
    result.accepted = {columns.positions[at]: first + columns.positions[at] for at in new}
    days = _days(columns, new)
    batch = UsageBatch(
        pk=batch_number,
        platform=platform,
        received_at=now,
        given=result.given,
        **batch_as_values(result),
        first_day=days[0],
        last_day=days[1],
    )
    batch.save(force_insert=True)
    result.receipt = add_receipt(
        platform=platform,
        kind=kind,
        leaves=leaf_hashes(rows),
        totals=_totals([columns.kinds[at] for at in new]),
        batch=batch,
        now=now,
    )
    keep_for_store(
        receipt=result.receipt,
        numbers=list(result.accepted.values()),
        times=[taken.times[at] for at in new],
    )


def _days(columns: Columns, new: Sequence[int]) -> tuple[date, date]:
    times = [columns.times[at] for at in new]
    return min(times).date(), max(times).date()


def _totals(kinds: Sequence[int]) -> dict[str, int]:
    counts = Counter(kinds)
    return {kind.word: counts[kind] for kind in UsageKind if kind in counts}
