"""Queues of rows that wait for a decision of staff, a queue for each kind, oldest rows first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.db.models import CharField, Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest

from audit.approvals.services import MAY_DECIDE, OPEN_FOR, all_kinds
from audit.claims.services import drop_claims, open_claims
from audit.models import Approval, Claim
from gigstream.adminkit.columns import Column
from gigstream.core.people.staff_names import actor_text
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.services.calls import LEASE
from loans.applications.enums import LoanStatus
from loans.models import Loan
from payments.models import ChainOperation, Discrepancy, SettlementAttempt, Stream, Transaction
from payments.oracle.calculations import DEAD_FOR
from payments.oracle.enums import OperationStatus
from payments.settlement.transactions.enums import OUTGOING, UNDER_WAY, TransactionStatus
from payments.settlement.transfers.enums import AttemptOperation
from platforms.models import Dispute, WebhookDelivery, WebhookEndpoint
from platforms.services import alarm_age, reminder_age
from reputation.models import QuestEvent, Submission
from reputation.quests.enums import FAILED, QuestEventStatus

# Counting stops here: the exact size of a longer queue helps nobody.
MOST_COUNTED = 1_000
# An older delivery is of no use to the platform any more.
DELIVERIES_WAIT = timedelta(days=7)
UNKNOWN_FOR = timedelta(days=7)
FAILED_FOR = timedelta(days=14)
# Hours after which an item of a queue of staff is late, and overdue, where no rule of the business says it.
QUEUE_HOURS = {
    "loans": (24, 72),
    "payouts": (1, 24),
    "failed": (4, 24),
    "streams": (24, 72),
    "operations": (24, 72),
    "discrepancies": (24, 72),
    "webhooks": (24, 168),
    "deliveries": (24, 96),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Number of rows that wait in a queue, and the age of the oldest."""

    count: int
    oldest_at: datetime | None

    @property
    def count_words(self) -> str:
        return f"{self.count:,}{' or more' if self.count == MOST_COUNTED else ''}"


@dataclass(frozen=True, slots=True)
class Queue:
    """Queue of rows of `model` that wait since their field `since`; `columns` are those of the model's list.

    `actions` are buttons of the row's page or, with `acts_on`, of its related row of that name. Rows that
    have waited for `late_after` or `overdue_after` are marked. `for_person` selects the rows that a member of
    staff may work on, of all that wait.
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
    late_after: Callable[[], timedelta] = field(kw_only=True)
    overdue_after: Callable[[], timedelta] = field(kw_only=True)
    for_person: Callable[[Any], Q] | None = None

    @property
    def subject_type(self) -> str:
        """Name of the model in claims and in the audit log."""
        return self.model._meta.model_name or ""

    @property
    def target(self) -> Any:
        """Admin of the rows."""
        return admin.site.get_model_admin(self.model)

    @property
    def acting(self) -> Any:
        """Admin of the rows that the actions are for."""
        field: Any = self.model._meta.get_field(self.acts_on) if self.acts_on else None
        return admin.site.get_model_admin(field.related_model) if field else self.target

    @property
    def is_personal(self) -> bool:
        """Whether members of one role may work on different items."""
        return self.for_person is not None

    def rows_for(self, member: Any, now: datetime) -> QuerySet[Any]:
        """Return the items that this member of staff may work on."""
        rows = self.rows(now)
        return rows if self.for_person is None else rows.filter(self.for_person(member))

    def may_see(self, request: HttpRequest) -> bool:
        return bool(self.target.has_view_permission(request))

    def may_work(self, request: HttpRequest) -> bool:
        """Whether the reader may use the queue's actions, and so take its rows."""
        return self.may_be_worked_by(request.user)

    def may_be_worked_by(self, member: Any) -> bool:
        model, actions = self.acting.opts, self.actions
        names = (f"{model.app_label}.{action}_{model.model_name}" for action in actions)
        return any(member.has_perm(name) for name in names)

    def mark(self, waited: timedelta) -> str:
        """Return the mark of a row that has waited so long: "", "late" or "overdue"."""
        if waited >= self.overdue_after():
            return "overdue"
        return "late" if waited >= self.late_after() else ""

    def waiting(self, now: datetime) -> Waiting:
        """Return the size of the queue, in a single statement."""
        return count_waiting([self], now)[0]

    def oldest(self, now: datetime, *, among: Q, limit: int) -> list[Any]:
        """Return the rows that have waited longest among those that `among` selects."""
        found = self.rows(now).filter(among).select_related(*self.target.list_select_related)
        return list(found.order_by(self.since, "pk")[:limit])


