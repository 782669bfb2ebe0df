"""Money moved by hand: what staff are asked for, and a deposit on a platform's page."""

from django import forms

from audit.pages import told
from gigstream.lib.admin import ReasonForm, act_on, each
from payments import services
from platforms.models import Platform


class AdjustmentForm(ReasonForm):
    credit_account = forms.IntegerField(min_value=1, label="Into account", help_text="its number")
    amount = forms.CharField(max_length=21, label="Amount (USDC)")
    field_order = ("credit_account", "amount", "reason")


class DepositForm(ReasonForm):
    amount = forms.CharField(max_length=21, label="Amount (USDC)")
    tx_hash = forms.RegexField(
        r"\A0x[0-9a-fA-F]{64}\Z", strip=True, label="Chain transaction", help_text="0x and 64 digits"
    )
    field_order = ("amount", "tx_hash", "reason")


act_on(
    Platform,
    each(
        "deposit",
        "Deposit by hand",
        "asked for",
        lambda platform, **given: told(services.ask_to_deposit(platform_id=platform.pk, **given)),
        form=DepositForm,
        when=lambda platform: platform.is_active and platform.deleted_at is None,
        single=True,
        note="For what the chain shows and nobody has credited. A second person approves it.",
    ),
)
