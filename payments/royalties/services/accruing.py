"""Accruals: each day's use becomes royalties, once the day is over and again when its use changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import orjson

from audit.log import services as audit
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import limit_minutes
from gigstream.core.unit import in_unit
from payments.earnings.services.earnings import Payroll
from payments.models import DayToAccrue, RoyaltyPeriod, RoyaltyTerms
from payments.royalties.enums import PaySource
from payments.royalties.services.books import PayBook, SumsByPeriod, note_fundings, refunds_of
from payments.royalties.services.funding import fund_platform
from payments.royalties.services.terms import lock_terms, open_periods
from payments.signals import royalties_accrued
from platforms.models import Platform, PlatformDay
from platforms.usage.calculations.periods import day_of
from platforms.usage.services.locks import hold_usage

# A day is accrued from 00:10 (UTC) of the next on.
ACCRUED_AFTER: Final = timedelta(minutes=10)
DAYS_AT_ONCE: Final = 5_000
# A statement can be about a day of all creators of a platform.
MINUTES: Final = 5


def queue_days(days: Iterable[tuple[int, date, bool]]) -> None:
    """Have days of creators accrued anew, given by the creator's number, the day, and whether that is due
    although the day was never accrued."""
    given = sorted(set(days))
    if given:
        sql.run(
            "payments/royalties/queue_days",
            creators=[creator for creator, _, _ in given],
            days=[day for _, day, _ in given],
            are_due=[is_due for _, _, is_due in given],
        )


def accrue_royalties(*, now: datetime | None = None) -> int:
    """Accrue the days that are over, and those that have changed since, and fund them. Return how many
    creators' pay has changed. A day that is accrued again changes nothing, so this can run at any time."""
    at = now or database_now()
    through = day_of(at - ACCRUED_AFTER) - timedelta(days=1)
    used = Platform.objects.filter(pk__in=PlatformDay.objects.values("platform__pk")).order_by("pk")
    changed = 0
    for platform in used:
        open_days(platform_id=platform.pk, through=through, now=at)
        changed += accrue_queued(platform_id=platform.pk, now=at)
    return changed


@in_unit
def open_days(*, platform_id: UUID, through: date, now: datetime) -> None:
    """Put the platform's days up to this one into the queue. From then on use that is reported for them
    queues them again, so none of it is missed."""
    platform = Platform.objects.get(pk=platform_id)
    if RoyaltyTerms.objects.filter(platform=platform, accrued_through__gte=through).exists():
        return
    hold_usage(platform)
    terms = lock_terms(platform, now)
    if terms.accrued_through >= through:
        return
    used = PlatformDay.objects.filter(platform=platform, day__gt=terms.accrued_through, day__lte=through)
    DayToAccrue.objects.bulk_create(
        [
            DayToAccrue(platform=platform, day=day)
            for day in used.order_by("day").values_list("day", flat=True)
        ]
    )
    terms.accrued_through = through
    terms.save(update_fields=["accrued_through", "updated_at"])


def accrue_queued(*, platform_id: UUID, now: datetime) -> int:
    """Accrue the platform's days in the queue, then fund them; return how many creators' pay has
    changed."""
    changed = 0
    while DayToAccrue.objects.filter(platform=platform_id).exists():
        changed += _accrue_some(platform_id=platform_id, now=now)
    if changed:
        fund_platform(platform_id=platform_id, announces=True, now=now)
    return changed


@in_unit
def _accrue_some(*, platform_id: UUID, now: datetime) -> int:
    platform = Platform.objects.get(pk=platform_id)
    terms = lock_terms(platform, now)
    limit_minutes(MINUTES)
    queued = _take_queued(platform)
    pairs = sorted(set(_expand(platform, queued)))
    open_periods(terms, {day for _, day in pairs}, now)
    rows = sql.run(
        "payments/royalties/accrue_days",
        platform=platform.pk,
        creators=sql.array_literal([creator for creator, _ in pairs]),
        days=sql.array_literal([day.isoformat() for _, day in pairs]),
        now=now,
    )
    if not rows:
        return 0
    book, earned = PayBook.of_platform(platform.pk, now), SumsByPeriod()
    for row in rows:
        earned.of(book.periods[row["period_id"]]).add_sum(orjson.loads(row["creators"]), row["amount"])
    _change_lines(
        book, [_Change.read(row["period_id"], *line) for row in rows for line in row["lines"] or ()]
    )
    audit.record_each(
        "royalty.accrue",
        [sums.period for sums in earned.values()],
        after=lambda period: {
            "creators": len(earned[period.pk].creators),
            "amount": earned[period.pk].amount,
        },
        now=now,
    )
    royalties_accrued.send(sender=RoyaltyPeriod, periods=earned.as_list, now=now)
    return len({creator for sums in earned.values() for creator in sums.creators})


def _take_queued(platform: Platform) -> list[DayToAccrue]:
    """Take days out of the queue: some thousand of single creators, or up to one of all creators."""
    found = list(DayToAccrue.objects.filter(platform=platform).order_by("pk")[:DAYS_AT_ONCE])
    ends = [number for number, row in enumerate(found, start=1) if row.creator_number is None]
    taken = found[: ends[0]] if ends else found
    DayToAccrue.objects.filter(pk__in=[row.pk for row in taken]).delete()
    return taken


def _expand(platform: Platform, queued: Sequence[DayToAccrue]) -> Iterable[tuple[int, date]]:
    for row in queued:
        if row.creator_number is not None:
            yield row.creator_number, row.day
            continue
        for found in sql.run("payments/royalties/creators_of_day", platform=platform.pk, day=row.day):
            yield found["creator_number"], row.day


@dataclass(frozen=True, slots=True)
class _Change:
    """By how much a creator's pay of a period from a source has changed, and the part that is held."""

    key: tuple[UUID, int, PaySource]
    more: Decimal
    held: Decimal

    @classmethod
    def read(cls, period_id: UUID, creator: int, source: str, more: str, held: str) -> "_Change":
        """Return the change that a line of `accrue_days.sql` describes."""
        return cls((period_id, creator, PaySource(source)), Decimal(more), Decimal(held))


def _change_lines(book: PayBook, changes: Sequence[_Change]) -> None:
    """Change pay by more than an addition; money that escrow no longer needs goes back at once."""
    if not changes:
        return
    released = SumsByPeriod()
    book.read(
        "read_pays",
        creators=sql.array_literal(sorted({one.key[1] for one in changes})),
        periods=list({one.key[0] for one in changes}),
    )
    book.open_lines(one.key for one in changes)
    for one in changes:
        line = book.lines[one.key]
        before = line.due
        back = book.change(line, accrued=before.accrued + one.more, held=before.held + one.held)
        base = before.paid + before.carried
        released.of(line.period).add(line, back, line.fee_between(base - back, base))
    if released.as_list:
        payroll = Payroll(book.now)
        payroll.add(*refunds_of(note_fundings(released.as_list, sign=-1, now=book.now)))
        payroll.book()
    book.write()
