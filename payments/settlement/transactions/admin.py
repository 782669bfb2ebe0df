"""Transactions, for staff."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from gigstream.adminkit import (
    ActionForm,
    ReadOnlyAdmin,
    RowAction,
    by_email,
    by_hash,
    by_text,
    by_uuid,
    link_to,
    shorten_id,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.list_exports import Exports
from gigstream.adminkit.search import MOST_NAMED, by_amount, by_parts, by_reference, by_related
from gigstream.core.money import usdc
from payments import services
from payments.models import CoveredTask, Transaction
from payments.settlement.payouts.admin.contexts import effect_of_cancelling
from payments.settlement.payouts.admin.holds import CancelForm, HoldForm, is_all_held
from payments.settlement.payouts.selectors import payout_parts
from payments.settlement.transactions.enums import (
    OUTGOING,
    TO_WORKERS,
    UNDER_WAY,
    TransactionStatus,
    TransactionType,
)

SHOWN_PARTS = 20


# --- Transfers ----------------------------------------------------------------------------------------------
def _by_task(model: type[models.Model], term: str) -> Q | None:
    """Return the transactions of the tasks that the term names by parts of their title, and the payouts that
    carry their pay."""
    of_task = by_related("task", by_parts("title"))(model, term)
    carried = by_related("task", by_parts("title"))(CoveredTask, term)
    if of_task is None or carried is None:
        return None
    payouts = CoveredTask.objects.filter(carried).order_by("-id").values_list("payout", flat=True)
    return of_task | Q(pk__in=list(payouts[:MOST_NAMED]))


class InTransit(admin.SimpleListFilter):
    """Transfers on their way to a wallet: handed over to the provider, or about to be."""

    title, parameter_name = "in transit", "in_transit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "In transit")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> QuerySet[Transaction]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(status__in=sorted(UNDER_WAY), type__in=sorted(OUTGOING))


@admin.register(Transaction)
class TransactionAdmin(Exports, ReadOnlyAdmin):
    list_display = (
        "created_at",
        "type",
        "status",
        "amount",
        "worker",
        "platform",
        "error_message",
        "short_hash",
        "confirmations",
    )
    list_select_related = ("worker", "platform", "task", "loan")
    list_filter = (InTransit, "status", "type", "created_at")
    date_hierarchy = "created_at"
    belongs = ("worker", "platform", "task", "stream", "loan")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (
        by_reference(),
        by_uuid("id", "worker_id", "platform_id", "task_id", "stream_id", "loan_id"),
        by_related("worker", by_email("email"), by_parts("full_name")),
        by_related("platform", by_parts("name")),
        _by_task,
        by_hash("tx_hash"),
        by_amount("amount"),
        by_text("circle_tx_id", "idempotency_key"),
    )
    search_help_text = (
        "reference, parts of the worker's, platform's or task's name, amount, tx hash or its beginning, key,"
        " worker's email, or an id"
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("type", "status"),
                    ("amount", "fee"),
                    ("worker", "platform"),
                    ("task", "stream", "loan"),
                    "tx_hash",
                    "error_message",
                )
            },
        ),
        ("Covers, first in, first out", {"fields": ("covers",)}),
        (
            "Chain and times",
            {
                "fields": (
                    ("block_number", "confirmations"),
                    ("from_wallet", "to_wallet"),
                    ("created_at", "submitted_at"),
                    ("confirmed_at", "ended_at"),
                    "not_before",
                ),
                "classes": ("collapse",),
            },
        ),
        (
            "The call to the provider, ids and technical data",
            {
                "fields": (
                    ("id", "circle_tx_id"),
                    ("provider_state", "retry_count", "next_attempt_at"),
                    ("parked_at", "parked_reason"),
                    "idempotency_key",
                    "metadata",
                ),
                "classes": ("collapse",),
            },
        ),
    )
    actions = (
        RowAction(
            name="cancel",
            label="Cancel payout",
            done="cancelled",
            run=lambda payout, **given: services.cancel_payout(transaction_id=payout.pk, **given),
            form=CancelForm,
            when=lambda payout: payout.type in TO_WORKERS and payout.status == TransactionStatus.PENDING,
            money=lambda payout: payout.amount,
            effect=effect_of_cancelling,
            note="The worker reads the reason.",
        ),
        RowAction(
            name="hold_payouts",
            label="Hold this worker's payouts",
            done="with its worker's payouts held",
            run=lambda payout, **given: services.hold_payouts(worker_id=payout.worker_id, **given),
            form=HoldForm,
            when=lambda payout: payout.type in TO_WORKERS and not is_all_held(payout.worker),
            single=True,
            effect=lambda payout: (
                "What is in the worker's balance stays there; earnings and repayments go on. A transfer"
                " that is"
                " pending still leaves: cancel it as well if it must not."
            ),
            note="The worker reads the reason. Another person ends the hold before its time.",
        ),
        RowAction(
            name="stop",
            label="Stop withdrawal",
            done="stopped",
            run=lambda row, reason: services.stop_withdrawal(transaction_id=row.pk, reason=reason),
            when=lambda row: (
                row.type == TransactionType.WITHDRAWAL and row.status == TransactionStatus.PENDING
            ),
            money=lambda row: row.amount,
            effect=lambda row: f"{usdc(row.amount)} is available to the platform again; nothing is sent.",
        ),
        RowAction(
            name="release",
            label="Let a withdrawal go at once",
            done="released",
            run=lambda row, reason: as_action_result(
                services.request_withdrawal_release(transaction_id=row.pk, reason=reason)
            ),
            when=lambda row: (
                row.type == TransactionType.WITHDRAWAL and row.status == TransactionStatus.PENDING
            ),
            money=lambda row: row.amount,
            kind="withdrawal.release",
            effect=lambda row: (
                f"{usdc(row.amount)} leaves for the platform's address as soon as a second person has"
                " approved it,"
                " without the rest of its waiting time."
            ),
        ),
        RowAction(
            name="offer_again",
            label="Offer a parked transfer again",
            done="offered again",
            run=lambda payout, reason: services.offer_again(transaction_id=payout.pk, reason=reason),
            when=lambda payout: payout.next_attempt_at is None and payout.status in UNDER_WAY,
            money=lambda payout: payout.amount,
            effect=lambda payout: (
                "It is handed to the provider again under the same key: a transfer that the provider has"
                " already is"
                " not made twice."
            ),
        ),
        RowAction(
            name="look_for",
            label="Look for it at the provider",
            done="looked for",
            run=lambda payout: services.look_for(transaction_id=payout.pk),
            form=ActionForm,
            when=lambda payout: payout.type in OUTGOING and payout.status == TransactionStatus.PENDING,
            money=lambda payout: payout.amount,
            effect=lambda payout: "Nothing moves: the provider's record of it is read, and ours follows it.",
        ),
        RowAction(
            name="accelerate",
            label="Offer it to the chain at a higher price",
            done="offered at a higher price",
            run=lambda payout, reason: services.accelerate_payout(transaction_id=payout.pk, reason=reason),
            when=lambda payout: payout.status == TransactionStatus.SUBMITTED,
            money=lambda payout: payout.amount,
            effect=lambda payout: "The same transfer, at a higher price of gas, which the house pays.",
        ),
        RowAction(
            name="request_cancellation",
            label="Request the provider to cancel it",
            done="requested to be cancelled",
            run=lambda payout, reason: services.cancel_transfer(transaction_id=payout.pk, reason=reason),
            when=lambda payout: payout.status == TransactionStatus.SUBMITTED,
            money=lambda payout: payout.amount,
            effect=lambda payout: (
                "If the provider can still stop it, its money is in the owner's balance again, and is paid"
                " out again"
                " by the schedule unless it is held. If not, it arrives."
            ),
        ),
    )

    @admin.display(description="tx hash")
    def short_hash(self, row: Transaction) -> str | None:
        return shorten_id(row.tx_hash)

    @admin.display(description="earnings")
    def covers(self, row: Transaction) -> SafeString | None:
        if row.type != TransactionType.PAYOUT:
            return None
        parts = payout_parts(row.pk, most=SHOWN_PARTS)
        lines = format_html_join(
            "", "<div>{} of {}</div>", ((usdc(part.amount), link_to(part.entry)) for part in parts)
        )
        more = parts.total - SHOWN_PARTS
        return format_html("{}<div>and {} more</div>", lines, more) if more > 0 else lines