def own_and_others(request: HttpRequest) -> tuple[list[Queue], list[Queue]]:
    """Return the queues that the reader may work on, then the others that they may view."""
    visible = [queue for queue in QUEUES if queue.may_see(request)]
    own = [queue for queue in visible if queue.may_work(request)]
    return own, [queue for queue in visible if queue not in own]


def count_waiting(queues: Sequence[Queue], now: datetime, user: Any = None) -> list[Waiting]:
    """Return the sizes of the queues, of the items for this user if one is given, in a single
    statement."""
    parts, values = [], list[Any]()
    for place, queue in enumerate(queues):
        rows = queue.rows(now) if user is None else queue.rows_for(user, now)
        oldest = rows.order_by(queue.since).values_list(queue.since)[:MOST_COUNTED]
        text, given = oldest.query.sql_with_params()
        parts.append(f"SELECT {place}, count(*), min(since) FROM ({text}) AS waiting (since)")  # noqa: S608
        values += given
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return [Waiting(count, oldest_at) for _, count, oldest_at in sorted(cursor.fetchall())]


def _without_request(rows: QuerySet[Any], kind: str, subject: str, key: str) -> QuerySet[Any]:
    """Leave out the rows about which a request of this kind waits for a second person, in the queue of
    approvals."""
    waiting = Approval.objects.filter(kind=kind, decision=None, subject_type=subject)
    return rows.exclude(Exists(waiting.filter(subject_id=Cast(OuterRef(key), CharField()))))


def _open_disputes(now: datetime) -> QuerySet[Any]:
    return _without_request(Dispute.objects.filter(resolved_at=None), "task.resolve", "task", "task_id")


def _pending_loans(now: datetime) -> QuerySet[Any]:
    pending = Loan.objects.filter(status=LoanStatus.PENDING)
    return _without_request(pending, "loan.approve", "loan", "pk")


def _stuck_payouts(now: datetime) -> QuerySet[Any]:
    """Return the parked transfers and those of unknown outcome at the provider."""
    calls = SettlementAttempt.objects.filter(operation=AttemptOperation.TRANSFER)
    unknown = calls.filter(error_class=ErrorClass.UNKNOWN_OUTCOME, started_at__gt=now - UNKNOWN_FOR)
    unanswered = calls.filter(ended_at=None, started_at__lt=now - LEASE)
    found = Transaction.objects.parked().values("pk")
    found = found.union(unknown.values("transaction"), unanswered.values("transaction"))
    return Transaction.objects.filter(pk__in=found, status__in=sorted(UNDER_WAY)).filter(
        Q(next_attempt_at=None) | Q(status=TransactionStatus.PENDING)
    )


def _failed_payouts(now: datetime) -> QuerySet[Any]:
    """Return the failed transfers after which none to the same worker or platform was confirmed."""
    confirmed = Transaction.objects.filter(
        type__in=sorted(OUTGOING),
        status=TransactionStatus.CONFIRMED,
        created_at__gt=OuterRef("created_at"),
    )
    failed = Transaction.objects.filter(
        status=TransactionStatus.FAILED, type__in=sorted(OUTGOING), created_at__gt=now - FAILED_FOR
    )
    to_worker = Exists(confirmed.filter(worker=OuterRef("worker")))
    to_platform = Exists(confirmed.filter(worker=None, platform=OuterRef("platform")))
    return failed.exclude(Q(worker__isnull=False) & to_worker).exclude(Q(worker=None) & to_platform)


