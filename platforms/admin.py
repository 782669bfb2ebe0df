"""The staff's doors to platforms, their keys, and work."""

from collections.abc import Sequence
from datetime import timedelta

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from audit.exports import Exports
from audit.pages import told
from gigstream.lib.admin import (
    EMPTY,
    ActForm,
    Figures,
    ProfileAdmin,
    ReadOnlyAdmin,
    ReportAdmin,
    Table,
    by_email,
    by_hash,
    by_text,
    by_uuid,
    by_words,
    by_words_in_newest,
    each,
    show_on,
)
from platforms import services
from platforms.enums import TASK_MOVES, DeliveryStatus, TaskStatus
from platforms.forms import (
    FeeForm,
    PlatformForm,
    RequestLimitsForm,
    SplitForm,
    new_secret,
    still_held,
)
from platforms.key_admin import make_key
from platforms.models import (
    ApiKey,
    Consent,
    Dispute,
    Engagement,
    Event,
    EventCounter,
    Invitation,
    Milestone,
    Platform,
    Task,
    TaskTally,
    WebhookDelivery,
    WebhookEndpoint,
    WorkEvent,
)
from platforms.reports import TaskCompletionStats
from platforms.selectors import payment_record
from workers.models import Worker

NEWEST = 1_000
MOST_CALLED_SO = 200


@admin.register(Platform)
class PlatformAdmin(ProfileAdmin):
    form = PlatformForm
    list_display = (
        "name",
        "contact_email",
        "is_active",
        "fee_bps",
        "total_tasks",
        "total_payouts",
        "active_workers",
        "unique_workers",
        "created_at",
    )
    list_filter = ("is_active", ("deleted_at", admin.EmptyFieldListFilter), "created_at")
    ordering = ("-created_at", "-id")
    sortable_by = ("name", "total_tasks", "total_payouts", "active_workers", "unique_workers", "created_at")
    searches = (
        by_uuid("id"),
        by_email("contact_email__startswith"),
        by_hash("wallet_address"),
        by_words("name__icontains"),
    )
    search_help_text = "id, contact email or its beginning, wallet address, or part of the name"
    editable = ("name", "contact_email")
    fieldsets = (
        (None, {"fields": ("name", "contact_email", "webhook_url", "is_active", ("fee_bps", "bonus_limit"))}),
        ("Wallet and id", {"fields": ("wallet_address", "id")}),
        (
            "Figures",
            {
                "fields": (("total_tasks", "total_payouts"), ("active_workers", "unique_workers")),
                "description": "Follow from the platform's tasks; nobody sets them.",
            },
        ),
        ("API requests a minute", {"fields": (("key_requests_per_minute", "requests_per_minute"),)}),
        ("Times", {"fields": ("created_at", "updated_at", "deleted_at")}),
        ("Metadata", {"fields": ("metadata",), "classes": ("collapse",)}),
    )
    actions = (
        each(
            "suspend",
            "Suspend",
            "suspended",
            lambda platform, reason: services.suspend_platform(platform_id=platform.pk, reason=reason),
            when=lambda platform: platform.is_active and platform.deleted_at is None,
        ),
        each(
            "reinstate",
            "Reinstate",
            "reinstated",
            lambda platform, reason: services.reinstate_platform(platform_id=platform.pk, reason=reason),
            when=lambda platform: not platform.is_active and platform.deleted_at is None,
        ),
        each(
            "test_webhook",
            "Send a test event to the webhook",
            "tested",
            lambda platform: services.send_test_event(platform_id=platform.pk),
            form=ActForm,
            when=lambda platform: bool(platform.webhook_url),
        ),
        each(
            "disable_webhook",
            "Switch the webhook off",
            "told of nothing more",
            lambda platform, reason: services.disable_webhook(platform_id=platform.pk, reason=reason),
            when=lambda platform: bool(platform.webhook_url),
        ),
        each(
            "enable_webhook",
            "Switch the webhook on",
            "told of events again",
            lambda platform, reason: services.enable_webhook(platform_id=platform.pk, reason=reason),
            when=lambda platform: bool(platform.webhook_url),
        ),
        each(
            "rotate_secret",
            "Make a new webhook secret",
            "given a new secret",
            new_secret,
            when=lambda platform: bool(platform.webhook_url),
            single=True,
            note="For 24 hours deliveries are signed with the old one as well.",
        ),
        make_key,
        each(
            "set_fee",
            "Change the fee",
            "asked for",
            lambda platform, fee_bps, reason: told(
                services.ask_to_set_fee(platform_id=platform.pk, fee_bps=fee_bps, reason=reason)
            ),
            form=FeeForm,
            when=lambda platform: platform.deleted_at is None,
            note="It holds for tasks posted after a second person has approved it.",
        ),
        each(
            "set_request_limits",
            "Change the limits of API requests",
            "given its limits",
            lambda platform, per_key, together, reason: services.set_request_limits(
                platform_id=platform.pk, per_key=per_key, together=together, reason=reason
            ),
            form=RequestLimitsForm,
            when=lambda platform: platform.deleted_at is None,
            single=True,
        ),
    )

    def correct(self, obj: Platform, values: dict[str, str], reason: str) -> None:
        services.correct_platform(platform_id=obj.pk, values=values, reason=reason)


