"""What waits for a decision of staff: one queue for each kind, the oldest first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Min, Model, Q, QuerySet
from django.http import HttpRequest

from audit.claims import drop_claims, open_claims
from audit.models import Approval, Claim
from gigstream.lib.admin.columns import Column
from loans.enums import LoanStatus
from loans.models import Loan
from payments.enums import UNDER_WAY, AttemptOperation, ErrorClass, TransactionStatus
from payments.models import ReconciliationBreak, SettlementAttempt, Stream, Transaction
from payments.services.attempts import LEASE
from platforms.models import Dispute, WebhookDelivery, WebhookEndpoint
from platforms.services import alarm_age, reminder_age

# A queue is counted so far; who works through that much does not need to know how much more there is.
MOST_COUNTED = 1_000
# What nobody has replayed for so long is of no use to the platform any more.
DELIVERIES_WAIT = timedelta(days=7)
UNKNOWN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits in a queue, and since when."""

    count: int
    oldest_at: datetime | None

    @property
    def count_words(self) -> str:
        return f"{self.count:,}{' or more' if self.count == MOST_COUNTED else ''}"


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows of `model` that wait since their `since`; `columns` are shown as on the model's list.

    `actions` are buttons of the row's page, or with `acts_on` of the page of its related row of that name.
    What has waited for `late_after` or `overdue_after` is marked.
    """

    slug: str
    title: str
    words: str
    symbol: str
    model: type[Model]
    rows: Callable[[datetime], QuerySet[Any]]
    since: str
    columns: Sequence[Column]
    actions: Sequence[str]
    acts_on: str = ""
    late_after: Callable[[], timedelta] | None = None
    overdue_after: Callable[[], timedelta] | None = None

    @property
    def subject_type(self) -> str:
        """How claims and the audit log call what waits here."""
        return self.model._meta.model_name or ""

    @property
    def target(self) -> Any:
        """The admin of the rows."""
        return admin.site.get_model_admin(self.model)

    @property
    def acting(self) -> Any:
        """The admin of what the actions are on."""
        field: Any = self.model._meta.get_field(self.acts_on) if self.acts_on else None
        return admin.site.get_model_admin(field.related_model) if field else self.target

    def may_see(self, request: HttpRequest) -> bool:
        return bool(self.target.has_view_permission(request))

    def may_work(self, request: HttpRequest) -> bool:
        """Whoever may act on what waits here may claim it."""
        return bool(self.acting.has_operate_permission(request))

    def mark(self, waited: timedelta) -> str:
        """Return how what has waited so long is marked: not at all, as late or as overdue."""
        if self.overdue_after is not None and waited >= self.overdue_after():
            return "overdue"
        return "late" if self.late_after is not None and waited >= self.late_after() else ""

    def waiting(self, now: datetime) -> Waiting:
        """Counted by one statement."""
        oldest = self.rows(now).order_by(self.since)[:MOST_COUNTED]
        found = oldest.aggregate(count=Count("pk"), oldest_at=Min(self.since))
        return Waiting(found["count"], found["oldest_at"])

    def oldest(self, now: datetime, *, among: Q, limit: int) -> list[Any]:
        """The rows that have waited longest, of those `among` which they are looked for."""
        found = self.rows(now).filter(among).select_related(*self.target.list_select_related)
        return list(found.order_by(self.since, "pk")[:limit])


def _disputes(now: datetime) -> QuerySet[Any]:
    return Dispute.objects.filter(resolved_at=None)


def _loans(now: datetime) -> QuerySet[Any]:
    return Loan.objects.filter(status=LoanStatus.PENDING)


def _payouts(now: datetime) -> QuerySet[Any]:
    """Transfers that no job takes up, and those that the provider may or may not have."""
    asked = SettlementAttempt.objects.filter(operation=AttemptOperation.TRANSFER)
    unknown = asked.filter(error_class=ErrorClass.UNKNOWN_OUTCOME, started_at__gt=now - UNKNOWN_FOR)
    unanswered = asked.filter(ended_at=None, started_at__lt=now - LEASE)
    found = Transaction.objects.parked().values("pk")
    found = found.union(unknown.values("transaction"), unanswered.values("transaction"))
    return Transaction.objects.filter(pk__in=found, status__in=sorted(UNDER_WAY)).filter(
        Q(next_attempt_at=None) | Q(status=TransactionStatus.PENDING)
    )


def _parked_streams(now: datetime) -> QuerySet[Any]:
    return Stream.objects.parked()


def _breaks(now: datetime) -> QuerySet[Any]:
    return ReconciliationBreak.objects.filter(resolved_at=None)


def _webhooks(now: datetime) -> QuerySet[Any]:
    return WebhookEndpoint.objects.filter(disabled_at__isnull=False, platform__deleted_at=None)


def _deliveries(now: datetime) -> QuerySet[Any]:
    return WebhookDelivery.objects.given_up().filter(ended_at__gt=now - DELIVERIES_WAIT)


def _approvals(now: datetime) -> QuerySet[Any]:
    return Approval.objects.filter(decision=None)


QUEUES = (
    Queue(
        "approvals",
        "Approvals",
        "A member of staff has asked for an act that another must approve, within a day.",
        "approval_delegation",
        Approval,
        _approvals,
        "requested_at",
        ("what", "amount", "subject", "reason", "asked_by", "expires_at"),
        ("approve", "refuse", "withdraw"),
    ),
    Queue(
        "disputes",
        "Disputes",
        "A worker and a platform disagree; pay has stopped until staff split what is held.",
        "gavel",
        Dispute,
        _disputes,
        "filed_at",
        ("task", "severity", "reason"),
        ("resolve",),
        late_after=reminder_age,
        overdue_after=alarm_age,
    ),
    Queue(
        "loans",
        "Loans to decide",
        "A worker has asked for an advance that the system does not approve by itself.",
        "request_quote",
        Loan,
        _loans,
        "created_at",
        ("worker", "amount", "fee", "risk_score"),
        ("approve", "reject"),
    ),
    Queue(
        "payouts",
        "Payouts held or unknown",
        "Transfers that no job takes up any more, or of which nobody knows whether the provider has them.",
        "hourglass_disabled",
        Transaction,
        _payouts,
        "created_at",
        ("type", "status", "amount", "worker", "error_message"),
        ("offer_again", "look_for", "cancel", "accelerate", "ask_to_cancel"),
    ),
    Queue(
        "streams",
        "Streams that cannot be released",
        "Their release failed eight times in a row and is not tried any more; what has vested is owed.",
        "pause_presentation",
        Stream,
        _parked_streams,
        "parked_at",
        ("task", "worker", "platform", "released_amount", "total_amount"),
        ("take_up_again", "cancel"),
    ),
    Queue(
        "breaks",
        "Reconciliation breaks",
        "Ledger, provider and chain do not agree.",
        "difference",
        ReconciliationBreak,
        _breaks,
        "created_at",
        ("bucket", "subject", "transaction", "last_seen_at"),
        ("explain",),
    ),
    Queue(
        "webhooks",
        "Webhooks switched off",
        "A platform is told of nothing, after days of failures or by hand.",
        "webhook",
        WebhookEndpoint,
        _webhooks,
        "disabled_at",
        ("platform", "failing_since"),
        ("test_webhook", "enable_webhook"),
        acts_on="platform",
    ),
    Queue(
        "deliveries",
        "Dead deliveries",
        "Events that a platform's webhook did not take, of the last seven days.",
        "outbox",
        WebhookDelivery,
        _deliveries,
        "ended_at",
        ("event", "platform", "error", "status_code", "attempts"),
        ("replay",),
    ),
)
BY_SLUG: Mapping[str, Queue] = {queue.slug: queue for queue in QUEUES}


def drop_what_left(*, now: datetime) -> int:
    """Nobody has claimed what waits in no queue any more; returns how many claims were dropped."""
    return sum(_drop(queue, now) for queue in QUEUES)


def _drop(queue: Queue, now: datetime) -> int:
    claimed = open_claims(queue.subject_type)
    if not claimed:
        return 0
    waiting = {str(pk) for pk in queue.rows(now).filter(pk__in=list(claimed)).values_list("pk", flat=True)}
    gone: list[Claim] = [one for key, one in claimed.items() if key not in waiting]
    return drop_claims([one.pk for one in gone], now=now)
