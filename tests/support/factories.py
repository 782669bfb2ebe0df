"""Given: parties, funds and work, made through the services so that the books hold."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import factory
from django.db import models
from eth_account import Account as Wallet

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.disbursement import services as disbursement
from loans.models import Loan
from loans.policy.selectors.offers import assess_credit
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.models import Account, Stream
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from platforms.invitations.enums import ConsentSource
from platforms.models import Consent, Platform, Task
from reputation.scores.services import adjust_reputation
from workers import services as workers
from workers.models import Worker
from workers.sign_in.tokens import SignedMessage

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
# Far from the hashes that tests write themselves.
_hashes = itertools.count(16**60)
Made = TypeVar("Made", bound=models.Model)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class ModelFactory(factory.django.DjangoModelFactory[Made]):
    """A factory whose `create` returns its model."""

    class Meta:
        abstract = True

    @classmethod
    def create(cls, **given: Any) -> Made:
        made: Made = super().create(**given)
        return made


class WorkerFactory(ModelFactory[Worker]):
    """A registered worker with a wallet."""

    class Meta:
        model = Worker

    email = factory.Sequence(lambda n: f"worker{n}@example.com")
    full_name = factory.Sequence(lambda n: f"Worker {n}")
    wallet_address = factory.Sequence(lambda n: f"0x{(1 << 32) + n:040x}")
    now = NOW

    @classmethod
    def _create(cls, model_class: type[Worker], *args: Any, **kwargs: Any) -> Worker:
        return workers.register_worker(**kwargs)


class PlatformFactory(ModelFactory[Platform]):
    """A registered platform; `funds` are deposited when given."""

    class Meta:
        model = Platform

    name = factory.Sequence(lambda n: f"Platform {n}")
    contact_email = factory.Sequence(lambda n: f"contact{n}@example.com")
    funds = Decimal(0)
    now = NOW

    @classmethod
    def _create(cls, model_class: type[Platform], *args: Any, **kwargs: Any) -> Platform:
        funds = Decimal(kwargs.pop("funds"))
        platform = platforms.register_platform(**kwargs)
        if funds:
            fund(platform, funds)
        return platform


def fund(platform: Platform, amount: Decimal | str, *, now: datetime = NOW) -> None:
    payments.book_deposit(platform_id=platform.pk, amount=amount, tx_hash=f"0x{next(_hashes):064x}", now=now)


class TaskFactory(ModelFactory[Task]):
    """A posted task: fixed, unless milestones or a schedule are given. Its platform is funded well."""

    class Meta:
        model = Task

    title = factory.Sequence(lambda n: f"Task {n}")
    amount = Decimal("10")
    task_type = "fixed"
    now = NOW

    @classmethod
    def _create(cls, model_class: type[Task], *args: Any, **kwargs: Any) -> Task:
        platform = kwargs.pop("platform", None) or PlatformFactory.create(funds="1000")
        now = kwargs.pop("now")
        return platforms.create_task(platform_id=platform.pk, plan=platforms.TaskPlan(**kwargs), now=now)


def consent(platform: Platform, worker: Worker, *, now: datetime = NOW) -> Consent:
    """Return the worker's open consent to work for the platform; made when there is none, as early as it
    can be."""
    at = min(now, platform.created_at)
    return platforms.give_consent(
        worker_id=worker.pk, platform_id=platform.pk, source=ConsentSource.INVITATION, now=at
    )


def assign(task: Task, worker: Worker, *, now: datetime = NOW) -> Task:
    """Assign the task to a worker who has agreed to work for its platform."""
    consent(task.platform, worker, now=now)
    return platforms.assign_task(task_id=task.pk, worker_id=worker.pk, now=now)


def assigned(worker: Worker | None = None, *, now: datetime = NOW, **kwargs: Any) -> Task:
    """Return a task whose money is held for a worker."""
    task = TaskFactory.create(now=now, **kwargs)
    return assign(task, worker or WorkerFactory.create(), now=now)


def started(worker: Worker | None = None, *, now: datetime = NOW, **kwargs: Any) -> Task:
    """Return a task that is being worked on."""
    task = assigned(worker, now=now, **kwargs)
    return platforms.start_task(task_id=task.pk, now=now)


def completed_tasks(
    worker: Worker, platform: Platform, *, count: int, amount: str = "10", now: datetime = NOW
) -> list[Task]:
    """Return so many fixed tasks that the worker has completed at `now`, all reported in one batch."""
    plans = [platforms.TaskPlan(f"Task {number}", Decimal(amount), "fixed") for number in range(count)]
    posted = platforms.create_tasks(platform_id=platform.pk, plans=plans, now=now)
    tasks = [task for task in posted if isinstance(task, Task)]
    consent(platform, worker, now=now)
    for task in tasks:
        platforms.assign_task(task_id=task.pk, worker_id=worker.pk, now=now)
    reports = [
        platforms.WorkReport(task.pk, event, external_id=event)
        for task in tasks
        for event in ("started", "completed")
    ]
    platforms.record_work_events(platform_id=platform.pk, reports=reports, now=now)
    return list(Task.objects.filter(pk__in=[task.pk for task in tasks], status="completed"))


def withdrawing_platform(funds: str = "100", *, now: datetime = NOW) -> Platform:
    """Return a platform with money and an address that it may be taken out to."""
    platform = PlatformFactory.create(funds=funds, now=now)
    signed = SignedMessage(Wallet.create().address.lower(), workers.make_nonce(now=now).nonce)
    platforms.set_withdrawal_address(platform_id=platform.pk, signed=signed, now=now)
    return platform


def running_stream(
    worker: Worker | None = None,
    *,
    total: Decimal | str = "100",
    duration: int = 3600,
    interval: int = 60,
    now: datetime = NOW,
    **kwargs: Any,
) -> Stream:
    """Return an active stream of `total` USDC over `duration` seconds, begun at `now`."""
    task = started(
        worker,
        amount=total,
        task_type="time_based",
        duration_seconds=duration,
        release_interval=interval,
        now=now,
        **kwargs,
    )
    return Stream.objects.get(task=task)


def trusted_worker(*, now: datetime, pay: str = "10", fee_bps: int = 5000) -> Worker:
    """Return a worker with ten tasks for three platforms done, half a year here at `now`, with a good
    name, who gets an advance. The platforms' high fees let the system lend by itself: half of the pay."""
    worker = WorkerFactory.create(now=now - timedelta(days=180))
    platforms_ = [PlatformFactory.create(funds=8 * Decimal(pay), fee_bps=fee_bps) for _ in range(3)]
    for number in range(10):
        at = now - timedelta(days=10 - number)
        task = started(worker, platform=platforms_[number % 3], amount=pay, now=at)
        platforms.complete_task(task_id=task.pk, now=at + timedelta(hours=1))
    adjust_reputation(worker_id=worker.pk, delta=300, reason="good work")
    return worker


