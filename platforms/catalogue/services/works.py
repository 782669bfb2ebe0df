"""Works: published for a creator, changed, priced, moved to another creator, and withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount
from gigstream.core.people.names import normal_name
from platforms.catalogue.calculations import day_of, rate_holds_from
from platforms.catalogue.errors import (
    InvalidPublicationDay,
    WorkExternalIdTaken,
    WorkNotFound,
    WorkNotMoved,
    WorkWithdrawn,
)
from platforms.catalogue.services.creators import lock_consenting_creator
from platforms.models import CreatorProfile, Work, WorkMove, WorkRate
from platforms.platforms.services.platforms import lock_active_platform
from platforms.signals import works_moved, works_published, works_withdrawn
from platforms.tasks.errors import NOTHING_HERE

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPlan:
    """A work that is being published. Without a price it is free, without a rate its plays are not paid,
    without a day it is published today."""

    external_id: str
    title: str
    kind: str
    content_id: str = ""
    price: Decimal | str | None = None
    rate: Decimal | str | None = None
    published_on: date | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@verb("work.publish", "platform")
def publish_work(*, platform_id: UUID, creator_id: UUID, plan: WorkPlan, now: datetime | None = None) -> Work:
    """Publish a work of a creator, who has agreed to work for the platform. A rate holds from today on.

    Raises CreatorNotFound, CreatorClosed, WorkerNotFound, WorkerDeleted, WorkerSuspended,
    WorkExternalIdTaken, InvalidName, InvalidAmount, InvalidPublicationDay, PlatformDeleted or
    PlatformSuspended.
    """
    now = now or database_now()
    creator = lock_consenting_creator(creator_id=creator_id, platform_id=platform_id, now=now)
    work = _build_work(creator, plan, now)
    work.platform = lock_active_platform(platform_id=platform_id)
    try:
        with transaction.atomic():
            work.save(force_insert=True)
    except IntegrityError as error:
        if "work_external_id_once_per_platform" not in str(error):
            raise
        raise WorkExternalIdTaken(
            f"there is already a work {work.external_id} of this platform", external_id=work.external_id
        ) from error
    if work.rate is not None:
        _note_rate(work, day_of(now), now)
    audit.record(
        "work.publish",
        work,
        after={"creator": creator.pk, "kind": work.kind, "price": work.price, "rate": work.rate},
        now=now,
    )
    works_published.send(sender=Work, works=[work], now=now)
    return work


def _build_work(creator: CreatorProfile, plan: WorkPlan, now: datetime) -> Work:
    today = day_of(now)
    published_on = plan.published_on or today
    if published_on > today:
        raise InvalidPublicationDay(
            f"{published_on} is in the future: a work is published by {today} (UTC)",
            published_on=published_on,
            today=today,
        )
    return Work(
        creator=creator,
        external_id=plan.external_id,
        title=normal_name(plan.title),
        kind=plan.kind,
        content_id=plan.content_id,
        price=_amount_or_none(plan.price),
        rate=_amount_or_none(plan.rate),
        published_on=published_on,
        metadata=plan.metadata,
        created_at=now,
    )


def _amount_or_none(value: Decimal | str | None) -> Decimal | None:
    return None if value is None else exact_amount(value)


def _note_rate(work: Work, valid_from: date, now: datetime) -> None:
    WorkRate.unguarded.create(work=work, rate=work.rate, valid_from=valid_from, created_at=now)


@verb("work.change", "work")
def change_work(*, work_id: UUID, changes: Mapping[str, Any], now: datetime | None = None) -> Work:
    """Change the title, the content or the metadata of a work. Raises WorkWithdrawn or InvalidName."""
    work = lock_open_work(work_id=work_id)
    for name, value in changes.items():
        setattr(work, name, normal_name(value) if name == "title" else value)
    work.save(update_fields=[*changes, "updated_at"])
    audit.record("work.change", work, metadata={"fields": sorted(changes)}, now=now)
    return work


@verb("work.set_price", "work")
def set_work_price(*, work_id: UUID, price: Decimal | str | None, now: datetime | None = None) -> Work:
    """Set the price of a work, from now on; None makes it free. Raises WorkWithdrawn or InvalidAmount."""
    amount = _amount_or_none(price)
    work = lock_open_work(work_id=work_id)
    before, work.price = work.price, amount
    work.save(update_fields=["price", "updated_at"])
    audit.record("work.set_price", work, before={"price": before}, after={"price": amount}, now=now)
    return work


@verb("work.set_rate", "work")
def set_work_rate(*, work_id: UUID, rate: Decimal | str | None, now: datetime | None = None) -> Work:
    """Set what a play of the work pays, in USDC; it holds from the next UTC day on. None pays nothing. The
    rates before stay on record, so that the pay of each day can be explained. Raises WorkWithdrawn or
    InvalidAmount."""
    amount = _amount_or_none(rate)
    now = now or database_now()
    work = lock_open_work(work_id=work_id)
    if amount == work.rate:
        return work
    before, work.rate = work.rate, amount
    work.save(update_fields=["rate", "updated_at"])
    valid_from = _day_of_rate(work, now)
    _note_rate(work, valid_from, now)
    audit.record(
        "work.set_rate",
        work,
        before={"rate": before},
        after={"rate": amount, "valid_from": valid_from},
        now=now,
    )
    return work


def _day_of_rate(work: Work, now: datetime) -> date:
    """Return the day from which a new rate holds: the next, but none before that of the rate set last, where
    the clock has stepped back."""
    last = work.rates.order_by("-valid_from").values_list("valid_from", flat=True).first()
    return max(rate_holds_from(now), last or date.min)


@verb("work.move", "work")
def move_work(*, work_id: UUID, creator_id: UUID, now: datetime | None = None) -> Work:
    """Move the work to another creator of its platform. Use from now on counts for that creator, use before
    for the former one.

    Raises CreatorNotFound, CreatorClosed, WorkerNotFound, WorkerDeleted, WorkerSuspended, WorkWithdrawn or
    WorkNotMoved.
    """
    now = now or database_now()
    platform_id = Work.objects.values_list("platform", flat=True).get(pk=work_id)
    creator = lock_consenting_creator(creator_id=creator_id, platform_id=platform_id, now=now)
    work = lock_open_work(work_id=work_id)
    if work.creator_id == creator.pk:
        raise WorkNotMoved(f"the work is of creator {creator.reference} already", creator_id=creator.pk)
    move = WorkMove.unguarded.create(
        work=work,
        from_creator_id=work.creator_id,
        to_creator=creator,
        moved_at=_time_of_move(work, now),
    )
    work.creator = creator
    work.save(update_fields=["creator", "updated_at"])
    audit.record(
        "work.move",
        work,
        before={"creator": move.from_creator_id},
        after={"creator": move.to_creator_id, "moved_at": move.moved_at},
        now=now,
    )
    works_moved.send(sender=WorkMove, moves=[move], now=now)
    return work


def _time_of_move(work: Work, now: datetime) -> datetime:
    """Return the time of a move: now, but after the move before, where the clock has stepped back."""
    last = work.moves.order_by("-moved_at").values_list("moved_at", flat=True).first()
    return now if last is None else max(now, last + INSTANT)


@verb("work.withdraw", "work")
def withdraw_work(*, work_id: UUID, now: datetime | None = None) -> Work:
    """Withdraw the work for good: it is no longer offered, and what it was used for stays counted. Raises
    WorkWithdrawn."""
    now = now or database_now()
    work = lock_open_work(work_id=work_id)
    work.withdrawn_at = now
    work.save(update_fields=["withdrawn_at", "updated_at"])
    audit.record("work.withdraw", work, now=now)
    works_withdrawn.send(sender=Work, works=[work], now=now)
    return work


def lock_open_work(*, work_id: UUID) -> Work:
    """Lock the work and return it. Raises WorkNotFound or WorkWithdrawn."""
    work = Work.objects.locked().filter(pk=work_id).first()
    if work is None:
        raise WorkNotFound(NOTHING_HERE)
    if work.withdrawn_at is not None:
        raise WorkWithdrawn(
            f"work {work.pk} was withdrawn at {work.withdrawn_at.isoformat()}",
            withdrawn_at=work.withdrawn_at.isoformat(),
        )
    return work
