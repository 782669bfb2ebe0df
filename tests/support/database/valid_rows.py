"""Given: a valid row of every table, unsaved, with all that it refers to saved.

`insert` writes past managers and signals, so that only the database itself can refuse.
"""

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import models

from audit.models import (
    Approval,
    Assignment,
    AuditLog,
    AuditSeal,
    BookCheck,
    Claim,
    DatabaseIdentity,
    Decision,
    LimitChange,
    Note,
    NoteFile,
    NoteMention,
    Notice,
    NoticePreference,
    PersonalChange,
)
from audit.staff_movements.models import StaffMovement
from gigstream.api.models import AnsweredRequest
from gigstream.core.ids import new_id
from gigstream.jobs.models import JobHeartbeat
from gigstream.letters.models import Letter
from gigstream.remote_calls.models import CircuitBreaker
from gigstream.saved_views.models import SavedView
from gigstream.sign_in.models import SignInAttempts
from loans.models import Loan
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.models import (
    Account,
    Adjustment,
    ChainCursor,
    CoveredParts,
    CoveredTask,
    Discrepancy,
    LedgerEntry,
    ObservedTransfer,
    PaymentSwitch,
    PayoutHold,
    PayoutHoldPart,
    PlatformPayout,
    PlatformRewards,
    ProviderNotification,
    Reconciliation,
    ReportedEarning,
    SandboxFault,
    SandboxTransfer,
    SandboxWallet,
    SettlementAttempt,
    Stream,
    Transaction,
    TransactionDay,
    WalletOrder,
)
from platforms.models import (
    ApiKey,
    Dispute,
    Engagement,
    EventCounter,
    Milestone,
    Platform,
    PlatformEvent,
    Task,
    TaskTally,
    WebhookDelivery,
    WebhookEndpoint,
    WithdrawalAddress,
    WorkEvent,
)
from reputation.models import (
    CheckIn,
    Outage,
    PointsBalance,
    PointsEntry,
    Quest,
    QuestCount,
    QuestEvent,
    QuestFunding,
    ReputationEvent,
    Reservation,
    StreakPause,
    StreakZone,
)
from tests.support.factories import PlatformFactory, TaskFactory, WorkerFactory
from tests.support.subjects import merged
from workers.models import (
    ChainIdentity,
    PasswordReset,
    RefreshToken,
    Registration,
    SocialAccount,
    SocialAuthorization,
    SocialConflict,
    WalletChange,
    WalletNonce,
    Worker,
    WorkerSession,
)

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
M = TypeVar("M", bound=models.Model)
_numbers = itertools.count(1)


def insert(row: M) -> M:
    """Insert the row as it is, by a plain INSERT."""
    type(row)._base_manager.bulk_create([row])
    return row


def valid(model: type[M], **changes: Any) -> M:
    """Return a row of the model that every constraint allows, but for `changes`."""
    return model(**{**_rows()[model](), **changes})


@cache
def _rows() -> dict[type[models.Model], Callable[[], dict[str, Any]]]:
    return {**_VALID, **merged("ROWS")}


def in_status(model: type[M], status: str) -> M:
    """Return a row of the model in this status, with the columns that the status demands."""
    return valid(model, **columns_of(model, status))


def columns_of(model: type[models.Model], status: str) -> dict[str, Any]:
    """Return the status and every column that a status demands or forbids."""
    of_subject = merged("STATUSES").get(model)
    if of_subject is not None:
        return {"status": status, **of_subject(status)}
    return {"status": status, **_NO_TIMES.get(model, {}), **_OF_STATUS.get(model, {}).get(status, {})}


def _number() -> int:
    return next(_numbers)


def _account() -> Account:
    return Account.objects.get(pk=accounts.of_worker(WorkerFactory.create().pk, AccountName.AVAILABLE))


def _task_row() -> dict[str, Any]:
    return {
        "platform": PlatformFactory.create(),
        "worker": WorkerFactory.create(),
        "external_task_id": f"row-{_number()}",
        "title": "Row",
        "task_type": "fixed",
        "amount": Decimal(10),
        "fee_bps": 200,
        "status": "assigned",
        "created_at": AT,
    }


