"""Funding: royalties move from their platform's available money into escrow, the oldest first."""

from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from gigstream.core.clock import database_now
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
    book = PayBook.of_platform(platform_id, now)
    lines = book.read("unfunded_pays", platform=platform_id)
    if not lines:
        return 0
    payroll = Payroll(now)
    payroll.lock((), {available_of(platform_id), escrow_of(platform_id)})
    left = payroll.available(platform_id)
    funded, unfunded = SumsByPeriod(), SumsByPeriod()
    for line in lines:
        base = line.due.paid + line.due.carried
        amount = fund_up_to(line.due.unfunded, base=base, fee_bps=line.period.fee_bps, available=left)
        fee = line.fee_between(base, base + amount)
        left -= amount + fee
        if amount:
            book.fund(line, amount)
            funded.of(line.period).add(line, amount, fee)
        if line.due.unfunded:
            unfunded.of(line.period).add(line, line.due.unfunded)
    book.write()
    _hold(platform_id, funded, now)
    if announces and unfunded:
        royalties_unfunded.send(sender=RoyaltyPeriod, periods=unfunded.as_list, now=now)
    nudge_job("pay_royalties")
    return len(lines) - sum(1 for line in lines if line.due.unfunded)


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