class PairAdmin(ReadOnlyAdmin):
    list_select_related = ("platform", "worker")
    belongs = ("platform", "worker")
    searches = (by_uuid("platform_id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a platform or worker, or a worker's email"


@admin.register(Engagement)
class EngagementAdmin(PairAdmin):
    list_display = ("id", "platform", "worker", "open_tasks", "finished_tasks", "first_at", "last_at")


@admin.register(Consent)
class ConsentAdmin(PairAdmin):
    list_display = ("id", "platform", "worker", "source", "accepted_at", "ended_at", "ended_by")
    list_filter = ("source", ("ended_at", admin.EmptyFieldListFilter))


@admin.register(TaskTally)
class TaskTallyAdmin(ReadOnlyAdmin):
    list_display = (
        "platform",
        "task_type",
        *(f"{status}_tasks" for status in TaskStatus.values),
        "paid_amount",
        "fee_amount",
        "took",
    )
    list_select_related = ("platform",)
    list_filter = ("task_type",)
    belongs = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"


def _of_a_platform(model: type[Model], term: str) -> Q:
    """The tasks that platforms call so, found first: among other conditions no index would find them."""
    called = Task.objects.called(term).order_by().values_list("pk", flat=True)
    return Q(pk__in=list(called[:MOST_CALLED_SO]))


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "status",
        "worker",
        "platform",
        "task_type",
        "amount",
        "paid_amount",
        "created_at",
    )
    list_select_related = ("platform", "worker")
    list_filter = ("status", "task_type", "created_at")
    belongs = ("worker", "platform")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (
        by_uuid("id", "worker_id", "platform_id"),
        by_email("worker__email"),
        _of_a_platform,
        by_words_in_newest("title"),
    )
    search_help_text = (
        "id of a task, worker or platform, external id, worker's email, or part of a title (newest 10,000)"
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "status",
                    "task_type",
                    ("platform", "worker"),
                    ("amount", "fee_bps"),
                    "paid_amount",
                    ("payout_status", "paid_out_at"),
                    ("external_task_id", "id"),
                    "description",
                )
            },
        ),
        ("Schedule", {"fields": ("due_at", ("duration_seconds", "release_interval"))}),
        (
            "Times",
            {
                "fields": (
                    ("created_at", "assigned_at"),
                    ("started_at", "completed_at"),
                    ("disputed_at", "cancelled_at"),
                )
            },
        ),
        ("Ratings", {"fields": (("worker_rating", "platform_rating"),)}),
        ("Reported", {"fields": ("verification_data", "completion_proof", "metadata")}),
    )
    actions = (
        each(
            "cancel",
            "Cancel",
            "cancelled",
            lambda task, reason: told(services.cancel_or_ask(task_id=task.pk, reason=reason)),
            when=lambda task: TaskStatus.CANCELLED in TASK_MOVES[task.status] and not task.disputed_at,
            money=lambda task: task.amount,
            note="What has vested is paid, the rest goes back; where that is more than one may give back"
            " alone, a second person approves it.",
        ),
    )


