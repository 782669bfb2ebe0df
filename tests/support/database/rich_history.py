"""Given: forty days in which everything that can happen to money, work and reputation has happened."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from audit.approvals import services as approvals
from audit.chain import services as sealing
from audit.models import Approval
from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.recovery import services as recovery_services
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.models import Stream, Transaction
from platforms import services as platforms
from platforms.events.services import deliveries
from platforms.models import Platform, Task
from platforms.services import MilestonePlan, WorkReport
from reputation.scores import services as reputation
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    approve_by_staff,
    assigned,
    fund,
    running_stream,
    sandbox,
    seconds,
    settle,
    started,
)
from tests.support.pages.admin import member
from tests.support.quests import QuestHistory, history_of_quests
from tests.support.subjects import gathered
from workers import services as workers
from workers.models import Worker

BLOCKED_WALLET = f"0x{'b' * 40}"


@dataclass
class History:
    """The events of the history, by name. `now` moves on with `later`; it never passes the database's
    clock."""

    now: datetime
    worker: Worker = field(init=False)
    other: Worker = field(init=False)
    debtor: Worker = field(init=False)
    platform: Platform = field(init=False)
    rival: Platform = field(init=False)
    paid: Task = field(init=False)
    steps: Task = field(init=False)
    disputed: Task = field(init=False)
    running: Stream = field(init=False)
    paused: Stream = field(init=False)
    cancelled: Stream = field(init=False)
    completed: Stream = field(init=False)
    owing: Loan = field(init=False)
    repaid: Loan = field(init=False)
    pending: Loan = field(init=False)
    approved: Approval = field(init=False)
    quests: QuestHistory = field(init=False)

    def later(self, count: float = 60) -> datetime:
        self.now += seconds(count)
        return self.now


def rich_history() -> History:
    """Make the history. The blocklist must hold BLOCKED_WALLET."""
    h = History(now=database_now().replace(microsecond=0) - timedelta(days=40))
    h.worker, h.other, h.debtor = (WorkerFactory.create(now=h.now) for _ in range(3))
    h.platform = PlatformFactory.create(funds="9000", now=h.now)
    h.rival = PlatformFactory.create(fee_bps=333, now=h.now)
    fund(h.rival, "9000", now=h.later())
    for platform in (h.platform, h.rival):
        platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com/pay", now=h.later())
    _loans(h)
    _fixed_tasks(h)
    h.quests = history_of_quests(h.platform, at=h.later)
    _milestones(h)
    _streams(h)
    _disputes(h)
    for live in gathered("HISTORIES"):
        live(h)
    _payouts(h)
    _by_hand(h)
    _approvals(h)
    assert payments.close_transaction_days(now=h.now) > 0
    workers.age_accounts(now=h.later())
    _deliveries(h)
    _seal()
    return h


def _task(h: History, *, worker: Worker | None = None, **given: Any) -> Task:
    return started(worker or h.worker, platform=h.platform, now=h.later(), **given)


def _complete(h: History, task: Task) -> Task:
    return platforms.complete_task(task_id=task.pk, now=h.later())


def _fixed_tasks(h: History) -> None:
    h.paid = _complete(h, _task(h, amount="20.000001", due_at=h.now + timedelta(days=1)))
    platforms.rate_worker(task_id=h.paid.pk, rating=5, now=h.later())
    platforms.rate_platform(task_id=h.paid.pk, rating=4, now=h.later())
    late = _complete(h, _task(h, amount="7.77", due_at=h.now + seconds(90)))
    platforms.rate_worker(task_id=late.pk, rating=2, now=h.later())
    _complete(h, _task(h, worker=h.other, amount="0.000049"))
    unassigned = TaskFactory.create(platform=h.platform, now=h.later())
    platforms.cancel_task(task_id=unassigned.pk, now=h.later())
    TaskFactory.create(platform=h.rival, now=h.later())
    held = assigned(h.other, platform=h.rival, amount="12.345678", now=h.later())
    assert held.worker_id == h.other.pk
    taken_back, declined = (assigned(h.other, platform=h.rival, now=h.later()) for _ in range(2))
    platforms.unassign_task(task_id=taken_back.pk, now=h.later())
    platforms.decline_task(task_id=declined.pk, worker_id=h.other.pk, now=h.later())
    off = assigned(h.worker, platform=h.platform, now=h.later())
    platforms.cancel_task(task_id=off.pk, now=h.later())
    _work_events(h)


def _work_events(h: History) -> None:
    task = assigned(h.worker, platform=h.platform, amount="15", now=h.later())
    for event_type, amount in (("started", None), ("bonus", "3.5"), ("completed", None)):
        report = WorkReport(task_id=task.pk, event_type=event_type, external_id=event_type, amount=amount)
        platforms.record_work_event(platform_id=h.platform.pk, report=report, now=h.later())
        platforms.record_work_event(platform_id=h.platform.pk, report=report, now=h.later())


def _steps(h: History) -> Task:
    plans = [MilestonePlan("one", "3.333333"), MilestonePlan("two", "3.333333"), MilestonePlan("three", "4")]
    return started(
        h.other,
        platform=h.rival,
        amount="10.666666",
        task_type="milestone",
        milestones=plans,
        now=h.later(),
    )


def _approve(h: History, task: Task, count: int) -> Task:
    for number in range(1, count + 1):
        platforms.approve_milestone(task_id=task.pk, number=number, now=h.later())
    return task


def _milestones(h: History) -> None:
    h.steps = _approve(h, _steps(h), 3)
    _approve(h, _steps(h), 1)
    platforms.cancel_task(task_id=_approve(h, _steps(h), 2).pk, now=h.later())
    half_done = _approve(h, _steps(h), 1)
    platforms.dispute_task(task_id=half_done.pk, severity=2, reason="poor", now=h.later())
    resolve_dispute(task_id=half_done.pk, outcome="platform", worker_amount="4.1", now=h.later())


def _stream(h: History, **kwargs: Any) -> Stream:
    return running_stream(h.worker, platform=h.platform, total="99.999999", now=h.later(), **kwargs)


def _streams(h: History) -> None:
    h.cancelled = _stream(h)
    payments.claim_stream(stream_id=h.cancelled.pk, now=h.later(77))
    payments.pause_stream(stream_id=h.cancelled.pk, now=h.later(100))
    payments.resume_stream(stream_id=h.cancelled.pk, now=h.later(500.25))
    payments.top_up_stream(stream_id=h.cancelled.pk, amount="12.5", now=h.later())
    payments.release_due_streams(now=h.later(130))
    payments.cancel_stream(stream_id=h.cancelled.pk, now=h.later(33))
    h.completed = _stream(h, duration=605)
    payments.release_due_streams(now=h.later(200))
    payments.release_due_streams(now=h.later(1000))
    _complete(h, _stream(h).task)
    split = _stream(h)
    payments.release_due_streams(now=h.later(300))
    platforms.dispute_task(task_id=split.task_id, severity=1, reason="slow", now=h.later())
    resolve_dispute(task_id=split.task_id, outcome="worker", worker_amount="40", now=h.later())
    h.paused = _stream(h)
    payments.release_due_streams(now=h.later(120))
    payments.pause_stream(stream_id=h.paused.pk, now=h.later())
    # Most of this stream still lies ahead of the real clock.
    h.now += timedelta(days=35)
    h.running = _stream(h, duration=29 * 86_400)
    payments.top_up_stream(stream_id=h.running.pk, amount="1.25", now=h.later())
    payments.claim_stream(stream_id=h.running.pk, now=h.later(5000))


def _disputes(h: History) -> None:
    h.disputed = _task(h, amount="30")
    platforms.dispute_task(task_id=h.disputed.pk, severity=3, reason="broken", now=h.later())
    after_pay = _complete(h, _task(h, amount="6"))
    platforms.dispute_task(task_id=after_pay.pk, severity=5, reason="stolen", now=h.later())
    resolve_dispute(task_id=after_pay.pk, outcome="platform", worker_amount="0", now=h.later())
    _complete(h, _task(h, worker=h.other, amount="5"))


def _lend(h: History, worker: Worker, amount: str) -> Loan:
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=350, now=h.later())
    approve_by_staff(loan_id=loan.pk, now=h.later())
    disbursement_services.disburse_loan(loan_id=loan.pk, now=h.later())
    settle(h.later())
    h.later()
    return loan


def _loans(h: History) -> None:
    h.repaid = _lend(h, h.other, "5.55")
    _complete(h, _task(h, worker=h.other, amount="9"))
    _complete(h, _task(h, worker=h.other, amount="9"))
    _complete(h, _task(h, worker=h.other, amount="9"))
    repayment_services.repay_early(loan_id=h.repaid.pk, amount=_owed(h.repaid), now=h.later())
    refused = loans.request_loan(worker_id=h.other.pk, amount="50", fee_bps=200, now=h.later())
    loans.cancel_loan(loan_id=refused.pk, reason="too much", now=h.later())
    h.pending = loans.request_loan(worker_id=h.other.pk, amount="70", fee_bps=200, now=h.later())
    h.owing = _lend(h, h.debtor, "120")
    _complete(h, _task(h, worker=h.debtor, amount="40"))
    repayment_services.repay_early(loan_id=h.owing.pk, amount="2.5", now=h.later())
    _default(h)


def _owed(loan: Loan) -> Decimal:
    return Loan.objects.get(pk=loan.pk).owed


def _default(h: History) -> None:
    """Make a loan in default and written off; its worker earns again."""
    lost = WorkerFactory.create(now=h.later())
    loan = _lend(h, lost, "80")
    _complete(h, _task(h, worker=lost, amount="10"))
    Loan.unguarded.filter(pk=loan.pk).update(repayment_due=h.now - timedelta(days=31))
    recovery_services.default_overdue_loans(now=h.later())
    recovery_services.write_off(
        loan_id=loan.pk, requested_by="ann", approved_by="bob", reason="gone", now=h.later()
    )
    _complete(h, _task(h, worker=lost, amount="10"))
    assert Loan.objects.get(pk=loan.pk).status == "defaulted"


def _payouts(h: History) -> None:
    payments.create_due_payouts(now=h.later())
    settle(h.later())
    h.later()
    _complete(h, _task(h, worker=WorkerFactory.create(now=h.now, wallet_address=BLOCKED_WALLET)))
    payments.create_due_payouts(now=h.later())
    settle(h.later())
    h.later()
    assert Transaction.objects.filter(status="failed").exists()
    _complete(h, _task(h, amount="50"))
    off = payments.cash_out(worker_id=h.worker.pk, amount="1.5", now=h.later())
    payments.cancel_payout(transaction_id=off.pk, reason="no", now=h.later())
    for amount in ("2.000001", "3"):
        payments.cash_out(worker_id=h.worker.pk, amount=amount, now=h.later())
        if amount != "3":
            payments.submit_payouts(now=h.later(), provider=sandbox(h.now))


def _by_hand(h: History) -> None:
    reputation.adjust_reputation(worker_id=h.debtor.pk, delta=-700, reason="fraud", now=h.later())
    reputation.adjust_reputation(worker_id=h.debtor.pk, delta=40, reason="mistake", now=h.later())
    payments.grant_reward(worker_id=h.worker.pk, amount="4", reason="welcome", key="welcome", now=h.later())
    payments.adjust(
        debit_account=accounts.of_house(AccountName.LOSSES),
        credit_account=accounts.of_worker(h.debtor.pk, AccountName.AVAILABLE),
        amount="1.1",
        reason="fee of a lost transfer",
        requested_by="ann",
        approved_by="bob",
        key="1",
        now=h.later(),
    )


def _approvals(h: History) -> None:
    """Make an approved request, a refused request and a request that waits."""
    ann, bob = member("ann"), member("bob")
    asked = {"platform_id": h.platform.pk, "reason": "the node was away"}
    made = [
        ann.does(payments.request_deposit, amount="7.5", tx_hash=f"0x{number:064x}", now=h.later(), **asked)
        for number in range(900, 903)
    ]
    h.approved = bob.does(approvals.approve, approval_id=made[0].pk, reason="seen", now=h.later())
    bob.does(approvals.refuse, approval_id=made[1].pk, reason="not seen", now=h.later())


def _deliveries(h: History) -> None:
    """Make deliveries: most events wait, a delivery has arrived, and some events are not queued yet."""
    assert deliveries.queue_deliveries(now=h.later()) > 0
    (first, *_) = deliveries._lease_deliveries(h.now, 1, [h.rival.pk])
    deliveries.record_outcomes([deliveries.Outcome(first, status_code=204, milliseconds=7)], now=h.later())
    platforms.send_test_event(platform_id=h.platform.pk, now=h.later())


def _seal() -> None:
    """Seal the log as if its rows came from transactions that have ended."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_logs DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_logs SET transaction_number = 1")
        cursor.execute("ALTER TABLE audit_logs ENABLE TRIGGER USER")
    assert sealing.seal() > 0