def _stream_row() -> dict[str, Any]:
    task = insert(valid(Task, task_type="time_based", duration_seconds=600, release_interval=60))
    assert task.worker_id is not None
    return {
        "task": task,
        "worker": task.worker,
        "platform": task.platform,
        "worker_account_id": accounts.of_worker(task.worker_id, AccountName.AVAILABLE),
        "escrow_account_id": accounts.of_platform(task.platform_id, AccountName.ESCROW),
        "shard": 0,
        "total_amount": Decimal(10),
        "start_at": AT,
        "end_at": AT + timedelta(seconds=600),
        "duration_seconds": 600,
        "first_total": Decimal(10),
        "first_duration_seconds": 600,
        "last_act_at": AT,
        "release_interval": 60,
        "next_release_at": AT + timedelta(seconds=60),
        "created_at": AT,
    }


def _transaction_row() -> dict[str, Any]:
    return {
        "type": "payout",
        "amount": Decimal(1),
        "worker": WorkerFactory.create(),
        "to_wallet": "0x" + "ab" * 20,
        "idempotency_key": f"row-{_number()}",
        "created_at": AT,
    }


def _entry_row() -> dict[str, Any]:
    return {
        "kind": "deposit",
        "debit_account_id": accounts.of_house(AccountName.OUTSIDE),
        "credit_account_id": accounts.of_platform(PlatformFactory.create().pk, AccountName.AVAILABLE),
        "amount": Decimal(1),
        "idempotency_key": f"row-{_number()}",
        "created_at": AT,
    }


def _covered_row() -> dict[str, Any]:
    part = insert(valid(LedgerEntry))
    return {
        "entry": insert(valid(LedgerEntry)),
        "account_id": part.credit_account_id,
        "first_part": part,
        "last_part": part,
        "amount": Decimal(1),
    }


def _delivery_row() -> dict[str, Any]:
    event = insert(valid(PlatformEvent))
    return {
        "event": event,
        "endpoint": insert(valid(WebhookEndpoint, platform=event.platform)),
        "platform": event.platform,
        "sequence": event.sequence,
        "next_attempt_at": AT,
    }


def _event_row() -> dict[str, Any]:
    return {
        "worker": WorkerFactory.create(),
        "event_type": "task_completed",
        "delta": 10,
        "previous_score": 500,
        "new_score": 510,
        "number": 1,
    }


