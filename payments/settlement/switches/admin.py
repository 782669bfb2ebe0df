from typing import Any

from django import forms
from django.contrib import admin

from audit.log.context import current_actor
from gigstream.adminkit import (
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
)
from gigstream.adminkit.approval_results import as_action_result
from payments import services
from payments.models import (
    PaymentSwitch,
)
from payments.settlement.provider import PROVIDER_NAMES
from payments.settlement.switches.enums import SwitchScope
from platforms.models import Platform


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


STOP = RowAction(
    name="stop",
    label="Stop payouts",
    done="stopped",
    run=_stop_payouts,
    form=StopForm,
    note="Nothing more is handed to the provider from the next batch on; earnings go on.",
)


@admin.register(PaymentSwitch)
class PaymentSwitchAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "scope", "subject", "reason", "off_by", "on_at", "on_by")
    list_filter = ("scope",)
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
            note="They go on when a second person has approved it.",
        ),
    )
    alone = (STOP,)
