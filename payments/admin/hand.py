"""Money moved by hand: deposits and the limit for bonuses on a platform's page, rewards on a worker's."""

from django import forms

from audit.pages import told
from gigstream.lib.admin import ReasonForm, act_on, each
from payments import services
from platforms.forms import BonusLimitForm
from platforms.models import Platform
from platforms.services import ask_to_set_bonus_limit
from workers.enums import WorkerStatus
from workers.models import Worker


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


class RewardForm(ReasonForm):
    amount = forms.CharField(max_length=21, label="Amount (USDC)")
    field_order = ("amount", "reason")


act_on(
    Platform,
    each(
        "set_bonus_limit",
        "Change the limit for bonuses",
        "asked for",
        lambda platform, limit, reason: told(
            ask_to_set_bonus_limit(platform_id=platform.pk, limit=limit, reason=reason)
        ),
        form=BonusLimitForm,
        when=lambda platform: platform.deleted_at is None,
        note="It holds from when a second person has approved it.",
    ),
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
act_on(
    Worker,
    each(
        "reward",
        "Give a reward",
        "rewarded",
        lambda worker, **given: told(services.reward_or_ask(worker_id=worker.pk, **given)),
        form=RewardForm,
        when=lambda worker: worker.status == WorkerStatus.ACTIVE and worker.deleted_at is None,
        single=True,
        note="The house pays it. More within a day than one may give alone, a second person approves.",
    ),
)
