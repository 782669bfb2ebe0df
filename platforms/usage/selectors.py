"""Usage as it is read: sums by day, receipts with proofs, and plays that are left out of pay."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Sum

from gigstream.core import sql
from platforms.catalogue.calculations import Engagement
from platforms.models import (
    CreatorDay,
    CreatorProfile,
    Platform,
    PlatformDay,
    SigningKey,
    UsageBatch,
    UsageEvent,
    UsageReceipt,
    UsageRule,
    Work,
)
from platforms.usage.calculations.merkle import Step, prove_leaf
from platforms.usage.calculations.receipts import LeafContent, leaf_hashes, time_text
from platforms.usage.enums import DEFAULT_THRESHOLDS, RuleKind, UsageKind
from platforms.usage.errors import PeriodArchived, ReceiptNotFound, UsageEventNotFound
from platforms.usage.models.events import NUMBERS_PER_BATCH

SCORE_DAYS = 30


def attached_months() -> list[date]:
    """Return the months whose events are in the database, in order."""
    return [row["month"] for row in sql.run("platforms/usage/attached_months")]


def find_final_listeners(platform_id: UUID, *, first: date, last: date) -> list[date]:
    """Return the platform's days, from a day to a day, whose listeners are final: who they were is not on
    record."""
    days = PlatformDay.objects.filter(
        platform__pk=platform_id, day__range=(first, last), listeners_final_at__isnull=False
    )
    return list(days.order_by("day").values_list("day", flat=True))


def thresholds_of(platform: Platform) -> dict[RuleKind, int]:
    """Return the thresholds of the platform's rules, in the order in which they are applied."""
    newest = UsageRule.objects.filter(platform=platform).values("kind").annotate(newest=Max("pk"))
    rows = UsageRule.objects.filter(pk__in=[row["newest"] for row in newest])
    given = {RuleKind(row.kind): row.threshold for row in rows}
    return {kind: given.get(kind, usual) for kind, usual in DEFAULT_THRESHOLDS.items()}


def engagement_of(creator: CreatorProfile, *, today: date) -> Engagement:
    """Return what the creator's engagement score follows from: the 30 days that end today."""
    first = today - timedelta(days=SCORE_DAYS - 1)
    days = CreatorDay.objects.filter(creator=creator, day__range=(first, today))
    sums = days.aggregate(plays=Sum("plays"), likes=Sum("likes"), comments=Sum("comments"))
    ever = CreatorDay.objects.filter(creator=creator, day__lte=today)
    followers = ever.aggregate(gained=Sum("followers_gained"), lost=Sum("followers_lost"))
    works = Work.objects.filter(creator=creator, published_on__range=(first, today))
    return Engagement(
        plays=sums["plays"] or 0,
        followers=(followers["gained"] or 0) - (followers["lost"] or 0),
        likes=sums["likes"] or 0,
        comments=sums["comments"] or 0,
        works=works.count(),
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that an event stands under the root of a receipt."""

    receipt: UsageReceipt
    content: LeafContent
    index: int
    steps: list[Step]


def prove_event(platform: Platform, number: int) -> Proof:
    """Return the proof for an event of the platform that a batch has brought.

    Raises UsageEventNotFound, ReceiptNotFound for an event that replaces another, or PeriodArchived.
    """
    batch = UsageBatch.objects.filter(pk=number // NUMBERS_PER_BATCH, platform=platform).first()
    if batch is None:
        raise UsageEventNotFound("there is no such event that you may see")
    receipt = UsageReceipt.objects.filter(batch=batch).first()
    if receipt is None:
        raise ReceiptNotFound("the event stands in no receipt")
    events = events_of_batch(batch)
    numbers = [event.number for event in events]
    if len(events) != receipt.count:
        raise PeriodArchived("events of the batch are in a file")
    if number not in numbers:
        raise UsageEventNotFound("there is no such event that you may see")
    index, works = numbers.index(number), work_ids_of(events)
    return Proof(
        receipt, content_of(events[index], works), index, prove_leaf(leaves_of(events, works), index)
    )


def events_of_batch(batch: UsageBatch) -> list[UsageEvent]:
    """Return the events that the batch has brought, in its order."""
    first = batch.pk * NUMBERS_PER_BATCH
    rows = UsageEvent.objects.filter(number__gte=first, number__lt=first + NUMBERS_PER_BATCH)
    # The days say in which months to look.
    begin = datetime.combine(batch.first_day, time(), UTC)
    end = datetime.combine(batch.last_day, time(), UTC) + timedelta(days=1)
    between = rows.filter(occurred_at__gte=begin, occurred_at__lt=end)
    return list(between.order_by("number"))


def work_ids_of(events: Collection[UsageEvent]) -> dict[int, str]:
    """Return the ids of the events' works by their numbers."""
    rows = Work.objects.filter(number__in={event.work_number for event in events}).values_list("number", "pk")
    return {number: str(pk) for number, pk in rows}


def content_of(event: UsageEvent, works: Mapping[int, str]) -> LeafContent:
    """Return what the leaf of an event says."""
    return LeafContent(
        event.number,
        works[event.work_number],
        UsageKind(event.kind),
        event.occurred_at,
        event.seconds,
        event.amount,
    )


def leaves_of(events: Collection[UsageEvent], works: Mapping[int, str]) -> list[bytes]:
    """Return the hashes of the events' leaves."""
    return leaf_hashes(
        (
            event.number,
            works[event.work_number],
            event.kind,
            time_text(event.occurred_at),
            event.seconds,
            None if event.amount is None else f"{event.amount:.6f}",
        )
        for event in events
    )


def keys_as_jwks() -> dict[str, Any]:
    """Return the public halves of all keys that have signed receipts, as a JWK Set (RFC 7517, RFC 8037)."""
    return {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.name, "x": key.public}
            for key in SigningKey.objects.order_by("pk")
        ]
    }


def left_out_by_work(creator: CreatorProfile, *, first: date, last: date) -> list[dict[str, Any]]:
    """Return by day, work and status the plays of a creator that rules leave out of pay and that still count:
    what pay by use subtracts while it is held, and for good once it is confirmed."""
    return sql.run("platforms/usage/left_out", creator=creator.pk, first=first, last=last)
