"""Bad input: refused by a named error with the numbers, nothing moved, and on record where a person tried."""

from decimal import Decimal

import pytest

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from audit.models import AuditLog
from gigstream.core.errors import IllegalMove, Refusal, ReplayMismatch
from gigstream.core.money import InvalidAmount
from payments import services as payments
from payments.ledger.errors import InsufficientFunds
from payments.models import Account, LedgerEntry, Transaction
from payments.settlement.payouts.errors import NoWallet, PayoutUnderWay
from platforms import services as platforms
from platforms.invitations.errors import WorkerNotFound
from platforms.models import Task
from platforms.platforms.errors import InvalidFee, PlatformDeleted, PlatformNameTaken, PlatformSuspended
from platforms.services import MilestonePlan, WorkReport
from platforms.tasks.errors import (
    ExternalIdTaken,
    InvalidDispute,
    InvalidRating,
    InvalidSplit,
    MilestonesDoNotAddUp,
    TaskNotOpen,
    WrongTaskType,
)
from tests.support.decisions import reinstate_worker, resolve_dispute, suspend_worker
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assigned,
    balance,
    consent,
    running_stream,
    sandbox,
    seconds,
    settle,
    started,
)
from tests.support.long_forms import spread
from workers import services as workers
from workers.profiles.errors import EmailTaken, WorkerDeleted, WorkerSuspended
from workers.wallets.errors import WalletTaken

pytestmark = pytest.mark.django_db


def money():
    """Return every balance and the number of entries, which a refusal must leave as they were."""
    return dict(Account.objects.values_list("id", "balance")), LedgerEntry.objects.count()


@pytest.mark.parametrize("amount", ["0", "-1", "1.0000001", "1e3", "NaN", "", "1_000", " 5 ", "\u0665"])
def test_amounts_that_are_none_are_refused(amount):
    platform = PlatformFactory(funds="100")
    before = money()

    plan = platforms.TaskPlan(title="x", amount=amount, task_type="fixed")
    with pytest.raises(InvalidAmount):
        platforms.create_task(platform_id=platform.pk, plan=plan, now=NOW)
    with pytest.raises(InvalidAmount):
        payments.book_deposit(platform_id=platform.pk, amount=amount, tx_hash="0x1", now=NOW)

    assert money() == before
    assert not Task.objects.exists()


def test_assigning_beyond_the_balance_says_what_is_there_and_what_was_asked():
    platform = PlatformFactory(funds="12.50")
    task = TaskFactory(platform=platform, amount="20")
    before = money()

    with (
        acting(Actor(ActorType.PLATFORM, str(platform.pk))),
        pytest.raises(InsufficientFunds, match=r"available 12.50 USDC, requested 20.40 USDC") as refusal,
    ):
        platforms.assign_task(task_id=task.pk, worker_id=WorkerFactory().pk, now=NOW)

    assert refusal.value.numbers["balance"] == "12.500000"
    assert money() == before
    task.refresh_from_db()
    assert (task.status, task.worker) == ("created", None)
    line = AuditLog.objects.get(success=False)
    assert (line.action, line.actor_type, line.resource_id) == ("task.assign", "platform", str(task.pk))
    assert line.metadata["code"] == "insufficient_funds"
    assert "requested 20.40 USDC" in line.error_message


def test_a_refusal_that_no_person_caused_is_not_logged_as_an_act():
    task = TaskFactory(platform=PlatformFactory())

    with pytest.raises(InsufficientFunds):
        platforms.assign_task(task_id=task.pk, worker_id=WorkerFactory().pk, now=NOW)

    assert not AuditLog.objects.filter(success=False).exists()


def test_completing_twice_pays_once():
    task = started()
    platforms.complete_task(task_id=task.pk, now=NOW)
    before = money()

    with pytest.raises(IllegalMove, match="is completed: it may become disputed, not completed"):
        platforms.complete_task(task_id=task.pk, now=NOW)

    assert money() == before


@pytest.mark.parametrize("act", [platforms.start_task, platforms.complete_task])
def test_a_posted_task_cannot_skip_ahead(act):
    task = TaskFactory()
    with pytest.raises(IllegalMove):
        act(task_id=task.pk, now=NOW)


