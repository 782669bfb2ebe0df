from collections.abc import Sequence

from django.contrib import admin
from django.db.models import F, Sum

from gigstream.adminkit import (
    EMPTY,
    ActionForm,
    Figure,
    Figures,
    ProfileAdmin,
    RowAction,
    by_email,
    by_hash,
    by_uuid,
    duration_text,
    list_url,
    name_rows_by,
    show_on,
    summarize,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.search import by_parts, by_reference
from gigstream.core.money import ZERO, usdc
from platforms import services
from platforms.events.forms import new_secret
from platforms.figures.selectors import payment_record
from platforms.models import (
    Platform,
    Task,
    TaskTally,
    WebhookEndpoint,
)
from platforms.platforms.admin.keys import make_key
from platforms.platforms.forms import FeeForm, PlatformForm, RequestLimitsForm

NEWEST = 1_000


MOST_WITH_EXTERNAL_ID = 200


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
        by_reference(),
        by_uuid("id"),
        by_email("contact_email__startswith"),
        by_hash("wallet_address"),
        by_parts("name"),
    )
    search_help_text = (
        "reference, parts of the name in any order, beginning of the contact email, wallet or id"
    )
    editable = ("name", "contact_email")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "contact_email"),
                    ("is_active", "fee_bps", "bonus_limit"),
                    ("wallet_address", "webhook_url"),
                )
            },
        ),
        (
            "Figures",
            {
                "fields": (("total_tasks", "total_payouts"), ("active_workers", "unique_workers")),
                "description": "Follow from the platform's tasks; nobody sets them.",
                "classes": ("collapse",),
            },
        ),
        (
            "API requests a minute, and times",
            {
                "fields": (
                    ("key_requests_per_minute", "requests_per_minute"),
                    ("created_at", "deleted_at"),
                ),
                "classes": ("collapse",),
            },
        ),
        ("Ids and technical data", {"fields": ("id", "updated_at", "metadata"), "classes": ("collapse",)}),
    )
    actions = (
        RowAction(
            name="suspend",
            label="Suspend",
            done="suspended",
            run=lambda platform, reason: services.suspend_platform(platform_id=platform.pk, reason=reason),
            when=lambda platform: platform.is_active and platform.deleted_at is None,
            effect=lambda platform: (
                "It posts and funds no work, and nothing of its money is withdrawn. Work under way goes on"
                " and is paid"
                " from escrow; its workers' payouts leave as before."
            ),
        ),
        RowAction(
            name="reinstate",
            label="Reinstate",
            done="reinstated",
            run=lambda platform, reason: services.reinstate_platform(platform_id=platform.pk, reason=reason),
            when=lambda platform: not platform.is_active and platform.deleted_at is None,
            effect=lambda platform: "It posts work and withdraws money again.",
        ),
        RowAction(
            name="test_webhook",
            label="Send a test event to the webhook",
            done="tested",
            run=lambda platform: services.send_test_event(platform_id=platform.pk),
            form=ActionForm,
            when=lambda platform: bool(platform.webhook_url),
        ),
        RowAction(
            name="disable_webhook",
            label="Switch the webhook off",
            done="with its webhook disabled",
            run=lambda platform, reason: services.disable_webhook(platform_id=platform.pk, reason=reason),
            when=lambda platform: bool(platform.webhook_url),
        ),
        RowAction(
            name="enable_webhook",
            label="Switch the webhook on",
            done="with its webhook enabled",
            run=lambda platform, reason: services.enable_webhook(platform_id=platform.pk, reason=reason),
            when=lambda platform: bool(platform.webhook_url),
        ),
        RowAction(
            name="rotate_secret",
            label="Make a new webhook secret",
            done="given a new secret",
            run=new_secret,
            when=lambda platform: bool(platform.webhook_url),
            single=True,
            note="For 24 hours deliveries are signed with the old secret as well.",
        ),
        make_key,
        RowAction(
            name="set_fee",
            label="Change the fee",
            done="requested",
            run=lambda platform, fee_bps, reason: as_action_result(
                services.request_fee(platform_id=platform.pk, fee_bps=fee_bps, reason=reason)
            ),
            form=FeeForm,
            kind="platform.set_fee",
            watches=("fee_bps",),
            when=lambda platform: platform.deleted_at is None,
            note="It holds for tasks posted after a second person has approved it.",
        ),
        RowAction(
            name="set_request_limits",
            label="Change the limits of API requests",
            done="given its limits",
            run=lambda platform, per_key, together, reason: services.set_request_limits(
                platform_id=platform.pk, per_key=per_key, together=together, reason=reason
            ),
            form=RequestLimitsForm,
            when=lambda platform: platform.deleted_at is None,
            single=True,
        ),
    )

    def correct(self, obj: Platform, values: dict[str, str], reason: str) -> None:
        services.correct_platform(platform_id=obj.pk, values=values, reason=reason)


def _payment_record_lines(platform: Platform) -> Sequence[Sequence[object]]:
    """Return the outcome of the newest tasks, in one line."""
    of = payment_record(platform.pk, newest=NEWEST)
    took = [_format_length(of[name]) for name in ("median_seconds", "p95_seconds")]
    share = f"{100 * of['disputed'] / of['tasks']:.1f} %" if of["tasks"] else EMPTY
    return [(of["tasks"], of["completed"], of["cancelled"], *took, of["disputed"], share)]


def _format_length(seconds: float | None) -> str:
    return EMPTY if seconds is None else duration_text(seconds)


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
        _payment_record_lines,
    ),
)
name_rows_by(Platform, "name")


@summarize(Platform, of=Platform, position=10)
def _status(platform: Platform) -> list[Figure]:
    if platform.deleted_at:
        return [Figure("Platform", f"left {platform.deleted_at:%Y-%m-%d}", "bad")]
    tone = "good" if platform.is_active else "bad"
    return [Figure("Platform", "Active" if platform.is_active else "Suspended", tone)]


@summarize(Platform, of=TaskTally, position=30)
def _work(platform: Platform) -> list[Figure]:
    """Return the open tasks and the fees so far."""
    sums = TaskTally.objects.filter(platform=platform).aggregate(
        fees=Sum("fee_amount"),
        under_way=Sum(F("assigned_tasks") + F("in_progress_tasks")),
        disputed=Sum("disputed_tasks"),
    )
    disputed = sums["disputed"] or 0
    tasks = list_url(Task, platform=platform.pk)
    return [
        Figure("Open tasks", f"{(sums['under_way'] or 0) + disputed:,}", url=tasks),
        Figure("Disputed", f"{disputed:,}", "bad" if disputed else "", tasks + "&status__exact=disputed"),
        Figure("Fees so far", usdc(sums["fees"] or ZERO)),
    ]


@summarize(Platform, of=WebhookEndpoint, position=50)
def _webhook(platform: Platform) -> list[Figure]:
    """Return whether events reach the platform; nothing where it has no webhook."""
    if not platform.webhook_url:
        return []
    url = list_url(WebhookEndpoint, platform=platform.pk)
    endpoint = WebhookEndpoint.objects.filter(platform=platform).first()
    if endpoint and endpoint.disabled_at:
        return [Figure("Webhook", f"off since {endpoint.disabled_at:%Y-%m-%d}", "bad", url)]
    if endpoint and endpoint.failing_since:
        return [Figure("Webhook", f"failing since {endpoint.failing_since:%Y-%m-%d %H:%M} UTC", "bad", url)]
    return [Figure("Webhook", "working", "good", url)]
