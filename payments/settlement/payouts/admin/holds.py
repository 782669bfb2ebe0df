"""Pages of holds, and of the earnings that payouts and holds have taken."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.decisions.admin import decisions_table
from gigstream.adminkit import (
    EMPTY,
    AmountField,
    ContextLine,
    Figure,
    NextStep,
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    Table,
    add_actions,
    add_context,
    by_email,
    by_number,
    by_uuid,
    isolate_text,
    link_with_reference,
    list_url,
    show_on,
    summarize,
)
from gigstream.adminkit.search import by_parts, by_reference, by_related
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from payments import services
from payments.models import CoveredParts, PayoutHold, PayoutHoldPart, Transaction
from payments.settlement.payouts.admin.contexts import hold_in_words, holds_on
from payments.settlement.payouts.enums import PayoutHoldKind
from payments.settlement.payouts.services.payouts import HELD_AFTER_CANCELLING
from platforms.models import Platform
from workers.models import Worker

LONGEST_DAYS = 365


class HoldForm(ReasonForm):
    """Form of a hold: its amount and its time."""

    amount = AmountField(required=False, help_text="everything when left empty")
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
        given["expires_at"] = database_now() + timedelta(days=days) if days else None
        return given


class CancelForm(ReasonForm):
    """Form of a cancelled payout, with the decision about its money."""

    money = forms.ChoiceField(
        label="Its money",
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


def is_all_held(row: Worker | Platform) -> bool:
    """Whether staff hold everything of this worker or platform."""
    return any(hold.amount is None and hold.kind == PayoutHoldKind.STAFF for hold in holds_on(row))


def _hold_by_row(place: Callable[..., PayoutHold], owner: str) -> Callable[..., PayoutHold]:
    return lambda row, **given: place(**{owner: row.pk}, **given)


def _effect_of_ending(hold: PayoutHold) -> str:
    kept = "What it keeps" if hold.amount is None else usdc(hold.amount)
    if hold.worker_id is None:
        return f"{kept} may be withdrawn again."
    return f"{kept} is paid out by the worker's schedule again, unless another hold keeps it."


def _context(holds: Sequence[PayoutHold]) -> dict[Any, list[ContextLine]]:
    """Return whose money each of the holds keeps, and since when, by whom and why."""
    return {
        hold.pk: [
            ContextLine("Of", link_with_reference(hold.worker or hold.platform) or EMPTY),
            ContextLine("Keeps", isolate_text(hold_in_words(hold))),
            *(
                [ContextLine("Came from", came_from)]
                if (came_from := link_with_reference(hold.payout))
                else ()
            ),
        ]
        for hold in holds
    }


add_context(PayoutHold, _context)
add_actions(
    Worker,
    RowAction(
        name="hold_payouts",
        label="Hold payouts",
        done="held",
        run=_hold_by_row(services.hold_payouts, "worker_id"),
        form=HoldForm,
        when=lambda worker: is_present(worker) and not is_all_held(worker),
        single=True,
        effect=lambda worker: (
            "Nothing held leaves, by itself or by hand. Streams run on, earnings come in, and advances are"
            " repaid out"
            " of them. A transfer that is pending still leaves: cancel it as well if it must not."
        ),
        note="The worker reads the reason. Another person ends it before its time.",
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
        when=lambda platform: is_present(platform) and not is_all_held(platform),
        single=True,
        effect=lambda platform: (
            "Nothing held is withdrawn; it may still pay for work, and its workers are paid as before."
        ),
        note="Another person ends it before its time.",
    ),
)


@admin.register(PayoutHold)
class PayoutHoldAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "state",
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
    list_select_related = ("worker", "platform", "payout")
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
            effect=_effect_of_ending,
            note="Its maker cannot end it.",
        ),
    )

    @admin.display(description="state")
    def state(self, hold: PayoutHold) -> SafeString:
        """Return whether it keeps money now, or how it ended."""
        ended = f"ended: {hold.get_ended_because_display().lower()}"
        mark, word = ("late", "in force") if hold.ended_at is None else ("ended", ended)
        return format_html('<span class="badge badge-{}">{}</span>', mark, word)


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


HOLD_COLUMNS = ("created_at", "state", "kind", "amount", "reason", "expires_at", "ended_at")
show_on(Worker, Table(PayoutHold, by="worker", columns=HOLD_COLUMNS, limit=10))
show_on(Platform, Table(PayoutHold, by="platform", columns=HOLD_COLUMNS, limit=10))
show_on(Transaction, Table(PayoutHold, by="payout", columns=HOLD_COLUMNS, limit=10))
show_on(PayoutHold, Table(PayoutHoldPart, by="hold", columns=("entry", "amount")))


show_on(PayoutHold, decisions_table())


@summarize(Worker, of=PayoutHold, position=21)
def _held_of_worker(worker: Worker) -> Sequence[Figure | NextStep]:
    return _held(worker, list_url(PayoutHold, worker=worker.pk), "Payouts")


@summarize(Platform, of=PayoutHold, position=21)
def _held_of_platform(platform: Platform) -> Sequence[Figure | NextStep]:
    return _held(platform, list_url(PayoutHold, platform=platform.pk), "Withdrawals")


def _held(row: Worker | Platform, url: str, subject: str) -> Sequence[Figure | NextStep]:
    """Return the sum that open holds keep, and a step for each that keeps everything."""
    found = holds_on(row)
    whole = [hold for hold in found if hold.amount is None]
    held = "everything" if whole else usdc(sum((hold.amount or ZERO for hold in found), ZERO))
    steps = [
        NextStep(
            f"{subject} are held since {hold.created_at:%Y-%m-%d %H:%M} UTC: {hold.reason}", "bad", url=url
        )
        for hold in whole[:1]
    ]
    return [Figure("Held", held, "bad" if found else "", url), *steps]
