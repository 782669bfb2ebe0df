"""Pages of holds, and of the earnings that payouts and holds have taken."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin

from audit.decisions.admin import decisions_table
from gigstream.adminkit import (
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    Table,
    add_actions,
    by_email,
    by_number,
    by_uuid,
    show_on,
)
from gigstream.adminkit.search import by_parts, by_reference, by_related
from gigstream.core.clock import database_now
from payments import services
from payments.models import CoveredParts, PayoutHold, PayoutHoldPart, Transaction
from payments.settlement.payouts.services.payouts import HELD_AFTER_CANCELLING
from platforms.models import Platform
from workers.models import Worker

LONGEST_DAYS = 365


class HoldForm(ReasonForm):
    """Form of a hold: its amount and its time."""

    amount = forms.CharField(
        max_length=21, required=False, label="Amount (USDC)", help_text="everything when left empty"
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="ends by itself after so many days; empty: until a person ends it",
    )
    field_order = ("amount", "days", "reason")

    def clean(self) -> dict[str, Any]:
        """Return the arguments of the services: an amount or None, and a time."""
        given = super().clean() or {}
        days = given.pop("days", None)
        given["amount"] = given.get("amount") or None
        given["expires_at"] = database_now() + timedelta(days=days) if days else None
        return given


class CancelForm(ReasonForm):
    """Form of a cancelled payout, with the decision about its money."""

    money = forms.ChoiceField(
        choices=(("keep", "Hold it"), ("pay_again", "Leave it to be paid by the worker's schedule")),
        initial="keep",
    )
    days = forms.IntegerField(
        initial=HELD_AFTER_CANCELLING.days,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="how long it is held",
    )
    field_order = ("money", "days", "reason")

    def clean(self) -> dict[str, Any]:
        """Return the arguments of the service: whether to pay again, else the time until which to hold."""
        given = super().clean() or {}
        days = given.pop("days", None) or HELD_AFTER_CANCELLING.days
        pay_again = given.pop("money", "keep") == "pay_again"
        given["pay_again"] = pay_again
        given["held_until"] = None if pay_again else database_now() + timedelta(days=days)
        return given


def is_present(row: Any) -> bool:
    """Whether the worker or platform has not left."""
    return row.deleted_at is None


def _hold_by_row(place: Callable[..., PayoutHold], owner: str) -> Callable[..., PayoutHold]:
    return lambda row, **given: place(**{owner: row.pk}, **given)


add_actions(
    Worker,
    RowAction(
        name="hold_payouts",
        label="Hold payouts",
        done="held",
        run=_hold_by_row(services.hold_payouts, "worker_id"),
        form=HoldForm,
        when=is_present,
        single=True,
        note="Nothing held leaves, by itself or by hand; earnings and repayments go on. The worker reads the"
        " reason. Another person ends it before its time.",
    ),
)
add_actions(
    Platform,
    RowAction(
        name="hold_withdrawals",
        label="Hold withdrawals",
        done="held",
        run=_hold_by_row(services.hold_withdrawals, "platform_id"),
        form=HoldForm,
        when=is_present,
        single=True,
        note="Nothing held is withdrawn; its workers are paid as before. Another person ends it before its"
        " time.",
    ),
)


@admin.register(PayoutHold)
class PayoutHoldAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "kind",
        "worker",
        "platform",
        "amount",
        "reason",
        "created_by",
        "expires_at",
        "ended_at",
        "ended_by",
    )
    list_select_related = ("worker", "platform")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter))
    belongs = ("worker", "platform", "payout")
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (
        by_reference(),
        by_uuid("id", "worker_id", "platform_id", "payout_id"),
        by_related("worker", by_email("email"), by_parts("full_name")),
        by_related("platform", by_parts("name")),
        by_related("payout", by_reference()),
    )
    search_help_text = "reference of a hold or its payout, parts of the worker's or platform's name, or an id"
    actions = (
        RowAction(
            name="end",
            label="End hold",
            done="ended",
            run=lambda hold, reason: services.end_hold(hold_id=hold.pk, reason=reason),
            when=lambda hold: hold.ended_at is None,
            money=lambda hold: hold.amount,
            note="Its money is paid out by the worker's schedule again. Its maker cannot end it.",
        ),
    )


@admin.register(PayoutHoldPart)
class PayoutHoldPartAdmin(ReadOnlyAdmin):
    list_display = ("hold", "entry", "amount")
    list_select_related = ("hold", "entry")
    belongs = ("hold",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_number("entry_id"), by_uuid("hold_id"))
    search_help_text = "number of an entry, or id of a hold"


@admin.register(CoveredParts)
class CoveredPartsAdmin(ReadOnlyAdmin):
    list_display = ("entry", "account", "first_part", "last_part", "amount", "given_back")
    list_select_related = ("entry", "account", "first_part", "last_part")
    belongs = ("entry",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_number("entry_id"),)
    search_help_text = "number of the entry that took them"


HOLD_COLUMNS = ("created_at", "kind", "amount", "reason", "expires_at", "ended_at")
show_on(Worker, Table(PayoutHold, by="worker", columns=HOLD_COLUMNS, limit=10))
show_on(Platform, Table(PayoutHold, by="platform", columns=HOLD_COLUMNS, limit=10))
show_on(Transaction, Table(PayoutHold, by="payout", columns=HOLD_COLUMNS, limit=10))
show_on(PayoutHold, Table(PayoutHoldPart, by="hold", columns=("entry", "amount")))


show_on(PayoutHold, decisions_table())