def approve_by_staff(*, loan_id: UUID, now: datetime | None = None) -> Loan:
    """Approve a loan as a member of staff does."""
    with acting_as(ActorType.STAFF, "1"):
        return loans.approve_loan(loan_id=loan_id, now=now)


def accepted(worker: Worker, amount: str) -> dict[str, str]:
    """Return a trusted worker's request for an advance of this amount: its terms as they are offered."""
    return {
        "amount": amount,
        "terms_hash": assess_credit(worker.pk, database_now()).offer(Decimal(amount)).hash,
    }


def balance(owner: Worker | Platform, name: str) -> Decimal:
    """Return the balance of the owner's account now."""
    found = owner.accounts.filter(name=name).first()
    return found.balance if found else Decimal(0)


def house_balance(name: AccountName) -> Decimal:
    return Account.objects.get(pk=accounts.of_house(name)).balance


def sandbox(now: datetime) -> SandboxProvider:
    """Return the simulated provider, with its clock stopped at `now`."""
    return SandboxProvider(clock=lambda: now)


def settle(now: datetime) -> None:
    """Hand over every pending payout at `now` and let the chain confirm it a minute later."""
    payments.submit_payouts(now=now, provider=sandbox(now))
    later = now + seconds(60)
    payments.poll_settlements(now=later, provider=sandbox(later))


def owes(worker: Worker, amount: str) -> Loan:
    """Give the worker an advance, which the chain has confirmed."""
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=350, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    return loan