def test_a_cancelled_task_stays_cancelled():
    task = assigned()
    platforms.cancel_task(task_id=task.pk, now=NOW)
    before = money()
    with pytest.raises(IllegalMove):
        platforms.cancel_task(task_id=task.pk, now=NOW)
    with pytest.raises(IllegalMove):
        platforms.dispute_task(task_id=task.pk, severity=1, reason="x", now=NOW)
    assert money() == before


@pytest.mark.parametrize(
    "act",
    spread(["claim_stream", "pause_stream", "resume_stream", "cancel_stream"], of="finished", one_in=4),
)
def test_a_finished_stream_does_nothing_more(act):
    stream = running_stream(duration=600)
    payments.release_due_streams(now=NOW + seconds(600))
    before = money()

    with pytest.raises(Refusal, match=r"(is|was) completed"):
        getattr(payments, act)(stream_id=stream.pk, now=NOW + seconds(700))

    assert payments.release_due_streams(now=NOW + seconds(700)) == 0
    assert money() == before


def test_a_suspended_worker_gets_no_work_and_no_payout():
    worker = WorkerFactory()
    paid = started(worker)
    platforms.complete_task(task_id=paid.pk, now=NOW)
    task = TaskFactory()
    consent(task.platform, worker)
    waiting = assigned(worker)
    suspend_worker(worker_id=worker.pk, reason="check")
    before = money()

    with pytest.raises(WorkerSuspended):
        platforms.assign_task(task_id=task.pk, worker_id=worker.pk, now=NOW)
    with pytest.raises(WorkerSuspended):
        platforms.start_task(task_id=waiting.pk, now=NOW)
    with pytest.raises(WorkerSuspended):
        payments.cash_out(worker_id=worker.pk, now=NOW)
    assert payments.create_due_payouts(now=NOW + seconds(3600)) == 0

    assert money() == before
    reinstate_worker(worker_id=worker.pk, reason="cleared")
    assert payments.create_due_payouts(now=NOW + seconds(3600)) == 1


def test_a_pending_payout_of_a_worker_who_is_suspended_waits_until_they_are_reinstated():
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker).pk, now=NOW)
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)
    suspend_worker(worker_id=worker.pk, reason="check")

    assert payments.submit_payouts(now=NOW, provider=sandbox(NOW)) == 0
    payout.refresh_from_db()
    assert (payout.status, payout.retry_count) == ("pending", 0)

    reinstate_worker(worker_id=worker.pk, reason="cleared")
    assert payments.submit_payouts(now=NOW, provider=sandbox(NOW)) == 1


def bonus(task, external_id="1"):
    return platforms.record_work_event(
        platform_id=task.platform_id,
        report=WorkReport(task_id=task.pk, event_type="bonus", external_id=external_id, amount="5"),
        now=NOW,
    )


def test_a_suspended_platform_pays_no_bonus():
    task = started()
    platforms.complete_task(task_id=task.pk, now=NOW)
    platforms.suspend_platform(platform_id=task.platform_id, reason="check")
    before = money()

    with pytest.raises(PlatformSuspended):
        bonus(task)

    assert money() == before
    platforms.reinstate_platform(platform_id=task.platform_id, reason="cleared")
    _, new = bonus(task)
    assert new


def test_a_worker_who_has_left_is_paid_no_bonus_but_one_paid_before_is_still_the_answer():
    worker = WorkerFactory()
    task = started(worker)
    platforms.complete_task(task_id=task.pk, now=NOW)
    paid, _ = bonus(task)
    payments.cash_out(worker_id=worker.pk, now=NOW)
    settle(NOW)
    workers.delete_worker(worker_id=worker.pk)
    before = money()

    with pytest.raises(WorkerDeleted):
        bonus(task, "2")
    assert bonus(task) == (paid, False)

    assert money() == before


def test_a_deleted_worker_gets_no_work():
    worker = WorkerFactory()
    workers_id = worker.pk
    done = started(worker)
    task = TaskFactory(platform=done.platform)
    platforms.complete_task(task_id=done.pk, now=NOW)
    payments.cash_out(worker_id=worker.pk, now=NOW)
    payments.submit_payouts(now=NOW, provider=sandbox(NOW))
    payments.poll_settlements(now=NOW + seconds(60), provider=sandbox(NOW + seconds(60)))
    workers.delete_worker(worker_id=worker.pk)

    with pytest.raises(WorkerNotFound):
        platforms.assign_task(task_id=task.pk, worker_id=workers_id, now=NOW)


