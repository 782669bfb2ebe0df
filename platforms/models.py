from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from gigstream.lib.encryption import EncryptedTextField
from gigstream.lib.models import (
    Changing,
    Common,
    CommonQuerySet,
    GuardedQuerySet,
    SoftDeletable,
    SoftDeletableQuerySet,
    is_plain_email,
    is_readable,
)
from gigstream.lib.money import LARGEST, MoneyField
from gigstream.lib.states import append_only, status_trigger
from platforms import reports  # noqa: F401 - the models of the views
from platforms.consents import Consent
from platforms.disputes import Dispute
from platforms.enums import (
    TASK_MOVES,
    ApiScope,
    Fault,
    PartySide,
    PayoutStatus,
    TaskStatus,
    TaskType,
    WorkEventType,
    default_scopes,
)
from platforms.invitations import Invitation
from platforms.outbox import Event, EventCounter, WebhookDelivery, WebhookEndpoint
from platforms.querysets import TaskQuerySet
from platforms.withdrawal_addresses import WithdrawalAddress
from workers.models import Worker

__all__ = [
    "ApiKey",
    "Consent",
    "Dispute",
    "Engagement",
    "Event",
    "EventCounter",
    "Invitation",
    "Milestone",
    "Platform",
    "Task",
    "TaskTally",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WithdrawalAddress",
    "WorkEvent",
]

DEFAULT_FEE_BPS = 200


class Platform(SoftDeletable):
    """A client company that funds tasks. The figures below `derived` are written only by
    `update_platform_statistics`."""

    DERIVED = frozenset({"total_payouts", "total_tasks", "active_workers", "unique_workers"})

    name = models.CharField(max_length=120, unique=True)
    contact_email = models.EmailField()
    webhook_url = models.URLField(max_length=500, blank=True)
    webhook_secret = EncryptedTextField(blank=True, default="", help_text="encrypted at rest")
    wallet_id = EncryptedTextField(blank=True, default="", help_text="custody wallet, encrypted at rest")
    wallet_address = models.CharField(max_length=42, unique=True, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    fee_bps = models.PositiveSmallIntegerField(
        default=DEFAULT_FEE_BPS, help_text="on top of the pay; a task keeps the rate it was posted at"
    )
    bonus_limit = MoneyField(
        null=True, blank=True, help_text="of one task's bonuses; empty: what the task itself pays"
    )
    metadata = models.JSONField(default=dict, blank=True)
    key_requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="of one API key; empty is what the settings say"
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="of all API keys together; empty is what the settings say"
    )

    # derived
    total_payouts = MoneyField(default=Decimal(0), editable=False, help_text="paid for ended tasks, in USDC")
    total_tasks = models.PositiveIntegerField(default=0, editable=False, help_text="tasks posted")
    active_workers = models.PositiveIntegerField(default=0, editable=False, help_text="with an open task now")
    unique_workers = models.PositiveIntegerField(default=0, editable=False, help_text="ever engaged")

    objects = models.Manager.from_queryset(SoftDeletableQuerySet)()

    class Meta:
        db_table = "platforms"
        constraints = [
            models.CheckConstraint(name="platform_fee_in_range", condition=Q(fee_bps__range=(0, 10_000))),
            models.CheckConstraint(
                name="platform_wallet_lower_case", condition=Q(wallet_address=Lower("wallet_address"))
            ),
            models.CheckConstraint(
                name="platform_bonus_limit_not_negative",
                condition=Q(bonus_limit__isnull=True) | Q(bonus_limit__gte=0),
            ),
            models.CheckConstraint(
                name="platform_request_limits_in_range",
                condition=(
                    Q(key_requests_per_minute__isnull=True) | Q(key_requests_per_minute__range=(1, 100_000))
                )
                & (Q(requests_per_minute__isnull=True) | Q(requests_per_minute__range=(1, 100_000))),
            ),
            models.CheckConstraint(name="platform_payouts_not_negative", condition=Q(total_payouts__gte=0)),
            models.CheckConstraint(name="platform_name_readable", condition=is_readable("name")),
            models.CheckConstraint(name="platform_email_plain", condition=is_plain_email("contact_email")),
        ]
        indexes = [models.Index(name="platforms_created", fields=["-created_at", "-id"])]

    def __str__(self) -> str:
        return self.name

    def anonymise(self) -> None:
        """Forget the company's contact, wallet and webhook."""
        self.name = f"Deleted platform {self.pk}"
        self.contact_email = f"deleted-{self.pk}@invalid.example"
        self.webhook_url = ""
        self.webhook_secret = ""
        self.wallet_id = ""
        self.wallet_address = None
        self.is_active = False
        self.metadata = {}


