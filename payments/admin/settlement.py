"""What happens with the provider and on the chain."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.safestring import SafeString

from audit.claims import holders
from audit.context import current_actor
from audit.enums import ActorType
from audit.pages import told
from gigstream.lib.admin import (
    EMPTY,
    Act,
    ReadOnlyAdmin,
    ReasonForm,
    Table,
    by_hash,
    by_number,
    by_text,
    by_uuid,
    each,
    party,
    shorter,
    show_on,
)
from payments import services
from payments.enums import ObservedStatus, SwitchScope
from payments.models import (
    ChainCursor,
    ObservedTransfer,
    PaymentSwitch,
    ProviderBreaker,
    ProviderNotification,
    Reconciliation,
    ReconciliationBreak,
    SettlementAttempt,
    Transaction,
    WalletOrder,
)
from payments.provider import PROVIDER_NAMES
from platforms.models import Platform

CALL_COLUMNS = (
    "number",
    "operation",
    "started_at",
    "milliseconds",
    "state",
    "error_class",
    "error_message",
)


@admin.register(SettlementAttempt)
class SettlementAttemptAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "transaction",
        "number",
        "operation",
        "state",
        "error_class",
        "milliseconds",
        "error_message",
    )
    list_select_related = ("transaction",)
    list_filter = ("operation", "error_class", "provider")
    belongs = ("transaction",)
    ordering = ("-id",)
    searches = (by_number("id"), by_uuid("transaction_id"))
    search_help_text = "number of an attempt, or id of a transaction"


@admin.register(ProviderBreaker)
class ProviderBreakerAdmin(ReadOnlyAdmin):
    list_display = ("provider", "state", "failures_in_a_row", "opened_at", "retry_at", "open_seconds")


@admin.register(ProviderNotification)
class ProviderNotificationAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "provider", "status", "state", "transfer_id", "applied_at")
    list_filter = ("status", "provider")
    ordering = ("-id",)
    searches = (by_number("id"), by_text("transfer_id"))
    search_help_text = "number of an arrival, or the provider's id of a transfer"
    fields = (
        ("provider", "status"),
        ("received_at", "applied_at"),
        ("transfer_id", "state", "notification_id"),
        ("key_id", "signature"),
        "text",
    )

    @admin.display(description="body")
    def text(self, row: ProviderNotification) -> str:
        return bytes(row.body).decode(errors="replace")


def _stop(scope: str, subject: str, reason: str) -> PaymentSwitch:
    by = str(current_actor())
    return services.stop_payments(scope=SwitchScope(scope), subject=subject, reason=reason, by=by)


class StopForm(ReasonForm):
    scope = forms.ChoiceField(choices=SwitchScope.choices)
    platform = forms.ModelChoiceField(
        Platform.objects.none(), required=False, help_text="Its workers' payouts are stopped."
    )
    provider = forms.ChoiceField(required=False, help_text="Nothing more is handed to it.")
    field_order = ("scope", "platform", "provider", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        platform: Any = self.fields["platform"]
        platform.queryset = Platform.objects.filter(deleted_at=None).order_by("name").only("name")
        provider: Any = self.fields["provider"]
        provider.choices = [("", "---------"), *((name, name.capitalize()) for name in PROVIDER_NAMES)]

    def clean(self) -> dict[str, Any]:
        """Return scope, subject and reason. A part is chosen from its list, and nothing for all payouts."""
        given = super().clean() or {}
        scope = given.get("scope")
        chosen = {name: given.pop(name, None) for name in (SwitchScope.PLATFORM, SwitchScope.PROVIDER)}
        for name, value in chosen.items():
            if (scope == name) != bool(value):
                said = (
                    f"Choose the {name} whose payouts are to stop." if scope == name else "Leave this empty."
                )
                self.add_error(str(name), f"{said} The scope is {scope}.")
        subject = chosen.get(SwitchScope(scope)) if scope in chosen else None
        given["subject"] = "" if subject is None else str(getattr(subject, "pk", subject))
        return given


STOP = Act(
    "stop",
    "Stop payouts",
    "stopped",
    _stop,
    StopForm,
    note="Nothing more is handed to the provider from the next batch on; earnings go on.",
)


@admin.register(PaymentSwitch)
class PaymentSwitchAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "scope", "subject", "reason", "off_by", "on_at", "on_by")
    list_filter = ("scope",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    actions = (
        each(
            "go_on",
            "Let payouts go on",
            "asked for",
            lambda row, reason: told(
                services.ask_to_go_on(scope=SwitchScope(row.scope), subject=row.subject, reason=reason)
            ),
            when=lambda row: row.on_at is None,
            note="They go on when a second person has approved it.",
        ),
    )
    alone = (STOP,)
    change_list_template = "admin/gigstream/switches.html"

    def get_urls(self) -> list[Any]:
        stop = path("stop/", self.admin_site.admin_view(self.stop), name="payments_stop")
        return [stop, *super().get_urls()]

    def stop(self, request: HttpRequest) -> HttpResponse:
        """Payouts are stopped, by one person: that is the safe direction, and it may be urgent."""
        if not self.has_operate_permission(request, STOP.name):
            raise PermissionDenied
        return STOP.run_alone(self, request)


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "ended_at", "since", "matched", "breaks", "treasury")
    ordering = ("-id",)
    sortable_by = ()


class ExplainForm(ReasonForm):
    resolved = forms.BooleanField(required=False, label="It is settled: close the break")
    field_order = ("reason", "resolved")


@admin.register(ReconciliationBreak)
class ReconciliationBreakAdmin(ReadOnlyAdmin):
    actions = (
        each(
            "explain",
            "Explain",
            "explained",
            lambda row, reason, resolved: services.explain_break(
                break_id=row.pk, note=reason, by=current_actor().id, resolved=resolved
            ),
            form=ExplainForm,
            when=lambda row: row.resolved_at is None,
            note="What is closed and still differs is opened again by the next reconciliation.",
        ),
    )
    list_display = ("created_at", "bucket", "subject", "transaction", "holder", "last_seen_at", "resolved_at")
    list_select_related = ("transaction",)
    list_filter = ("bucket", ("resolved_at", admin.EmptyFieldListFilter))
    belongs = ("transaction",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "transaction_id"),)
    search_help_text = "id of a break or of a transaction"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(claimed_by=holders("reconciliationbreak"))

    @admin.display(description="claimed by")
    def holder(self, row: Any) -> SafeString | str:
        return party(ActorType.STAFF, row.claimed_by) if row.claimed_by else EMPTY


@admin.register(ChainCursor)
class ChainCursorAdmin(ReadOnlyAdmin):
    list_display = ("token", "block_number", "block_hash", "updated_at")


class CreditForm(ReasonForm):
    platform = forms.UUIDField(label="Platform", help_text="its id")
    field_order = ("platform", "reason")


@admin.register(ObservedTransfer)
class ObservedTransferAdmin(ReadOnlyAdmin):
    list_display = (
        "seen_at",
        "status",
        "amount",
        "platform",
        "short_hash",
        "log_index",
        "block_number",
        "note",
    )
    list_select_related = ("platform",)
    list_filter = ("status",)
    belongs = ("platform",)
    ordering = ("-id",)
    searches = (by_number("id"), by_hash("tx_hash"), by_uuid("transaction_id"))
    search_help_text = "number, tx hash, or id of the deposit"
    actions = (
        each(
            "credit",
            "Credit it to a platform",
            "asked for",
            lambda row, platform, reason: told(
                services.ask_to_credit(observed_id=row.pk, platform_id=platform, reason=reason)
            ),
            form=CreditForm,
            when=lambda row: row.status == ObservedStatus.UNKNOWN_PLATFORM,
            money=lambda row: row.amount,
            note="It is credited when a second person has approved it.",
        ),
    )

    @admin.display(description="tx hash")
    def short_hash(self, row: ObservedTransfer) -> str | None:
        return shorter(row.tx_hash)


@admin.register(WalletOrder)
class WalletOrderAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "owner", "made_at", "calls", "next_attempt_at", "error_message")
    list_filter = (("made_at", admin.EmptyFieldListFilter),)
    ordering = ("-created_at", "key")
    sortable_by = ()
    searches = (by_uuid("key", "worker_id", "platform_id"),)
    search_help_text = "key of an order, or id of a worker or platform"


show_on(
    Transaction,
    Table(
        SettlementAttempt,
        by="transaction",
        title="Calls to the provider",
        columns=CALL_COLUMNS,
        ordering=("number",),
    ),
)
