"""Rounds of work that leave a row of every model which staff have a page of."""

from datetime import datetime, timedelta

from django.core import mail
from django.db.models import CompositePrimaryKey

from audit.claims import services as claims
from audit.models import Approval, AuditSeal, BookCheck, DatabaseIdentity
from gigstream.api import idempotency
from gigstream.api.idempotency import IdempotentRequest
from gigstream.core.ids import new_id
from gigstream.jobs.models import JobHeartbeat
from gigstream.remote_calls.models import CircuitBreaker
from gigstream.sign_in import guessing
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.models import (
    ChainCursor,
    Discrepancy,
    ObservedTransfer,
    PaymentSwitch,
    ProviderNotification,
    Reconciliation,
    SandboxFault,
    SettlementAttempt,
    WalletOrder,
)
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from platforms.events.services import deliveries
from platforms.models import Platform, Task
from platforms.services import MilestonePlan, WorkReport
from reputation.scores.services import adjust_reputation
from tests.support.database.tables import own_models
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    running_stream,
    seconds,
    settle,
    started,
)
from workers import services as workers
from workers.models import Worker
from workers.sign_in.tokens import SignedMessage

# What the database is has one row and no list: every page shows it. Django has no pages for rows whose key is
# of several columns: ids of events, and who listened, which is nothing for staff either.
MODELS = [
    model
    for model in own_models()
    if model is not DatabaseIdentity and not isinstance(model._meta.pk, CompositePrimaryKey)
]
PASSWORD = "a long password of the worker"
WALLET_ID = "custody-wallet-of-the-test"
WEBHOOK_SECRET = "whsec-of-the-test"
SETTLEMENT = (
    ChainCursor,
    ObservedTransfer,
    PaymentSwitch,
    CircuitBreaker,
    ProviderNotification,
    Reconciliation,
    Discrepancy,
    SettlementAttempt,
    WalletOrder,
)


def add_rounds(first: int, last: int) -> None:
    """Add at least one row of every model for each number from `first` on."""
    for number in range(first, last):
        _add_round(number)


def _add_round(number: int) -> None:
    now = NOW + timedelta(days=number)
    worker = WorkerFactory.create(password=PASSWORD, wallet_id=WALLET_ID, now=now)
    platform = PlatformFactory.create(funds="1000", wallet_id=WALLET_ID, now=now)
    platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com", now=now)
    platforms.rotate_webhook_secret(platform_id=platform.pk, now=now)
    platforms.create_api_key(platform_id=platform.pk)
    platforms.invite_worker(platform_id=platform.pk, email=worker.email, now=now)
    platforms.send_invitations(now=now)
    token = next(word for word in mail.outbox[-1].body.split() if word.startswith("gi_"))
    platforms.accept_invitation(worker_id=worker.pk, token=token, now=now)
    task = _work_and_pay(number, worker, platform, now)
    _leave_records(number, worker, platform, task, now)
    for model in MODELS:
        if model._meta.managed and model._default_manager.count() <= number:
            insert(valid(model))


def _work_and_pay(number: int, worker: Worker, platform: Platform, now: datetime) -> Task:
    task = started(worker, platform=platform, now=now)
    report = WorkReport(task_id=task.pk, event_type="completed", external_id=f"done-{number}")
    platforms.record_work_event(platform_id=platform.pk, report=report, now=now)
    plans = [MilestonePlan("First", "4"), MilestonePlan("Last", "6")]
    stepped = started(worker, platform=platform, task_type="milestone", milestones=plans, now=now)
    platforms.dispute_task(task_id=stepped.pk, severity=2, reason="not as agreed", now=now)
    stream = running_stream(worker, platform=platform, now=now)
    payments.claim_stream(stream_id=stream.pk, now=now + seconds(90))
    payments.cash_out(worker_id=worker.pk, now=now + seconds(91))
    settle(now + seconds(92))
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=now)
    approve_by_staff(loan_id=loan.pk, now=now)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=now)
    settle(now + seconds(93))
    for kind in SETTLEMENT:
        insert(valid(kind))
    payments.close_transaction_days(now=now + timedelta(days=3))
    adjust_reputation(worker_id=worker.pk, delta=5, reason="good work", now=now)
    payments.adjust(
        debit_account=accounts.of_house(AccountName.LOSSES),
        credit_account=accounts.of_worker(worker.pk, AccountName.AVAILABLE),
        amount="1",
        reason="goodwill",
        requested_by="1",
        approved_by="2",
        key=str(number),
        now=now,
    )
    return task


def _leave_records(number: int, worker: Worker, platform: Platform, task: Task, now: datetime) -> None:
    AuditSeal.objects.create(
        before_transaction=number + 1, row_count=1, previous_hash=f"{number:064}", hash=f"{number + 1:064}"
    )
    deliveries.queue_deliveries(now=now)
    listening = Platform.objects.get(pk=platform.pk)
    listening.webhook_secret = WEBHOOK_SECRET
    listening.save(update_fields=["webhook_secret"])
    workers.sign_in(email=worker.email, password=PASSWORD, now=now)
    workers.request_registration(
        email=f"new{number}@example.com", full_name="New", password=PASSWORD, now=now
    )
    workers.request_password_reset(email=worker.email, now=now)
    workers.send_password_resets(now=now)
    proof = SignedMessage(f"0x{number + 1:040x}".replace("0x0", "0xa", 1), workers.make_nonce(now=now).nonce)
    workers.change_wallet(worker_id=worker.pk, signed=proof, now=now)
    guessing.take_try(f"nobody{number}@example.com", now=now)
    JobHeartbeat.objects.create(name=f"job_{number}", every_seconds=10, last_started_at=now)
    claims.claim(subject_type="task", subject_id=str(task.pk), by="1", now=now)
    asked = IdempotentRequest(f"platform:{platform.pk}", "POST", "/api/v1/tasks", str(number), b"{}")
    idempotency.respond_once(asked, lambda: (201, "{}"))
    SandboxProvider().create_wallet(key=new_id(), owner=f"worker {number}")
    SandboxFault.objects.create(call="cancel", kind="busy")
    insert(valid(Approval))
    BookCheck.objects.create(checked_at=now, name="balances", words="All", violations=0, milliseconds=1)