class ApiKey(models.Model):
    """One credential of a platform. Only its SHA-256 is kept; several may be valid while one is rotated."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60, blank=True)
    prefix = models.CharField(max_length=16, unique=True, help_text="the public part, for look-up")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    is_live = models.BooleanField(default=False, help_text="gs_live_ rather than gs_test_")
    scopes = ArrayField(models.CharField(max_length=32), default=default_scopes)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    # When somebody called with it, by the database's clock, while their request lasts.
    asked_at: datetime | None = None

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        constraints = [
            models.CheckConstraint(
                name="api_key_hash_is_sha256",
                condition=Q(secret_hash__regex="^[0-9a-f]{64}$"),  # noqa: S106 - a pattern
            ),
            models.CheckConstraint(name="api_key_name_readable", condition=is_readable("name")),
            models.CheckConstraint(
                name="api_key_scopes_known", condition=Q(scopes__contained_by=ApiScope.values)
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="key_is_of_the_databases_kind",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("is_live"),
                func="""
                    IF EXISTS (SELECT FROM database_identity WHERE (kind = 'live') <> NEW.is_live) THEN
                        RAISE EXCEPTION 'gigstream: keys of test and live are made in databases of their own';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"gs_{'live' if self.is_live else 'test'}_{self.prefix}_…"