def test_a_suspended_platform_posts_and_funds_nothing_but_pays_for_work_under_way():
    platform = PlatformFactory(funds="1000")
    running = started(platform=platform, amount="20")
    posted = TaskFactory(platform=platform)
    platforms.suspend_platform(platform_id=platform.pk, reason="check")
    before = money()

    with pytest.raises(PlatformSuspended):
        TaskFactory(platform=platform)
    with pytest.raises(PlatformSuspended):
        platforms.assign_task(task_id=posted.pk, worker_id=WorkerFactory().pk, now=NOW)
    with pytest.raises(PlatformSuspended):
        payments.book_deposit(platform_id=platform.pk, amount="5", tx_hash="0xabc", now=NOW)
    assert money() == before

    platforms.complete_task(task_id=running.pk, now=NOW)
    assert balance(running.worker, "available") == 20


def test_a_deleted_platform_posts_nothing():
    platform = PlatformFactory(funds="10")
    task = assigned(platform=platform, amount="5")
    platforms.cancel_task(task_id=task.pk, now=NOW)
    with pytest.raises(Exception, match=r"still has 10\.00 USDC available"):
        platforms.delete_platform(platform_id=platform.pk)
    spend = started(platform=platform, amount="9.803922")
    platforms.complete_task(task_id=spend.pk, now=NOW)
    platforms.delete_platform(platform_id=platform.pk)

    with pytest.raises(PlatformDeleted):
        TaskFactory(platform=platform)


def test_plans_that_do_not_fit_their_type_are_refused():
    with pytest.raises(MilestonesDoNotAddUp, match=r"add up to 9\.00 USDC, the task pays 10\.00 USDC"):
        TaskFactory(task_type="milestone", milestones=[MilestonePlan("a", "4"), MilestonePlan("b", "5")])
    with pytest.raises(WrongTaskType):
        TaskFactory(task_type="milestone")
    with pytest.raises(WrongTaskType):
        TaskFactory(task_type="fixed", duration_seconds=600, release_interval=60)
    for half in ({"duration_seconds": 600}, {"release_interval": 60}):
        with pytest.raises(WrongTaskType, match="each of those has both"):
            TaskFactory(task_type="time_based", **half)
    with pytest.raises(WrongTaskType):
        TaskFactory(task_type="hourly")
    assert not Task.objects.exists()


def test_an_external_id_is_taken_once_per_platform():
    platform = PlatformFactory()
    TaskFactory(platform=platform, external_task_id="job-1")
    TaskFactory(platform=PlatformFactory(), external_task_id="job-1")
    with pytest.raises(ExternalIdTaken):
        TaskFactory(platform=platform, external_task_id="job-1")


def test_a_deposit_counts_once_and_its_hash_names_one_amount():
    platform = PlatformFactory()
    first = payments.book_deposit(platform_id=platform.pk, amount="5", tx_hash="0xaa", now=NOW)
    again = payments.book_deposit(platform_id=platform.pk, amount="5", tx_hash="0xaa", now=NOW)
    assert first == again
    with pytest.raises(ReplayMismatch):
        payments.book_deposit(platform_id=platform.pk, amount="6", tx_hash="0xaa", now=NOW)
    assert balance(platform, "available") == 5


def test_ratings_are_from_1_to_5_once_for_completed_work():
    task = started()
    with pytest.raises(TaskNotOpen):
        platforms.rate_worker(task_id=task.pk, rating=5, now=NOW)
    platforms.complete_task(task_id=task.pk, now=NOW)
    for rating in (0, 6, True, 4.5):
        with pytest.raises(InvalidRating):
            platforms.rate_worker(task_id=task.pk, rating=rating, now=NOW)
    platforms.rate_worker(task_id=task.pk, rating=5, now=NOW)
    with pytest.raises(InvalidRating, match="the rating was given: 5"):
        platforms.rate_worker(task_id=task.pk, rating=1, now=NOW)
    task.worker.refresh_from_db()
    assert task.worker.average_rating == Decimal("5.00")