def _parked_streams(now: datetime) -> QuerySet[Any]:
    return _without_request(Stream.objects.parked(), "task.cancel", "task", "task_id")


def _dead_operations(now: datetime) -> QuerySet[Any]:
    return ChainOperation.objects.filter(status=OperationStatus.DEAD, ended_at__gt=now - DEAD_FOR)


def _open_discrepancies(now: datetime) -> QuerySet[Any]:
    return Discrepancy.objects.filter(resolved_at=None)


def _disabled_webhooks(now: datetime) -> QuerySet[Any]:
    return WebhookEndpoint.objects.filter(disabled_at__isnull=False, platform__deleted_at=None)


def _dead_deliveries(now: datetime) -> QuerySet[Any]:
    return WebhookDelivery.objects.given_up().filter(ended_at__gt=now - DELIVERIES_WAIT)


def _waiting_submissions(now: datetime) -> QuerySet[Any]:
    overdue_after = timedelta(days=settings.SUBMISSION_OVERDUE_DAYS)
    return Submission.objects.for_staff(now, overdue_after=overdue_after)


def _waiting_rewards(now: datetime) -> QuerySet[Any]:
    """Return the events of quests that are held, and those whose grant has failed."""
    failing = Q(status=QuestEventStatus.RECEIVED, code=FAILED)
    return QuestEvent.objects.filter(Q(status=QuestEventStatus.HELD) | failing)


def _open_approvals(now: datetime) -> QuerySet[Any]:
    return Approval.objects.filter(decision=None)


def _to_decide(user: Any) -> Q:
    """Select the requests that this member of staff may decide on: those of others, of their kinds."""
    kinds = [kind.name for kind in all_kinds().values() if user.has_perms((MAY_DECIDE, kind.permission))]
    return Q(kind__in=kinds) & ~Q(requested_by=actor_text(user))


def _late_after(slug: str) -> Callable[[], timedelta]:
    """Return the age of a late item in a queue for which no rule of the business says it."""
    return lambda: timedelta(hours=QUEUE_HOURS[slug][0])


def _overdue_after(slug: str) -> Callable[[], timedelta]:
    return lambda: timedelta(hours=QUEUE_HOURS[slug][1])


