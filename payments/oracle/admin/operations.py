"""Operations on the chain, their attempts, and the health of all of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from gigstream.adminkit import (
    ContextLine,
    ReadOnlyAdmin,
    RowAction,
    Table,
    add_context,
    against,
    by_hash,
    by_number,
    by_text,
    by_uuid,
    isolate_text,
    link_with_reference,
    shorten_id,
    show_on,
)
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from payments import services
from payments.models import ChainAttempt, ChainOperation, GasSpending, OperationCreator
from payments.oracle.calculations import class_of_error, percent_text
from payments.oracle.enums import OperationStatus
from payments.oracle.health import oracle_health, service_figures
from payments.oracle.selectors.figures import sync_figures
from payments.oracle.services.gas import read_budget
from payments.settlement.health import Figure, State

HOURS = (1, 24, 24 * 7)
BADGES = {State.GOOD: "ok", State.WARNING: "late", State.CRITICAL: "failed"}
USUAL_HOURS = 24
NEWEST = 20
COLUMNS_OF_ATTEMPTS = (
    "number",
    "round",
    "operation",
    "started_at",
    "milliseconds",
    "state",
    "error_kind",
    "gas_used",
    "gas_price",
    "block_number",
    "error_message",
)


def _context(rows: Sequence[ChainOperation]) -> dict[Any, list[ContextLine]]:
    """Return the contents of the operations, their platforms, and why they came to nothing."""
    found = {}
    for row in rows:
        failed = row.get_trouble_display() or "no reason is known"
        tried = f"{row.round} rounds, {row.calls} calls, {row.bumps} times with a higher price"
        cause = f"{failed}: {row.error_message}" if row.error_message else failed
        found[row.pk] = [
            ContextLine("Writes", row.get_kind_display()),
            ContextLine("For", link_with_reference(row.platform) or "the house"),
            ContextLine("Creators", str(row.creator_count)),
            ContextLine("Tried", tried),
            ContextLine("May cost at most", usdc(row.reserved), on_card=False),
            against("Given up because", isolate_text(cause)),
        ]
    return found


add_context(ChainOperation, _context)


@admin.register(ChainOperation)
class ChainOperationAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "kind",
        "status",
        "trouble",
        "platform",
        "creator_count",
        "round",
        "short_hash",
        "ended_at",
    )
    list_select_related = ("platform",)
    list_filter = ("status", "kind", "trouble")
    belongs = ("platform",)
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (
        by_uuid("id", "platform_id"),
        by_hash("tx_hash"),
        by_text("key", "transfer_id"),
    )
    search_help_text = "id or key of an operation, tx hash, or id of a platform"
    fieldsets = (
        (None, {"fields": (("kind", "status", "trouble"), "platform", ("creator_count", "key"), "details")}),
        (
            "On the chain",
            {
                "fields": (
                    "contract",
                    "tx_hash",
                    ("block_number", "nonce"),
                    ("provider", "transfer_id", "provider_state"),
                )
            },
        ),
        (
            "The present round",
            {
                "fields": (
                    ("round", "calls", "failures"),
                    ("gas_limit", "max_fee", "priority_fee"),
                    ("bumps", "reserved", "is_in_flight"),
                    ("sent_at", "sent_block", "next_attempt_at"),
                    ("error_class", "error_message"),
                )
            },
        ),
        (
            "Times",
            {"fields": (("created_at", "submitted_at"), ("mined_at", "read_back_at"), "ended_at")},
        ),
    )
    change_list_template = "admin/gigstream/chain_operations.html"
    actions = (
        RowAction(
            name="retry",
            label="Try again",
            done="tried again",
            run=lambda row, reason: services.retry_operation(operation_id=row.pk, reason=reason),
            when=lambda row: row.status == OperationStatus.DEAD,
            effect=lambda row: (
                "No worker's money moves: the house pays the gas of another round, within the budget of"
                " the day."
            ),
            note="The contract does an operation once, also if an earlier round was done after all.",
        ),
    )

    @admin.display(description="tx hash")
    def short_hash(self, row: ChainOperation) -> str | None:
        return shorten_id(row.tx_hash or None)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.health)
        return [path("health/", page, name="payments_sync_health"), *super().get_urls()]

    def health(self, request: HttpRequest) -> HttpResponse:
        """Show the figures of the oracle, its budget for gas, the newest attempts and the dead operations."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        given = request.GET.get("hours", "")
        hours = int(given) if given in map(str, HOURS) else USUAL_HOURS
        now = database_now()
        context = {
            **self.admin_site.each_context(request),
            **_health_context(hours, now),
            "title": "Sync health",
            "attempts": _newest_attempts(request),
        }
        return TemplateResponse(request, "console/sync_health.html", context)


def _health_context(hours: int, now: datetime) -> dict[str, Any]:
    figures, health = sync_figures(hours=hours, now=now), oracle_health(now, hours=hours)
    dead = ChainOperation.objects.filter(status=OperationStatus.DEAD).select_related("platform")
    return {
        "hours": hours,
        "spans": HOURS,
        "health": {
            "badge": BADGES[health.state],
            "word": health.state.name.lower(),
            "lines": _lines(health.figures),
        },
        "service": _lines(service_figures(figures)),
        "figures": figures,
        "errors": [(kind.value, count) for kind, count in figures.errors.items()],
        "off_chain": percent_text(*figures.off_chain) if figures.off_chain else None,
        "budget": read_budget(now),
        "dead": dead.order_by("-ended_at", "-pk")[:NEWEST],
    }


def _lines(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    return [{"figure": figure, "badge": BADGES[figure.state]} for figure in figures]


def _newest_attempts(request: HttpRequest) -> list[tuple[ChainAttempt, str]] | None:
    """Return the newest attempts, each with its class of error; None for staff who may not view them."""
    if not admin.site.get_model_admin(ChainAttempt).has_view_permission(request):
        return None
    rows = ChainAttempt.objects.order_by("-id")[:NEWEST]
    kinds = [(row, class_of_error(row.error_class)) for row in rows]
    return [(row, kind.value if kind else "") for row, kind in kinds]


@admin.register(ChainAttempt)
class ChainAttemptAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "chain_operation",
        "number",
        "round",
        "operation",
        "state",
        "error_kind",
        "milliseconds",
        "gas_used",
        "gas_price",
        "block_number",
        "error_message",
    )
    list_select_related = ("chain_operation",)
    list_filter = ("operation", "error_class")
    belongs = ("chain_operation",)
    ordering = ("-id",)
    searches = (by_number("id"), by_uuid("chain_operation_id"), by_hash("tx_hash"))
    search_help_text = "number of an attempt, id of an operation, or tx hash"

    @admin.display(description="error")
    def error_kind(self, row: ChainAttempt) -> str | None:
        kind = class_of_error(row.error_class)
        return None if kind is None else kind.value


show_on(
    ChainOperation,
    Table(
        ChainAttempt,
        by="chain_operation",
        title="Attempts",
        columns=COLUMNS_OF_ATTEMPTS,
        ordering=("number",),
    ),
    Table(
        GasSpending,
        by="operation",
        title="Gas",
        columns=("round", "spent_at", "gas_used", "gas_price", "fee", "saved_gas", "block_number"),
        ordering=("round",),
    ),
    Table(
        OperationCreator,
        by="operation",
        title="Creators",
        columns=("creator", "plays", "followers", "likes", "listeners", "revenue"),
        ordering=("position",),
    ),
)
