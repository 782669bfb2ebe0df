"""Payment of royalties: purchases and tips at once, plays once their period is final."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from audit.log import services as audit
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import repeat_batch
from payments.earnings.payables import Charge, Payable
from payments.earnings.services.earnings import Payroll
from payments.earnings.vocabulary import FEE
from payments.ledger.subjects import ROYALTY_PERIOD, Subject
from payments.models import PeriodPay, RoyaltyPayment, RoyaltyPeriod
from payments.royalties.calculations.rates import recover
from payments.royalties.services.books import PayBook, PayLine, SumsByPeriod, note_fundings, refunds_of
from payments.royalties.services.terms import lock_terms
from payments.royalties.vocabulary import ROYALTY
from payments.signals import royalties_paid
from platforms.models import Platform

PAID_AT_ONCE: Final = 1_000


def pay_royalties(*, now: datetime | None = None) -> int:
    """Pay all that is due and funded, up to 1,000 creators and periods in a transaction; return how many
    payments were made. Of two that run at once each pays the rest of the other."""
    at = now or database_now()
    waiting = PeriodPay.objects.filter(carried__gt=0).order_by("period__platform")
    platforms = list(waiting.values_list("period__platform", flat=True).distinct())
    return sum(_pay_platform(platform_id, at) for platform_id in platforms)


def _pay_platform(platform_id: UUID, now: datetime) -> int:
    return repeat_batch(lambda: pay_some(platform_id=platform_id, now=now), size=PAID_AT_ONCE)


@in_unit
def pay_some(*, platform_id: UUID, now: datetime) -> int:
    """Pay the royalties that are due of up to 1,000 creators and periods; return how many were paid."""
    platform = Platform.objects.get(pk=platform_id)
    terms = lock_terms(platform, now)
    book = PayBook.of_platform(platform_id, now)
    lines = book.read("due_pays", platform=platform_id, minimum=terms.minimum, most=PAID_AT_ONCE)
    if not lines:
        return 0
    payroll = Payroll(now)
    payments, sums, returned = [], SumsByPeriod(), SumsByPeriod()
    for line in lines:
        payment, back_fee = _pay(book, line, now)
        payments.append(payment)
        payroll.add(_payable_of(line, payment))
        sums.of(line.period).add(line, payment.amount, payment.fee)
        returned.of(line.period).add(line, payment.recovered, back_fee)
    payroll.add(*_fees_of(lines, sums))
    payroll.add(*refunds_of(note_fundings(returned.as_list, sign=-1, now=now)))
    entries = payroll.book()
    for payment in payments:
        payment.entry_id = entries[f"{ROYALTY}:{_key_of(payment)}"]
    book.write()
    RoyaltyPayment.unguarded.bulk_create(payments)
    audit.record_each(
        "royalty.pay",
        [one.period for one in sums.as_list],
        after=lambda period: {
            "creators": len(sums[period.pk].creators),
            "amount": sums[period.pk].amount,
            "fee": sums[period.pk].fee,
        },
        now=now,
    )
    royalties_paid.send(sender=RoyaltyPeriod, periods=sums.as_list, now=now)
    return len(lines)


def _pay(book: PayBook, line: PayLine, now: datetime) -> tuple[RoyaltyPayment, Decimal]:
    """Pay the line in the book; return the payment, and the fee that goes back with the recovered part."""
    if line.pay_id is None:
        raise ValueError(f"the pay of creator {line.creator} is not written yet")
    due = line.due
    recovered = recover(due.carried, book.remainder_of(line.creator))
    amount = due.carried - recovered
    payment = RoyaltyPayment(
        created_at=now,
        pay_id=line.pay_id,
        number=line.payments + 1,
        amount=amount,
        recovered=recovered,
        fee=line.fee_between(due.paid, due.paid + amount),
    )
    book.pay(line, recovered)
    return payment, line.fee_between(due.paid + amount, due.paid + due.carried)


def _key_of(payment: RoyaltyPayment) -> str:
    return f"royalty:{payment.pay_id}:{payment.number}"


def _payable_of(line: PayLine, payment: RoyaltyPayment) -> Payable:
    if line.worker_id is None:
        raise ValueError(f"creator {line.creator} has no worker to pay")
    return Payable(
        worker_id=line.worker_id,
        platform_id=line.period.platform_id,
        amount=payment.amount,
        key=_key_of(payment),
        subject=Subject(ROYALTY_PERIOD, line.period.pk),
        kind=ROYALTY,
    )


def _fees_of(lines: Sequence[PayLine], sums: SumsByPeriod) -> list[Charge]:
    """Return the fees of the batch, one for each period, keyed by the first payment that is among them."""
    first = {line.period.pk: line for line in reversed(lines)}
    return [
        Charge(
            kind=FEE,
            platform_id=one.period.platform_id,
            amount=one.fee,
            key=f"royalty:{first[one.period.pk].pay_id}:{first[one.period.pk].payments}",
            subject=Subject(ROYALTY_PERIOD, one.period.pk),
        )
        for one in sums.as_list
        if one.fee != ZERO
    ]