def test_a_split_beyond_what_is_held_is_refused():
    task = started(amount="10")
    platforms.dispute_task(task_id=task.pk, severity=1, reason="half done", now=NOW)
    before = money()
    with pytest.raises(InvalidSplit, match=r"still held 10\.00 USDC, for the worker 10\.000001 USDC"):
        resolve_dispute(task_id=task.pk, outcome="worker", worker_amount="10.000001", now=NOW)
    with pytest.raises(TaskNotOpen):
        platforms.complete_task(task_id=task.pk, now=NOW)
    assert money() == before


def test_cash_outs_beyond_the_balance_or_without_a_wallet_are_refused():
    worker = WorkerFactory(wallet_address=None)
    platforms.complete_task(task_id=started(worker, amount="10").pk, now=NOW)
    with pytest.raises(NoWallet):
        payments.cash_out(worker_id=worker.pk, now=NOW)
    workers.set_wallet(worker_id=worker.pk, wallet_address="0x" + "ab" * 20)
    with pytest.raises(InsufficientFunds, match=r"available 10\.00 USDC, requested 10\.000001 USDC"):
        payments.cash_out(worker_id=worker.pk, amount="10.000001", now=NOW)
    payments.cash_out(worker_id=worker.pk, amount="4", now=NOW)
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (6, 4)


def test_a_payout_that_was_handed_over_cannot_be_cancelled():
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="10").pk, now=NOW)
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)
    payments.submit_payouts(now=NOW, provider=sandbox(NOW))
    with pytest.raises(IllegalMove):
        payments.cancel_payout(transaction_id=payout.pk, now=NOW)
    assert balance(worker, "in_transit") == 10


def test_a_payout_with_an_unknown_outcome_cannot_be_cancelled():
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="10").pk, now=NOW)
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)
    Transaction.unguarded.filter(pk=payout.pk).update(retry_count=1)
    with pytest.raises(PayoutUnderWay, match="submitted to the provider 1 times"):
        payments.cancel_payout(transaction_id=payout.pk, now=NOW)
    assert balance(worker, "in_transit") == 10


def test_two_workers_share_neither_email_nor_wallet():
    WorkerFactory(email="a@example.com", wallet_address="0x" + "ab" * 20)
    with pytest.raises(EmailTaken):
        WorkerFactory(email="A@Example.com")
    with pytest.raises(WalletTaken):
        WorkerFactory(wallet_address="0x" + "AB" * 20)


@pytest.mark.parametrize(
    ("severity", "reason"), [(0, "late"), (6, "late"), (True, "late"), (2.5, "late"), (2, " ")]
)
def test_a_dispute_needs_a_severity_and_a_reason(severity, reason):
    task = started()
    before = money()
    with pytest.raises(InvalidDispute):
        platforms.dispute_task(task_id=task.pk, severity=severity, reason=reason, now=NOW)
    task.refresh_from_db()
    assert (task.status, money()) == ("in_progress", before)


def test_a_dispute_has_one_of_three_outcomes():
    task = started()
    platforms.dispute_task(task_id=task.pk, severity=1, reason="late", now=NOW)
    before = money()
    with pytest.raises(InvalidDispute, match="not 'both'"):
        resolve_dispute(task_id=task.pk, outcome="both", worker_amount="0", now=NOW)
    assert money() == before


def test_a_fee_is_a_rate_and_changes_only_for_tasks_posted_later():
    platform = PlatformFactory(funds="100")
    before = TaskFactory(platform=platform, amount="10")
    for fee_bps in (-1, 10_001):
        with pytest.raises(InvalidFee):
            platforms.set_fee(platform_id=platform.pk, fee_bps=fee_bps)
        with pytest.raises(InvalidFee):
            PlatformFactory(fee_bps=fee_bps)

    platforms.set_fee(platform_id=platform.pk, fee_bps=500)

    assert (before.fee_bps, TaskFactory(platform=platform).fee_bps) == (200, 500)


def test_a_platforms_name_is_its_own():
    PlatformFactory(name="QuickTask")
    with pytest.raises(PlatformNameTaken):
        PlatformFactory(name="QuickTask")