_VALID: Mapping[type[models.Model], Callable[[], dict[str, Any]]] = {
    AuditLog: lambda: {"actor_type": "system", "action": "row", "resource_type": "row"},
    AuditSeal: lambda: {
        "before_transaction": _number(),
        "row_count": 1,
        "previous_hash": f"{_number():064x}",
        "hash": f"{_number():064x}",
    },
    DatabaseIdentity: lambda: {"id": 1, "kind": "test", "provider": "sandbox"},
    JobHeartbeat: lambda: {"name": f"row-{_number()}", "every_seconds": 10},
    BookCheck: lambda: {
        "checked_at": AT,
        "name": "row",
        "words": "A row.",
        "violations": 0,
        "milliseconds": 1,
    },
    Claim: lambda: {
        "subject_type": "row",
        "subject_id": str(_number()),
        "claimed_by": "1",
        "claimed_at": AT,
    },
    Notice: lambda: {
        "created_at": AT,
        "recipient": "staff:1",
        "kind": "mentioned",
        "subject_type": "row",
        "subject_id": str(_number()),
        "words": "A row.",
        "way": "page",
    },
    NoticePreference: lambda: {
        "member": f"staff:{_number()}",
        "kind": "mentioned",
        "way": "nothing",
        "chosen_at": AT,
    },
    AnsweredRequest: lambda: {
        "caller": "platform:row",
        "method": "POST",
        "path": "/api/v1/tasks",
        "key": f"row-{_number()}",
        "request_hash": "a" * 64,
        "status": 201,
    },
    Worker: lambda: {
        "email": f"row{_number()}@example.com",
        "full_name": "Row",
        "wallet_address": f"0x{_number() + 10**9:040x}",
        "wallet_proved_at": AT,
    },
    WorkerSession: lambda: {
        "worker": WorkerFactory.create(),
        "method": "password",
        "created_at": AT,
        "expires_at": AT + timedelta(days=30),
    },
    RefreshToken: lambda: {
        "session": insert(valid(WorkerSession)),
        "token_hash": f"{_number():064x}",
        "created_at": AT,
        "expires_at": AT + timedelta(days=30),
    },
    SignInAttempts: lambda: {
        "email_hash": f"{_number():064x}",
        "source_hash": f"{_number():064x}",
        "tries": 1,
        "began_at": AT,
        "last_at": AT,
    },
    Registration: lambda: {
        "email_as_given": "Row@example.com",
        "email": "row@example.com",
        "full_name": "Row",
        "password_hash": "row",
        "token_hash": f"{_number():064x}",
        "created_at": AT,
        "expires_at": AT + timedelta(hours=24),
    },
    PasswordReset: lambda: {
        "email_hash": f"{_number():064x}",
        "worker": WorkerFactory.create(),
        "token_hash": f"{_number():064x}",
        "created_at": AT,
        "expires_at": AT + timedelta(minutes=30),
    },
    WalletChange: lambda: {
        "worker": WorkerFactory.create(),
        "wallet_address": f"0x{_number() + 10**9:040x}",
        "created_at": AT,
        "effective_at": AT + timedelta(hours=24),
    },
    WalletNonce: lambda: {
        "nonce": f"row{_number():017}",
        "created_at": AT,
        "expires_at": AT + timedelta(minutes=5),
    },
    ChainIdentity: lambda: {
        "worker": WorkerFactory.create(),
        "chain": "eip155:1",
        "address": f"0x{_number() + 10**9:040x}",
        "created_at": AT,
    },
    SocialAccount: lambda: {
        "worker": WorkerFactory.create(),
        "network": "row",
        "network_user_id": str(_number()),
        "username": "row",
        "created_at": AT,
        "verified_at": AT,
    },
    SocialAuthorization: lambda: {
        "worker": WorkerFactory.create(),
        "network": "row",
        "state_hash": f"{_number():064x}",
        "created_at": AT,
        "expires_at": AT + timedelta(minutes=10),
    },
    SocialConflict: lambda: {
        "account": insert(valid(SocialAccount)),
        "worker": WorkerFactory.create(),
        "created_at": AT,
        "notified_at": AT,
    },
    Platform: lambda: {
        "name": f"Row {_number()}",
        "contact_email": "row@example.com",
        "wallet_address": f"0x{_number() + 10**9:040x}",
    },
    ApiKey: lambda: {
        "platform": PlatformFactory.create(),
        "prefix": f"row{_number()}",
        "secret_hash": f"{_number():064x}",
    },
    Engagement: lambda: {
        "platform": PlatformFactory.create(),
        "worker": WorkerFactory.create(),
        "first_at": AT,
        "last_at": AT,
    },
    TaskTally: lambda: {"platform": PlatformFactory.create(), "task_type": "fixed"},
    Task: _task_row,
    Milestone: lambda: {"task": TaskFactory.create(), "number": 1, "title": "Row", "amount": Decimal(1)},
    WorkEvent: lambda: {"task": TaskFactory.create(), "event_type": "started"},
    Dispute: lambda: {"task": TaskFactory.create(), "severity": 1, "reason": "late", "filed_at": AT},
    EventCounter: lambda: {"platform": PlatformFactory.create(), "last_sequence": 1},
    PlatformEvent: lambda: {
        "platform": PlatformFactory.create(),
        "sequence": 1,
        "type": "webhook.ping",
        "payload": {},
        "created_at": AT,
    },
    WithdrawalAddress: lambda: {
        "platform": PlatformFactory.create(),
        "address": f"0x{_number():040x}",
        "created_at": AT,
        "holds_from": AT,
    },
    WebhookEndpoint: lambda: {"platform": PlatformFactory.create(), "created_at": AT},
    WebhookDelivery: _delivery_row,
    Account: lambda: {
        "name": "available",
        "worker": WorkerFactory.create(),
        "may_go_below_zero": False,
        "payout_schedule": "standard",
    },
    CoveredParts: lambda: _covered_row(),
    CoveredTask: lambda: {
        "created_at": AT,
        "entry": insert(valid(LedgerEntry)),
        "task": TaskFactory.create(),
        "amount": Decimal(1),
        "pay": Decimal(1),
    },
    PlatformPayout: lambda: {
        "created_at": AT,
        "payout": insert(valid(Transaction)),
        "platform": PlatformFactory.create(),
        "amount": Decimal(1),
        "task_count": 1,
    },
    PayoutHold: lambda: {
        "worker": WorkerFactory.create(),
        "kind": "staff",
        "reason": "the address is looked at",
        "created_by": "staff:1",
        "created_at": AT,
    },
    PayoutHoldPart: lambda: {
        "hold": insert(valid(PayoutHold)),
        "entry": insert(valid(LedgerEntry)),
        "amount": Decimal(1),
    },
    LedgerEntry: _entry_row,
    ReportedEarning: lambda: {"work_event": insert(valid(WorkEvent)), "entry": insert(valid(LedgerEntry))},
    Adjustment: lambda: {
        "entry": insert(
            valid(LedgerEntry, kind="adjustment", debit_account_id=accounts.of_house(AccountName.LOSSES))
        ),
        "requested_by": "1",
        "approved_by": "2",
        "reason": "typing error",
    },
    SandboxWallet: lambda: {
        "id": f"00000000-0000-4000-8000-{_number():012x}",
        "idempotency_key": f"00000000-0000-4000-8000-{_number():012x}",
        "owner": "house",
        "address": f"0x{_number():040x}",
    },
    SandboxFault: lambda: {"call": "transfer", "kind": "busy"},
    SandboxTransfer: lambda: {
        "id": f"00000000-0000-4000-8000-{_number():012x}",
        "idempotency_key": f"00000000-0000-4000-8000-{_number():012x}",
        "to_wallet": "0x" + "ab" * 20,
        "amount": Decimal(1),
        "accepted_at": AT,
        "tx_hash": f"0x{_number():064x}",
        "block_number": 1,
    },
    SettlementAttempt: lambda: {
        # Under way, so on a day of its own, which no test closes.
        "transaction": insert(valid(Transaction, created_at=AT + timedelta(days=365))),
        "number": 1,
        "service": "sandbox",
        "operation": "transfer",
        "started_at": AT,
    },
    CircuitBreaker: lambda: {"service": f"row-{_number()}"},
    ProviderNotification: lambda: {
        "provider": "sandbox",
        "body": b"{}",
        "digest": "0" * 64,
        "received_at": AT,
    },
    PaymentSwitch: lambda: {
        "scope": "provider",
        "subject": f"row-{_number()}",
        "reason": "a test",
        "off_by": "1",
        "created_at": AT,
    },
    Reconciliation: lambda: {
        "started_at": AT,
        "ended_at": AT,
        "since": AT,
        "matched": 0,
        "discrepancies": {},
    },
    Discrepancy: lambda: {
        "bucket": "missing_there",
        "subject": f"row-{_number()}",
        "last_seen_at": AT,
        "created_at": AT,
    },
    ChainCursor: lambda: {"token": f"0x{_number():040x}", "block_number": 1, "block_hash": "0x" + "0" * 64},
    ObservedTransfer: lambda: {
        "tx_hash": f"0x{_number():064x}",
        "log_index": 0,
        "block_number": 1,
        "block_hash": "0x" + "0" * 64,
        "from_wallet": "0x" + "ab" * 20,
        "to_wallet": "0x" + "cd" * 20,
        "amount": Decimal(1),
        "seen_at": AT,
    },
    WalletOrder: lambda: {"key": new_id(), "owner": f"row:{_number()}", "created_at": AT},
    Stream: _stream_row,
    Transaction: _transaction_row,
    PlatformRewards: lambda: {"platform": PlatformFactory.create()},
    TransactionDay: lambda: {
        "day": AT.date(),
        "type": "payout",
        "status": "confirmed",
        "transactions": 1,
        "total_amount": Decimal(1),
        "total_fees": Decimal(0),
    },
    ReputationEvent: _event_row,
    PointsEntry: lambda: {
        "worker": WorkerFactory.create(),
        "kind": "grant",
        "amount": 5,
        "balance_after": 5,
        "created_at": AT,
        "earned_at": AT,
        "reason": "the daily check-in",
        # No event has it, also when others have made many.
        "quest_event_id": 10**12 + _number(),
    },
    CheckIn: lambda: {"worker": WorkerFactory.create(), "local_date": AT.date()},
    StreakZone: lambda: {"worker": WorkerFactory.create(), "time_zone": "UTC", "first_date": AT.date()},
    StreakPause: lambda: {"worker": WorkerFactory.create(), "starts_on": AT.date(), "ends_on": AT.date()},
    Outage: lambda: {
        "starts_at": AT,
        "ends_at": AT + timedelta(hours=2),
        "reason": "the database was away",
        "requested_by": "staff:1",
        "approved_by": "staff:2",
    },
    PointsBalance: lambda: {"worker": WorkerFactory.create(), "balance": 5},
    Loan: lambda: {
        "worker": WorkerFactory.create(),
        "amount": Decimal(100),
        "fee": Decimal(2),
        "fee_bps": 200,
        "requested_at": AT,
    },
    Approval: lambda: {
        "kind": "limit.change",
        "subject_type": "limit",
        "subject_id": "payout_minimum",
        "parameters": {"value": str(_number()), "before": "1"},
        "payload_hash": f"{_number():064}",
        "act_key": f"{_number():064}",
        "reason": "fees have fallen",
        "requested_by": "staff:1",
        "requested_at": AT,
        "expires_at": AT + timedelta(hours=24),
    },
    Decision: lambda: {
        "rule": "worker.suspension",
        "version": 1,
        "subject_type": "worker",
        "subject_id": str(_number()),
        "worker_id": new_id(),
        "outcome": "suspended",
        "inputs": {"status": "active"},
        "sentence": "The account was suspended.",
        "reason": "fraud",
        "needs_person": True,
        "decided_by": "staff:1",
        "decided_at": AT,
    },
    PersonalChange: lambda: {
        "resource_type": "worker",
        "resource_id": str(_number()),
        "field": "full_name",
        "old_value": "Henri",
        "new_value": "Henry",
        "salt": "0" * 64,
        "reason": "as in the passport",
        "changed_by": "staff:1",
    },
    Note: lambda: {
        "subject_type": "worker",
        "subject_id": str(new_id()),
        "written_by": "staff:1",
        "text": "The worker has called.\nThey wait until Monday.",
        "created_at": AT,
    },
    NoteMention: lambda: {
        "note": insert(valid(Note)),
        "member": f"staff:{_number()}",
    },
    NoteFile: lambda: {
        "note": insert(valid(Note)),
        "name": "invoice.pdf",
        "media_type": "application/pdf",
        "size": 9,
        "sha256": "a" * 64,
        "stored_name": f"files/{new_id()}",
    },
    Assignment: lambda: {
        "subject_type": "worker",
        "subject_id": str(new_id()),
        "assignee": "staff:2",
        "state": "open",
        "reason": "knows the platform",
        "assigned_by": "staff:1",
        "assigned_at": AT,
        "changed_at": AT,
    },
    StaffMovement: lambda: {
        "staff": "staff:1",
        "action": "task.cancel",
        "receiver_type": "platform",
        "receiver_id": "1",
        "amount": Decimal(1),
    },
    SavedView: lambda: {
        "owner": User.objects.create_user(f"owner{next(_numbers)}@example.com", is_staff=True),
        "list_of": "payments.transaction",
        "name": "Failed",
        "query": {"conditions": [], "filters": [], "sort": "-amount"},
        "is_shared": True,
    },
    Letter: lambda: {
        "kind": "wallet_notice",
        "subject_id": str(_number()),
        "created_at": AT,
        "next_try_at": AT,
        "give_up_at": AT + timedelta(hours=6),
    },
    Quest: lambda: {
        "platform": PlatformFactory.create(),
        "slug": f"quest-{_number()}",
        "title": "Row",
        "kind": "custom",
        "reward_kind": "payout",
        "reward_amount": Decimal(5),
        "fee_bps": 200,
        "period": "once",
        "budget": Decimal(50),
        "created_at": AT,
    },
    QuestFunding: lambda: {"quest": insert(valid(Quest)), "amount": Decimal(50), "fee": Decimal(1)},
    QuestCount: lambda: {"quest": insert(valid(Quest)), "worker": WorkerFactory.create(), "n": 1},
    Reservation: lambda: {
        "quest": insert(valid(Quest)),
        "worker": WorkerFactory.create(),
        "amount": Decimal(5),
        "created_at": AT,
        "expires_at": AT + timedelta(hours=24),
    },
    QuestEvent: lambda: {
        "quest": insert(valid(Quest)),
        "worker": WorkerFactory.create(),
        "event_type": "custom",
        "external_id": f"row-{_number()}",
        "occurred_at": AT,
        "reward_kind": "payout",
        "amount": Decimal(5),
        "reservation": insert(in_status(Reservation, "used")),
        "status": "granted",
        "granted_at": AT,
        "entry": insert(valid(LedgerEntry)),
        "created_at": AT,
    },
    LimitChange: lambda: {"name": "payout_minimum", "changed_by": "environment", "changed_at": AT},
}

