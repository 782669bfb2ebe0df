"""Funding: royalties move from their platform's available money into escrow, the oldest first."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import orjson

from audit.log import services as audit
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO
from gigstream.core.postgres.transactions import limit_minutes
from gigstream.core.unit import in_unit
from gigstream.jobs.registry import nudge_job
from payments.earnings.payables import available_of, escrow_of
from payments.earnings.services.earnings import Payroll, hold_in_escrow
from payments.ledger.subjects import ROYALTY_PERIOD, Subject
from payments.models import PeriodPay, RoyaltyPeriod
from payments.royalties.calculations.rates import fund_up_to
from payments.royalties.services.books import PayBook, SumsByPeriod, note_fundings
from payments.royalties.services.terms import lock_terms
from payments.signals import royalties_unfunded
from platforms.models import Platform

# A statement is about all creators of a platform.
MINUTES: Final = 5


def fund_royalties(*, now: datetime | None = None) -> int:
    """Fund the royalties that platforms' money had not covered, as far as it does now; return for how many
    creators and periods."""
    at = now or database_now()
    waiting = PeriodPay.objects.filter(unfunded__gt=0).order_by("period__platform")
    platforms = list(waiting.values_list("period__platform", flat=True).distinct())
    return sum(fund_platform(platform_id=platform_id, announces=False, now=at) for platform_id in platforms)


@in_unit
def fund_platform(*, platform_id: UUID, announces: bool, now: datetime) -> int:
    """Hold the royalties of the platform's creators, with the fee on them, as far as its available money
    covers both. Return for how many creators and periods. With `announces` the platform hears of the rest.
    """
    platform = Platform.objects.get(pk=platform_id)
    lock_terms(platform, now)
    limit_minutes(MINUTES)
    payroll = Payroll(now)
    payroll.lock((), {available_of(platform_id), escrow_of(platform_id)})
    left = payroll.available(platform_id)
    rows = sql.run("payments/royalties/fund_pays", platform=platform_id, available=left)
    if not rows:
        return 0
    book = PayBook.of_platform(platform_id, now)
    funded, unfunded = SumsByPeriod(), SumsByPeriod()
    for row in rows:
        period = book.periods[row["period_id"]]
        funded.of(period).add_sum((), row["amount"], row["fee"])
        unfunded.of(period).add_sum(orjson.loads(row["unfunded_creators"] or "[]"), row["unfunded"])
    _fund_part(book, funded, unfunded, left)
    _hold(platform_id, funded, now)
    if announces and unfunded.as_list:
        royalties_unfunded.send(sender=RoyaltyPeriod, periods=unfunded.as_list, now=now)
    nudge_job("pay_royalties")
    return sum(row["lines"] for row in rows)


def _fund_part(book: PayBook, funded: SumsByPeriod, unfunded: SumsByPeriod, available: Decimal) -> None:
    """Fund the first line that the platform's money does not cover in full as far as it does."""
    if not unfunded.as_list:
        return
    (line,) = book.read("unfunded_pays", platform=unfunded.as_list[0].period.platform_id, most=1)
    left = available - sum((one.amount + one.fee for one in funded.values()), ZERO)
    base = line.due.paid + line.due.carried
    amount = fund_up_to(line.due.unfunded, base=base, fee_bps=line.period.fee_bps, available=left)
    if amount:
        book.fund(line, amount)
        book.write()
        funded.of(line.period).add(line, amount, line.fee_between(base, base + amount))
        unfunded.of(line.period).add_sum((), -amount)


def _hold(platform_id: UUID, funded: SumsByPeriod, now: datetime) -> None:
    for funding in note_fundings(funded.as_list, sign=1, now=now):
        hold_in_escrow(
            platform_id,
            funding.amount + funding.fee,
            subject=Subject(ROYALTY_PERIOD, funding.period_id),
            key=f"hold:period_funding:{funding.pk}",
            now=now,
        )
    audit.record_each(
        "royalty.fund",
        [one.period for one in funded.as_list],
        after=lambda period: {"amount": funded[period.pk].amount, "fee": funded[period.pk].fee},
        now=now,
    )
