"""Ends of periods: a grace for late reports, then the period is final, and each creator has a statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from audit.log import services as audit
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from gigstream.core.money import from_micro, to_micro
from gigstream.core.unit import in_unit
from gigstream.jobs.registry import nudge_job
from payments.models import DayToAccrue, RoyaltyPeriod
from payments.royalties.calculations.shares import largest_remainder
from payments.royalties.enums import PaySource, PeriodStatus, ShareMode
from payments.royalties.errors import ListenersNotKnown
from payments.royalties.selectors import weigh_creators
from payments.royalties.services.books import PayBook
from payments.royalties.services.terms import lock_terms
from platforms.usage.calculations.periods import day_of


def end_royalty_periods(*, now: datetime | None = None) -> int:
    """Let periods whose days are over and accrued begin their grace, and those whose grace is over become
    final; return how many did."""
    at = now or database_now()
    over = RoyaltyPeriod.objects.exclude(status=PeriodStatus.FINAL).filter(last__lt=day_of(at))
    ids = list(over.order_by("first", "pk").values_list("pk", flat=True))
    return sum(_end(period_id=period_id, now=at) for period_id in ids)


@in_unit
def _end(*, period_id: UUID, now: datetime) -> int:
    period = RoyaltyPeriod.objects.select_related("platform").get(pk=period_id)
    terms = lock_terms(period.platform, now)
    period.refresh_from_db()
    waiting = DayToAccrue.objects.filter(platform=period.platform, day__range=(period.first, period.last))
    if terms.accrued_through < period.last or waiting.exists():
        return 0
    before = period.status
    if period.status == PeriodStatus.OPEN:
        period.status = PeriodStatus.GRACE
        period.save(update_fields=["status", "updated_at"])
    if period.status == PeriodStatus.GRACE and day_of(now) > period.last + timedelta(days=period.grace_days):
        _make_final(period, now)
    if period.status == before:
        return 0
    audit.record(
        "royalty.end_period", period, before={"status": before}, after={"status": period.status}, now=now
    )
    return 1


def _make_final(period: RoyaltyPeriod, now: datetime) -> None:
    """Write the statements, and let the carried pay of the period leave."""
    book = PayBook({period.pk: period}, now)
    lines = book.read("final_pays", period=period.pk)
    for line in lines:
        if line.source == PaySource.PLAYS:
            book.carry_on(line)
    book.write()
    _write_statements(period, {line.creator for line in lines}, now)
    period.status, period.final_at = PeriodStatus.FINAL, now
    period.save(update_fields=["status", "final_at", "updated_at"])
    nudge_job("pay_royalties")


def _write_statements(period: RoyaltyPeriod, creators: set[int], now: datetime) -> None:
    rows = sql.run("payments/royalties/plays_of_period", period=period.pk)
    total = sum(to_micro(row["amount"]) for row in rows)
    shares = {mode: _shares_of(period, mode, total) for mode in ShareMode}
    everyone = sorted(creators | {row["creator_number"] for row in rows})
    sql.run(
        "payments/royalties/write_statements",
        period=period.pk,
        ids=sql.array_literal([str(new_id()) for _ in everyone]),
        creators=sql.array_literal(everyone),
        pro_rata=_amounts(everyone, shares[ShareMode.PRO_RATA]),
        user_centric=_amounts(everyone, shares[ShareMode.USER_CENTRIC]),
        now=now,
    )


def _shares_of(period: RoyaltyPeriod, mode: ShareMode, total: int) -> dict[int, int] | None:
    """Return each creator's part of the period's money if it were shared in this way, in micro-USDC; None if
    listeners of the period are no longer known, as of one that use was added to after years."""
    try:
        found = weigh_creators(period.platform_id, mode, first=period.first, last=period.last)
    except ListenersNotKnown:
        return None
    weights = [one.weight for one in found]
    if not any(weights):
        return {}
    parts = largest_remainder(total, weights)
    return {one.creator: part for one, part in zip(found, parts, strict=True)}


def _amounts(creators: Sequence[int], shares: Mapping[int, int] | None) -> str:
    if shares is None:
        return sql.array_literal([None] * len(creators))
    return sql.array_literal([f"{from_micro(shares.get(creator, 0)):f}" for creator in creators])