QUEUES = (
    Queue(
        "approvals",
        "Approvals",
        "Requests of staff that another member of staff must decide on within a day.",
        "approval_delegation",
        Approval,
        _open_approvals,
        "requested_at",
        ("label", "amount", "reason", "requester", "expires_at"),
        ("approve", "refuse", "withdraw"),
        late_after=lambda: OPEN_FOR / 6,
        overdue_after=lambda: OPEN_FOR / 2,
        for_person=_to_decide,
    ),
    Queue(
        "disputes",
        "Disputes",
        "Disagreements of a worker and a platform; pay has stopped until staff split the held amount.",
        "gavel",
        Dispute,
        _open_disputes,
        "filed_at",
        (),
        ("resolve",),
        late_after=reminder_age,
        overdue_after=alarm_age,
    ),
    Queue(
        "loans",
        "Loans to decide",
        "Requested advances that the system does not approve by itself.",
        "request_quote",
        Loan,
        _pending_loans,
        "created_at",
        (),
        ("approve", "reject"),
        late_after=_late_after("loans"),
        overdue_after=_overdue_after("loans"),
    ),
    Queue(
        "payouts",
        "Payouts held or unknown",
        "Transfers that are not submitted again, and transfers of unknown outcome at the provider.",
        "hourglass_disabled",
        Transaction,
        _stuck_payouts,
        "created_at",
        ("type", "status", "amount"),
        ("offer_again", "look_for", "cancel", "hold_payouts", "accelerate", "request_cancellation"),
        late_after=_late_after("payouts"),
        overdue_after=_overdue_after("payouts"),
    ),
    Queue(
        "failed",
        "Failed payouts",
        "Payouts, advances and withdrawals that failed in the last two weeks and whose owner has had no"
        " transfer confirmed since.",
        "money_off",
        Transaction,
        _failed_payouts,
        "ended_at",
        ("type", "amount", "error_message"),
        ("hold_payouts",),
        late_after=_late_after("failed"),
        overdue_after=_overdue_after("failed"),
    ),
    Queue(
        "submissions",
        "Submissions to review",
        "Proof of workers for quests of the house, appeals, and what a platform has not decided in time.",
        "photo_library",
        Submission,
        _waiting_submissions,
        "created_at",
        ("status",),
        ("approve", "reject"),
        late_after=lambda: timedelta(days=settings.SUBMISSION_OVERDUE_DAYS) / 2,
        overdue_after=lambda: timedelta(days=settings.SUBMISSION_OVERDUE_DAYS),
    ),
    Queue(
        "rewards",
        "Held rewards",
        "Rewards of quests that are held with evidence, and those whose grant has raised an error.",
        "front_hand",
        QuestEvent,
        _waiting_rewards,
        "created_at",
        ("status", "message"),
        ("let_go", "keep", "try_again"),
        # Undecided, a held reward is granted at its end.
        late_after=lambda: timedelta(days=settings.QUEST_HOLD_DAYS) / 2,
        overdue_after=lambda: timedelta(days=settings.QUEST_HOLD_DAYS) * 3 / 4,
    ),
    Queue(
        "streams",
        "Streams that cannot be released",
        "Streams whose release failed eight times in a row and is not retried; the vested amount is owed.",
        "pause_presentation",
        Stream,
        _parked_streams,
        "parked_at",
        ("end_at",),
        ("take_up_again", "cancel"),
        late_after=_late_after("streams"),
        overdue_after=_overdue_after("streams"),
    ),
    Queue(
        "operations",
        "Dead operations",
        "Records on the chain that were given up in the last seven days.",
        "link_off",
        ChainOperation,
        _dead_operations,
        "ended_at",
        (),
        ("retry",),
        late_after=_late_after("operations"),
        overdue_after=_overdue_after("operations"),
    ),
    Queue(
        "discrepancies",
        "Discrepancies",
        "Differences between ledger, provider and chain.",
        "difference",
        Discrepancy,
        _open_discrepancies,
        "created_at",
        ("bucket", "subject"),
        ("explain",),
        late_after=_late_after("discrepancies"),
        overdue_after=_overdue_after("discrepancies"),
    ),
    Queue(
        "webhooks",
        "Disabled webhooks",
        "Webhooks that receive no events, disabled after days of failures or by staff.",
        "webhook",
        WebhookEndpoint,
        _disabled_webhooks,
        "disabled_at",
        ("platform", "failing_since"),
        ("test_webhook", "enable_webhook"),
        acts_on="platform",
        late_after=_late_after("webhooks"),
        overdue_after=_overdue_after("webhooks"),
    ),
    Queue(
        "deliveries",
        "Dead deliveries",
        "Events of the last seven days that a platform's webhook did not accept.",
        "outbox",
        WebhookDelivery,
        _dead_deliveries,
        "ended_at",
        ("event", "platform", "error", "status_code", "attempts"),
        ("replay",),
        late_after=_late_after("deliveries"),
        overdue_after=_overdue_after("deliveries"),
    ),
)
BY_SLUG: Mapping[str, Queue] = {queue.slug: queue for queue in QUEUES}


def drop_stale_claims(*, now: datetime) -> int:
    """Drop the claims of rows that wait in no queue any more; return their number."""
    return sum(_drop_stale(queue, now) for queue in QUEUES)


def _drop_stale(queue: Queue, now: datetime) -> int:
    claimed = open_claims(queue.subject_type)
    if not claimed:
        return 0
    waiting = {str(pk) for pk in queue.rows(now).filter(pk__in=list(claimed)).values_list("pk", flat=True)}
    gone: list[Claim] = [held for key, held in claimed.items() if key not in waiting]
    return drop_claims([held.pk for held in gone], now=now)
