"""Given: parties, funds and work, made through the services so that the books hold."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import factory
from eth_account import Account as Wallet

from audit.context import acting_as
from audit.enums import ActorType
from gigstream.lib.clock import database_now
from loans import services as loans
from loans.models import Loan
from loans.offers import standing_of
from payments import services as payments
from payments.models import Account, Stream
from payments.provider.sandbox import SandboxProvider
from payments.services import accounts
from platforms import services as platforms
from platforms.enums import ConsentSource
from platforms.models import Consent, Platform, Task
from reputation.services import adjust_reputation
from workers import services as workers
from workers.models import Worker
from workers.tokens import SignedMessage

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_hashes = itertools.count(1)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class WorkerFactory(factory.django.DjangoModelFactory):
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


class PlatformFactory(factory.django.DjangoModelFactory):
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
    payments.deposit(platform_id=platform.pk, amount=amount, tx_hash=f"0x{next(_hashes):064x}", now=now)


class TaskFactory(factory.django.DjangoModelFactory):
    """A posted task: fixed, unless milestones or a schedule are given. Its platform is funded well."""

    class Meta:
        model = Task

    title = factory.Sequence(lambda n: f"Task {n}")
    amount = Decimal("10")
    task_type = "fixed"
    now = NOW

    @classmethod
    def _create(cls, model_class: type[Task], *args: Any, **kwargs: Any) -> Task:
        platform = kwargs.pop("platform", None) or PlatformFactory(funds="1000")
        return platforms.create_task(platform_id=platform.pk, **kwargs)


def consent(platform: Platform, worker: Worker, *, now: datetime = NOW) -> Consent:
    """The worker's open consent to work for the platform; made when there is none, as early as it can be."""
    at = min(now, platform.created_at)
    return platforms.give_consent(
        worker_id=worker.pk, platform_id=platform.pk, source=ConsentSource.INVITATION, now=at
    )


def assign(task: Task, worker: Worker, *, now: datetime = NOW) -> Task:
    """The task, assigned to a worker who has agreed to work for its platform."""
    consent(task.platform, worker, now=now)
    return platforms.assign_task(task_id=task.pk, worker_id=worker.pk, now=now)


def assigned(worker: Worker | None = None, *, now: datetime = NOW, **kwargs: Any) -> Task:
    """A task whose money is held for a worker."""
    task = TaskFactory(now=now, **kwargs)
    return assign(task, worker or WorkerFactory(), now=now)


def started(worker: Worker | None = None, *, now: datetime = NOW, **kwargs: Any) -> Task:
    """A task that is being worked on."""
    task = assigned(worker, now=now, **kwargs)
    return platforms.start_task(task_id=task.pk, now=now)


def withdrawing_platform(funds: str = "100", *, now: datetime = NOW) -> Platform:
    """A platform with money and an address that it may be taken out to."""
    platform = PlatformFactory(funds=funds, now=now)
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
    """An active stream of `total` USDC over `duration` seconds, begun at `now`."""
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
    """A worker with ten tasks for three platforms done, half a year here at `now`, with a good name: one
    who gets an advance. The platforms' high fees let the system lend by itself: half of the pay."""
    worker = WorkerFactory(now=now - timedelta(days=180))
    platforms_ = [PlatformFactory(funds=8 * Decimal(pay), fee_bps=fee_bps) for _ in range(3)]
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
    """What a trusted worker sends to have an advance of this amount: its terms as they are offered."""
    return {
        "amount": amount,
        "terms_hash": standing_of(worker.pk, database_now()).offer(Decimal(amount)).hash,
    }


def balance(owner: Worker | Platform, name: str) -> Decimal:
    """What is in the owner's account now."""
    found = owner.accounts.filter(name=name).first()
    return found.balance if found else Decimal(0)


def house_balance(name: str) -> Decimal:
    return Account.objects.get(pk=accounts.of_house(name)).balance


def sandbox(now: datetime) -> SandboxProvider:
    """The simulated provider, with its clock standing at `now`."""
    return SandboxProvider(clock=lambda: now)


def settle(now: datetime) -> None:
    """Hand over every pending payout at `now` and let the chain confirm it a minute later."""
    payments.submit_payouts(now=now, provider=sandbox(now))
    later = now + seconds(60)
    payments.poll_settlements(now=later, provider=sandbox(later))
