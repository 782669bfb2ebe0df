from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import CharField, Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.log.context import current_actor
from gigstream.adminkit import (
    ContextLine,
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    add_actions,
    add_context,
    isolate_text,
    link_to,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.core.money import ZERO, usdc
from gigstream.core.people.staff_names import name_actor
from payments import services
from payments.models import PaymentSwitch, Transaction
from payments.settlement.payouts.admin.contexts import stop_of
from payments.settlement.provider import PROVIDER_NAMES
from payments.settlement.switches.enums import SwitchScope
from payments.settlement.switches.services import names_of_platforms, stopped_part
from payments.settlement.transactions.enums import OUTGOING, TransactionStatus
from platforms.models import Engagement, Platform


def _stop_payouts(scope: str, subject: str, reason: str) -> PaymentSwitch:
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
                hint = (
                    f"Choose the {name} whose payouts are to stop." if scope == name else "Leave this empty."
                )
                self.add_error(str(name), f"{hint} The scope is {scope}.")
        subject = chosen.get(SwitchScope(scope)) if scope in chosen else None
        given["subject"] = "" if subject is None else str(getattr(subject, "pk", subject))
        return given


def _effect_of_going_on(switch: PaymentSwitch) -> str:
    waiting = Transaction.objects.filter(status=TransactionStatus.PENDING, type__in=OUTGOING)
    if switch.scope == SwitchScope.PLATFORM:
        workers = Engagement.objects.filter(platform=UUID(switch.subject)).values("worker")
        waiting = waiting.filter(Q(worker__in=workers) | Q(platform=UUID(switch.subject)))
    found = waiting.aggregate(count=Count("pk"), sum=Sum("amount"))
    return (
        f"When a second person has approved it, what waits is handed to the provider: {found['count']}"
        " transfers"
        f" of {usdc(found['sum'] or ZERO)} now, and the payouts that are due by then."
    )


def _context(switches: Sequence[PaymentSwitch]) -> dict[Any, list[ContextLine]]:
    """Return the part that each of the stops is about, its time, its maker and its reason."""
    names = names_of_platforms(switches)
    return {
        switch.pk: [
            ContextLine("Stopped", stopped_part(switch, names)),
            ContextLine("Since", f"{switch.created_at:%Y-%m-%d at %H:%M} UTC"),
            ContextLine("By", isolate_text(name_actor(switch.off_by))),
            ContextLine("Because", isolate_text(switch.reason)),
        ]
        for switch in switches
    }


add_context(PaymentSwitch, _context)


EFFECT_OF_STOPPING = (
    "Nothing more is handed to the provider from the next batch on; what the provider has already arrives."
    " Streams"
    " run on and earnings come in. To let payouts go on takes two people."
)
add_actions(
    Platform,
    RowAction(
        name="stop_payouts",
        label="Stop payouts to its workers",
        done="stopped",
        run=lambda platform, reason: _stop_payouts(SwitchScope.PLATFORM, str(platform.pk), reason),
        when=lambda platform: platform.deleted_at is None and stop_of(platform) is None,
        effect=lambda platform: f"{EFFECT_OF_STOPPING} It also stops the platform's withdrawals.",
        note="All money of a worker who ever worked for it waits, also what others have paid.",
    ),
    RowAction(
        name="let_payouts_go_on",
        label="Let payouts to its workers go on",
        done="requested",
        run=lambda platform, reason: as_action_result(
            services.request_go_on(scope=SwitchScope.PLATFORM, subject=str(platform.pk), reason=reason)
        ),
        when=lambda platform: stop_of(platform) is not None,
        note="They go on when a second person has approved it.",
    ),
)


STOP = RowAction(
    name="stop",
    label="Stop payouts",
    done="stopped",
    run=_stop_payouts,
    form=StopForm,
    note=EFFECT_OF_STOPPING,
)


@admin.register(PaymentSwitch)
class PaymentSwitchAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "state", "stopped", "reason", "off_by", "on_at", "on_by")
    list_filter = ("scope", ("on_at", admin.EmptyFieldListFilter))
    ordering = ("-created_at", "-id")
    sortable_by = ()
    actions = (
        RowAction(
            name="go_on",
            label="Let payouts go on",
            done="requested",
            run=lambda row, reason: as_action_result(
                services.request_go_on(scope=SwitchScope(row.scope), subject=row.subject, reason=reason)
            ),
            when=lambda row: row.on_at is None,
            kind="payments.go_on",
            effect=_effect_of_going_on,
        ),
    )
    alone = (STOP,)
    nothing_words = "Payouts are running: nothing was stopped so far."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the stops, each with the name of its platform."""
        named = Platform.objects.annotate(key=Cast("pk", CharField())).filter(key=OuterRef("subject"))
        return super().get_queryset(request).annotate(platform_name=Subquery(named.values("name")[:1]))

    @admin.display(description="state")
    def state(self, row: PaymentSwitch) -> SafeString:
        """Return whether the stop is in force."""
        mark, word = ("failed", "in force") if row.on_at is None else ("ok", "ended")
        return format_html('<span class="badge badge-{}">{}</span>', mark, word)

    @admin.display(description="stopped")
    def stopped(self, row: Any) -> SafeString | str:
        """Return the stopped part by name, with a link to a platform."""
        if row.scope == SwitchScope.PLATFORM:
            return format_html(
                "payouts to workers of {}",
                link_to(Platform(pk=UUID(row.subject)), isolate_text(row.platform_name or "a platform")),
            )
        return f"payouts by {row.subject}" if row.scope == SwitchScope.PROVIDER else "all payouts"