_NO_TIMES: Mapping[type[models.Model], dict[str, Any]] = {
    Stream: {
        "next_release_at": AT,
        "paused_at": None,
        "completed_at": None,
        "cancelled_at": None,
        "released_amount": Decimal(0),
    },
    Transaction: {
        "tx_hash": None,
        "circle_tx_id": None,
        "submitted_at": None,
        "confirmed_at": None,
        "ended_at": None,
    },
    WebhookDelivery: {"next_attempt_at": None, "ended_at": AT},
    QuestEvent: {"granted_at": None, "entry": None},
    ProviderNotification: {"applied_at": None},
    ObservedTransfer: {"transaction": None},
}
_BOOKED = {"approved_at": AT, "disbursed_at": AT, "repayment_due": AT}
_OF_STATUS: Mapping[type[models.Model], dict[str, dict[str, Any]]] = {
    Task: {
        "completed": {"completed_at": AT, "paid_amount": Decimal(10)},
        "cancelled": {"cancelled_at": AT, "paid_amount": Decimal(0)},
        "disputed": {"disputed_at": AT},
    },
    Stream: {
        "paused": {"paused_at": AT},
        "completed": {"completed_at": AT, "released_amount": Decimal(10), "next_release_at": None},
        "cancelled": {"cancelled_at": AT},
    },
    Transaction: {
        "submitted": {"circle_tx_id": "row", "submitted_at": AT},
        "confirmed": {"tx_hash": "0x" + "cd" * 32, "confirmed_at": AT},
        "failed": {"ended_at": AT},
        "cancelled": {"ended_at": AT},
    },
    WebhookDelivery: {"pending": {"next_attempt_at": AT, "ended_at": None}},
    Quest: {"closed": {"closed_at": AT}},
    Reservation: {status: {"ended_at": AT} for status in ("used", "expired")},
    QuestEvent: {
        "held": {"held_until": AT, "hold_reason": "ring"},
        "granted": {"granted_at": AT, "reward_kind": "points"},
        "settled": {"granted_at": AT, "settled_at": AT, "reward_kind": "points"},
        "rejected": {"rejected_at": AT, "code": "quest_exhausted"},
    },
    Loan: {
        "approved": {"approved_at": AT},
        **dict.fromkeys(("disbursed", "active", "repaying"), _BOOKED),
        "repaid": {**_BOOKED, "amount_repaid": Decimal(102), "repaid_at": AT},
        "defaulted": {**_BOOKED, "defaulted_at": AT},
        "cancelled": {"cancelled_at": AT},
    },
}