class Engagement(models.Model):
    """One row per platform and worker who have ever worked together. Derived: written only by
    `update_platform_statistics`."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(
        Platform, on_delete=models.CASCADE, related_name="engagements", db_index=False
    )
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="engagements")
    open_tasks = models.PositiveIntegerField(default=0)
    finished_tasks = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_assigned_at = models.DateTimeField(null=True, help_text="when the worker last got one of its tasks")
    paid_amount = MoneyField(
        default=Decimal(0), db_default=Decimal(0), help_text="for tasks whose money has closed"
    )
    small_pay = MoneyField(
        default=Decimal(0),
        db_default=Decimal(0),
        help_text="the part of it for completed tasks that paid less than 1 USDC each",
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "engagements"
        constraints = [
            models.UniqueConstraint(name="engagement_once_per_pair", fields=["platform", "worker"]),
            models.CheckConstraint(name="engagement_times_in_order", condition=Q(first_at__lte=F("last_at"))),
        ]
        indexes = [models.Index(name="engagements_lately", fields=["platform", "last_assigned_at"])]

    def __str__(self) -> str:
        return f"{self.platform_id} · {self.worker_id}"


class TaskTally(models.Model):
    """One platform's tasks of one type, counted by status and summed up. Derived: written only by
    `update_platform_statistics`, so that a summary of all tasks need not read them."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    task_type = models.CharField(max_length=16, choices=TaskType.choices)
    # Not checked to be positive: what an upsert proposes is the change, not the sum.
    created_tasks = models.IntegerField(default=0)
    assigned_tasks = models.IntegerField(default=0)
    in_progress_tasks = models.IntegerField(default=0)
    completed_tasks = models.IntegerField(default=0)
    disputed_tasks = models.IntegerField(default=0)
    cancelled_tasks = models.IntegerField(default=0)
    paid_amount = MoneyField(default=Decimal(0), help_text="to workers, for tasks whose money has closed")
    fee_amount = MoneyField(default=Decimal(0), help_text="taken on that pay")
    took = models.DurationField(
        default=timedelta(0), help_text="all completed tasks, from start to completion"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "task_tallies"
        verbose_name_plural = "task tallies"
        constraints = [
            models.UniqueConstraint(name="task_tally_once_per_type", fields=["platform", "task_type"]),
            models.CheckConstraint(name="task_tally_type_known", condition=Q(task_type__in=TaskType.values)),
        ]

    def __str__(self) -> str:
        return f"{self.task_type} tasks of {self.platform_id}"


class Task(Changing):
    """A gig: what is to be done and what it pays. Moves through `TASK_MOVES`; after it has ended only a
    dispute or a rating changes it. `paid_amount` is set once, when the money side has closed."""

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="tasks", null=True, blank=True, db_index=False
    )
    external_task_id = models.CharField(max_length=120, null=True, blank=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    task_type = models.CharField(max_length=16, choices=TaskType.choices)
    amount = MoneyField(help_text="the worker's pay in USDC, without the platform's fee")
    fee_bps = models.PositiveSmallIntegerField(help_text="the platform's rate when the task was posted")
    status = models.CharField(max_length=16, choices=TaskStatus.choices, default=TaskStatus.CREATED)
    due_at = models.DateTimeField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    assignment_number = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how often it was assigned; part of the keys of its entries"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.CharField(
        max_length=16, choices=PartySide.choices, null=True, blank=True, help_text="who cancelled it"
    )
    at_fault = models.CharField(
        max_length=16, choices=Fault.choices, null=True, blank=True, help_text="once it is decided"
    )
    disputed_at = models.DateTimeField(null=True, blank=True, help_text="the last time it was disputed")
    duration_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="time_based: how long the pay streams"
    )
    release_interval = models.PositiveIntegerField(
        null=True, blank=True, help_text="time_based: seconds between releases"
    )
    paid_amount = MoneyField(
        null=True, blank=True, help_text="what the worker was paid in all; set when the task's money closed"
    )
    payout_status = models.CharField(
        max_length=16,
        choices=PayoutStatus.choices,
        default=PayoutStatus.NONE,
        db_default=PayoutStatus.NONE,
        help_text="how much of the pay has reached the worker's wallet; follows from the worker's payouts",
    )
    paid_out_at = models.DateTimeField(
        null=True, blank=True, help_text="when the last of the pay had left; set exactly while it is paid"
    )
    verification_data = models.JSONField(default=dict, blank=True)
    completion_proof = models.JSONField(default=dict, blank=True)
    worker_rating = models.PositiveSmallIntegerField(null=True, blank=True, help_text="of the worker, 1-5")
    platform_rating = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="of the platform, 1-5"
    )
    metadata = models.JSONField(default=dict, blank=True)

    # The row as the database has it, kept by the receivers while it is being saved.
    _stored: dict[str, Any] | None = None

    objects = models.Manager.from_queryset(TaskQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "tasks"
        constraints = [
            models.UniqueConstraint(
                name="task_external_id_once_per_platform", fields=["platform", "external_task_id"]
            ),
            models.CheckConstraint(name="task_title_readable", condition=is_readable("title")),
            models.CheckConstraint(
                name="task_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(name="task_type_known", condition=Q(task_type__in=TaskType.values)),
            models.CheckConstraint(name="task_status_known", condition=Q(status__in=TaskStatus.values)),
            models.CheckConstraint(
                name="task_worker_once_assigned",
                condition=Q(worker__isnull=False) | Q(status__in=[TaskStatus.CREATED, TaskStatus.CANCELLED]),
            ),
            models.CheckConstraint(
                name="task_completed_has_time",
                condition=~Q(status=TaskStatus.COMPLETED)
                | Q(completed_at__isnull=False, paid_amount__isnull=False),
            ),
            models.CheckConstraint(
                name="task_cancelled_has_time",
                condition=~Q(status=TaskStatus.CANCELLED)
                | Q(cancelled_at__isnull=False, paid_amount__isnull=False),
            ),
            models.CheckConstraint(
                name="task_cancelled_by_known",
                condition=Q(cancelled_by__isnull=True)
                | Q(status=TaskStatus.CANCELLED, cancelled_by__in=PartySide.values),
            ),
            models.CheckConstraint(
                name="task_at_fault_once_ended",
                condition=Q(at_fault__isnull=True)
                | Q(
                    status__in=[TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.DISPUTED],
                    at_fault__in=Fault.values,
                ),
            ),
            models.CheckConstraint(
                name="task_due_after_posting",
                condition=Q(due_at__isnull=True) | Q(due_at__gt=F("created_at")),
            ),
            models.CheckConstraint(
                name="task_disputed_has_time",
                condition=~Q(status=TaskStatus.DISPUTED) | Q(disputed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="task_paid_within_amount",
                condition=Q(paid_amount__isnull=True) | Q(paid_amount__gte=0, paid_amount__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="task_payout_status_known", condition=Q(payout_status__in=PayoutStatus.values)
            ),
            models.CheckConstraint(
                name="task_paid_out_has_time",
                condition=Q(
                    payout_status=PayoutStatus.PAID, paid_out_at__isnull=False, paid_amount__isnull=False
                )
                | (~Q(payout_status=PayoutStatus.PAID) & Q(paid_out_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="task_ratings_1_to_5",
                condition=(Q(worker_rating__isnull=True) | Q(worker_rating__range=(1, 5)))
                & (Q(platform_rating__isnull=True) | Q(platform_rating__range=(1, 5))),
            ),
            models.CheckConstraint(
                name="task_schedule_only_when_time_based",
                condition=Q(
                    task_type=TaskType.TIME_BASED,
                    duration_seconds__isnull=False,
                    duration_seconds__gt=0,
                    release_interval__isnull=False,
                    release_interval__gt=0,
                )
                | Q(
                    ~Q(task_type=TaskType.TIME_BASED),
                    duration_seconds__isnull=True,
                    release_interval__isnull=True,
                ),
            ),
            models.CheckConstraint(name="task_fee_in_range", condition=Q(fee_bps__range=(0, 10_000))),
        ]
        indexes = [
            models.Index(name="tasks_worker_created", fields=["worker", "created_at"]),
            models.Index(name="tasks_platform_created", fields=["platform", "created_at"]),
            models.Index(name="tasks_status_created", fields=["status", "created_at"]),
            models.Index(name="tasks_created", fields=["created_at"]),
            models.Index(name="tasks_completed", fields=["completed_at"]),
            # Percentiles are read off this one, so it holds all that they need.
            models.Index(
                "platform",
                "task_type",
                F("completed_at") - F("started_at"),
                name="tasks_by_time_taken",
                include=["started_at", "completed_at"],
                condition=Q(status=TaskStatus.COMPLETED),
            ),
            models.Index(
                name="tasks_under_way",
                fields=["platform", "task_type"],
                condition=Q(
                    status__in=[TaskStatus.IN_PROGRESS, TaskStatus.DISPUTED], paid_amount__isnull=True
                ),
            ),
        ]
        triggers = [
            status_trigger(TASK_MOVES),
            pgtrigger.Protect(
                name="worker_keeps_the_task",
                operation=pgtrigger.UpdateOf("worker_id"),
                # But one who has not begun may go.
                condition=pgtrigger.Condition(
                    "OLD.worker_id IS NOT NULL AND OLD.worker_id IS DISTINCT FROM NEW.worker_id"
                    " AND NOT (NEW.worker_id IS NULL AND OLD.status = 'assigned' AND NEW.status = 'created')"
                ),
            ),
            # What a platform's figures are kept by: they would stay with the old terms.
            pgtrigger.Protect(
                name="terms_stay_as_posted",
                operation=pgtrigger.UpdateOf("platform_id", "task_type", "fee_bps"),
                condition=pgtrigger.AnyChange("platform", "task_type", "fee_bps"),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Milestone(models.Model):
    """One step of a milestone task. Fixed when the task is posted; `approved_at` is set once."""

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="milestones", db_index=False)
    number = models.PositiveSmallIntegerField(help_text="1, 2, … in the order of approval")
    title = models.CharField(max_length=200)
    amount = MoneyField()
    approved_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "milestones"
        ordering = ["task", "number"]
        constraints = [
            models.UniqueConstraint(name="milestone_number_once_per_task", fields=["task", "number"]),
            models.CheckConstraint(
                name="milestone_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(name="milestone_number_from_1", condition=Q(number__gte=1)),
            models.CheckConstraint(name="milestone_title_readable", condition=is_readable("title")),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class WorkEvent(Common):
    """One fact that a platform reported about a task. Never changes; the same report twice is this one row.
    The event is the truth, the money follows from it: a ledger entry refers to at most one event."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="work_events", db_index=False)
    event_type = models.CharField(max_length=24, choices=WorkEventType.choices)
    external_id = models.CharField(max_length=120, null=True, blank=True, help_text="the platform's own id")
    event_date = models.DateField(null=True, blank=True)
    milestone_number = models.PositiveSmallIntegerField(null=True, blank=True)
    amount = MoneyField(null=True, blank=True, help_text="bonus: what it pays")
    data = models.JSONField(default=dict, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "work_events"
        constraints = [
            models.UniqueConstraint(
                name="work_event_reported_once",
                fields=["task", "event_type", "external_id", "event_date"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="work_event_type_known", condition=Q(event_type__in=WorkEventType.values)
            ),
            models.CheckConstraint(
                name="work_event_bonus_has_amount",
                condition=Q(event_type=WorkEventType.BONUS, amount__isnull=False, amount__gt=0)
                | Q(~Q(event_type=WorkEventType.BONUS), amount__isnull=True),
            ),
            models.CheckConstraint(
                name="work_event_milestone_has_number",
                condition=Q(
                    event_type=WorkEventType.MILESTONE_REACHED,
                    milestone_number__isnull=False,
                    milestone_number__gte=1,
                )
                | Q(~Q(event_type=WorkEventType.MILESTONE_REACHED), milestone_number__isnull=True),
            ),
        ]
        indexes = [models.Index(name="work_events_created", fields=["created_at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.event_type} {self.external_id or ''}".strip()