@admin.register(Milestone)
class MilestoneAdmin(ReadOnlyAdmin):
    list_display = ("title", "number", "task", "amount", "approved_at")
    list_select_related = ("task",)
    list_filter = (("approved_at", admin.EmptyFieldListFilter),)
    belongs = ("task",)
    searches = (by_uuid("task_id"),)
    search_help_text = "task id"


@admin.register(WorkEvent)
class WorkEventAdmin(ReadOnlyAdmin):
    list_display = (
        "event_type",
        "task",
        "external_id",
        "event_date",
        "milestone_number",
        "amount",
        "created_at",
    )
    list_select_related = ("task",)
    list_filter = ("event_type", "created_at")
    belongs = ("task",)
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("id", "task_id"),)
    search_help_text = "id of an event or task"


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "task",
        "severity",
        "reason",
        "outcome",
        "worker_amount",
        "refund_amount",
        "resolved_at",
    )
    list_select_related = ("task",)
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "outcome", "severity")
    belongs = ("task",)
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at", "severity")
    searches = (by_uuid("id", "task_id"),)
    search_help_text = "id of a dispute or task"
    actions = (
        each(
            "resolve",
            "Resolve",
            "resolved",
            lambda dispute, **given: told(services.resolve_or_ask(task_id=dispute.task_id, **given)),
            form=SplitForm,
            when=lambda dispute: dispute.resolved_at is None,
            money=still_held,
            single=True,
            note="Where more goes back than one may give alone, a second person approves it.",
        ),
    )


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "type", "platform", "created_at", "request_id")
    list_select_related = ("platform",)
    list_filter = ("type",)
    belongs = ("platform",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("id", "platform_id"), by_text("request_id"))
    search_help_text = "id of an event or platform, or of a request"
    actions = (
        each(
            "replay",
            "Deliver once more",
            "will be delivered once more",
            lambda event: services.replay_event(platform_id=event.platform_id, event_id=event.pk),
            form=ActForm,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """A batch may tell of thousands of streams: what it says is read only where it is shown."""
        return super().get_queryset(request).defer("payload")


@admin.register(Invitation)
class InvitationAdmin(PairAdmin):
    list_display = ("id", "platform", "created_at", "sent_at", "expires_at", "accepted_at", "worker")
    list_filter = (("accepted_at", admin.EmptyFieldListFilter),)
    searches = (by_uuid("id", "platform_id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of an invitation, platform or worker, or the email of the worker who accepted"


@admin.register(EventCounter)
class EventCounterAdmin(ReadOnlyAdmin):
    list_display = ("platform", "last_sequence")
    list_select_related = ("platform",)
    belongs = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    list_display = (
        "platform",
        "failing_since",
        "disabled_at",
        "starts_after",
        "queued_through",
        "previous_secret_until",
    )
    list_select_related = ("platform",)
    list_filter = (
        ("disabled_at", admin.EmptyFieldListFilter),
        ("failing_since", admin.EmptyFieldListFilter),
    )
    belongs = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "event",
        "platform",
        "status",
        "attempts",
        "next_attempt_at",
        "status_code",
        "error",
        "milliseconds",
        "ended_at",
    )
    list_select_related = ("event", "platform")
    list_filter = ("status", "error")
    belongs = ("platform", "event")
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("event_id", "platform_id"),)
    search_help_text = "id of an event or platform"
    actions = (
        each(
            "replay",
            "Deliver once more",
            "will be tried again",
            lambda row: services.replay_event(platform_id=row.platform_id, event_id=row.event_id),
            form=ActForm,
            when=lambda row: row.status != DeliveryStatus.PENDING,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("event__payload")


@admin.register(TaskCompletionStats)
class TaskCompletionStatsAdmin(Exports, ReportAdmin):
    list_display = (
        "id",
        "platform",
        "task_type",
        "total_tasks",
        "open_tasks",
        "completed_tasks",
        "cancelled_tasks",
        "disputed_tasks",
        "success_rate",
        "average_seconds",
    )
    list_select_related = ("platform",)
    list_filter = ("task_type", "platform__is_active")
    date_hierarchy = "platform__created_at"
    belongs = ("platform",)
    ordering = ("platform", "task_type")
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskCompletionStats]:
        """The percentiles, which cost more than all the rest, are read only for the rows that show them."""
        return super().get_queryset(request).defer("median_seconds", "p95_seconds")


show_on(
    Platform,
    Table(
        WebhookDelivery,
        by="platform",
        columns=("event", "status", "attempts", "next_attempt_at", "status_code", "error"),
        ordering=("-sequence",),
        limit=10,
    ),
)
show_on(
    Event,
    Table(
        WebhookDelivery,
        by="event",
        columns=("status", "attempts", "next_attempt_at", "status_code", "error", "ended_at"),
    ),
)


def _record(platform: Platform) -> Sequence[Sequence[object]]:
    """One line: how the newest tasks went."""
    of = payment_record(platform.pk, newest=NEWEST)
    took = [_length(of[name]) for name in ("median_seconds", "p95_seconds")]
    share = f"{100 * of['disputed'] / of['tasks']:.1f} %" if of["tasks"] else EMPTY
    return [(of["tasks"], of["completed"], of["cancelled"], *took, of["disputed"], share)]


def _length(seconds: float | None) -> str:
    return EMPTY if seconds is None else str(timedelta(seconds=round(seconds)))


show_on(
    Platform,
    Figures(
        f"Payment record of the newest {NEWEST:,} tasks",
        Task,
        (
            "tasks",
            "completed",
            "cancelled",
            "median time from start to approval",
            "95 % within",
            "ever disputed",
            "dispute rate",
        ),
        _record,
    ),
)
TASK_COLUMNS = ("title", "status", "task_type", "amount", "paid_amount")
show_on(
    Platform,
    Table(
        ApiKey,
        by="platform",
        title="API keys",
        columns=("prefix", "name", "is_live", "last_used_at", "expires_at", "revoked_at"),
    ),
    Table(Task, by="platform", columns=(*TASK_COLUMNS, "worker", "created_at"), limit=10),
    Table(
        Engagement,
        by="platform",
        columns=("worker", "open_tasks", "finished_tasks", "first_at", "last_at"),
        limit=10,
    ),
    Table(
        TaskCompletionStats,
        by="platform",
        columns=("task_type", "total_tasks", "open_tasks", "success_rate", "median_seconds", "p95_seconds"),
        rows=lambda every, platform: every.filter(platform=platform).defer(None),
    ),
)
show_on(
    Worker,
    Table(Task, by="worker", columns=(*TASK_COLUMNS, "platform", "created_at"), limit=10),
    Table(
        Engagement,
        by="worker",
        title="Platforms worked for",
        columns=("platform", "open_tasks", "finished_tasks", "first_at", "last_at"),
        limit=10,
    ),
)
show_on(
    Task,
    Table(
        Milestone,
        by="task",
        columns=("number", "title", "amount", "approved_at"),
        ordering=("number",),
        limit=50,
    ),
    Table(
        WorkEvent,
        by="task",
        columns=("created_at", "event_type", "external_id", "event_date", "milestone_number", "amount"),
    ),
    Table(
        Dispute,
        by="task",
        columns=("created_at", "severity", "reason", "outcome", "worker_amount", "refund_amount"),
    ),
)
