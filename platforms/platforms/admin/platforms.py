from collections.abc import Sequence
from datetime import timedelta

from django.contrib import admin

from gigstream.adminkit import (
    EMPTY,
    ActionForm,
    Figures,
    ProfileAdmin,
    RowAction,
    by_email,
    by_hash,
    by_uuid,
    show_on,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.search import by_parts, by_reference
from platforms import services
from platforms.events.forms import new_secret
from platforms.figures.selectors import payment_record
from platforms.models import (
    Platform,
    Task,
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
        RowAction(
            name="suspend",
            label="Suspend",
            done="suspended",
            run=lambda platform, reason: services.suspend_platform(platform_id=platform.pk, reason=reason),
            when=lambda platform: platform.is_active and platform.deleted_at is None,
        ),
        RowAction(
            name="reinstate",
            label="Reinstate",
            done="reinstated",
            run=lambda platform, reason: services.reinstate_platform(platform_id=platform.pk, reason=reason),
            when=lambda platform: not platform.is_active and platform.deleted_at is None,
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
        _payment_record_lines,
    ),
)
