"""Payouts, advances, rewards, reputation by hand, and days that pass, through the services."""

from datetime import timedelta

from django.db.models import QuerySet

from gigstream.core.money import exact_amount
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.recovery import services as recovery_services
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.models import Account, PayoutHold, Transaction
from reputation.scores import services as reputation
from tests.support.factories import approve_by_staff, fund, sandbox
from tests.support.parity import oracle
from tests.support.parity.story import NothingToDoIt, Story, act
from workers.models import Worker
from workers.signals import day_passed


def _solvent() -> QuerySet[Worker]:
    """Return the accounts that have money without a hold."""
    rich = Account.objects.filter(name="available", balance__gte=2, worker__isnull=False)
    held = PayoutHold.objects.open().values("worker")
    return Worker.objects.filter(deleted_at=None, pk__in=rich.values("worker")).exclude(pk__in=held)


@act(4)
def deposit(story: Story) -> None:
    fund(story.a_platform(), story.amount(900), now=story.now)


@act(6)
def create_due_payouts(story: Story) -> None:
    if not payments.create_due_payouts(now=story.now):
        raise NothingToDoIt


@act(8)
def cash_out(story: Story) -> None:
    payments.cash_out(worker_id=story.pick(_solvent()), amount=story.amount(2), now=story.now)


@act(2)
def cancel_a_payout(story: Story) -> None:
    waiting = Transaction.objects.filter(status="pending", next_attempt_at__isnull=False)
    pay_again = story.rng.choice((True, False))
    payments.cancel_payout(transaction_id=story.pick(waiting), pay_again=pay_again, now=story.now)


@act(4)
def settle(story: Story) -> int:
    """Confirmed, or failed on chain for the wallet that the chain refuses."""
    payments.submit_payouts(now=story.now, provider=sandbox(story.now))
    story.later()
    if not payments.poll_settlements(now=story.now, provider=sandbox(story.now)):
        raise NothingToDoIt
    return 2


@act(6)
def reward(story: Story) -> None:
    payments.grant_reward(
        worker_id=story.a_worker(),
        amount=story.amount(4),
        reason="thanks",
        key=story.next_key(),
        now=story.now,
    )


@act(5)
def lend(story: Story) -> int:
    free = Worker.objects.filter(deleted_at=None).exclude(
        loans__status__in=("active", "repaying", "defaulted")
    )
    worker_id = story.pick(free)
    loan = loans.request_loan(worker_id=worker_id, amount=story.amount(30), fee_bps=350, now=story.now)
    approve_by_staff(loan_id=loan.pk, now=story.now)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=story.now)
    return 3


@act(5)
def repay_early(story: Story) -> None:
    owing = Loan.objects.filter(status__in=("active", "repaying"), worker__in=_solvent())
    loan = Loan.objects.get(pk=story.pick(owing))
    available = Account.objects.get(worker=loan.worker, name="available").balance
    repayment_services.repay_early(
        loan_id=loan.pk, amount=exact_amount(min(available, loan.owed)), now=story.now
    )


@act(24)
def adjust_a_reputation(story: Story) -> None:
    """Adjust a reputation by small steps, and now and then by a step that runs into an end of the scale."""
    steps = (-900, *range(-40, 0), *range(1, 60), 700)
    reputation.adjust_reputation(
        worker_id=story.a_worker(), delta=story.rng.choice(steps), reason="review", now=story.now
    )


@act(6)
def let_a_day_pass(story: Story) -> int:
    """Midnight, sometimes after weeks in which nothing ran; the job may well run twice."""
    story.now += timedelta(days=story.rng.choice((1, 1, 1, 2, 25)))
    story.later(3600)
    runs = story.rng.choice((1, 2))
    for _ in range(runs):
        oracle.begin_day(story.now)
        day_passed.send(sender=None, now=story.now)
    recovery_services.default_overdue_loans(now=story.now)
    return runs


@act(2)
def register_a_worker(story: Story) -> None:
    story.register_worker()


@act(2)
def register_a_platform(story: Story) -> None:
    story.register_platform()
