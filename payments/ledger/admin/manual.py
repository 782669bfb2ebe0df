"""Manual entries: deposits and the limit for bonuses on a platform's page, rewards on a worker's."""

from django import forms

from gigstream.adminkit import ReasonForm, RowAction, add_actions
from gigstream.adminkit.approval_results import as_action_result
from payments import services
from platforms.models import Platform
from platforms.platforms.forms import BonusLimitForm
from platforms.services import request_bonus_limit
from workers.models import Worker
from workers.profiles.enums import WorkerStatus


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


add_actions(
    Platform,
    RowAction(
        name="set_bonus_limit",
        label="Change the limit for bonuses",
        done="requested",
        run=lambda platform, limit, reason: as_action_result(
            request_bonus_limit(platform_id=platform.pk, limit=limit, reason=reason)
        ),
        form=BonusLimitForm,
        when=lambda platform: platform.deleted_at is None,
        note="It holds from when a second person has approved it.",
    ),
    RowAction(
        name="deposit",
        label="Deposit by hand",
        done="requested",
        run=lambda platform, **given: as_action_result(
            services.request_deposit(platform_id=platform.pk, **given)
        ),
        form=DepositForm,
        when=lambda platform: platform.is_active and platform.deleted_at is None,
        single=True,
        note="For a transfer that the chain shows and that was not credited. A second person approves it.",
    ),
)
add_actions(
    Worker,
    RowAction(
        name="reward",
        label="Give a reward",
        done="rewarded",
        run=lambda worker, **given: as_action_result(
            services.reward_or_request(worker_id=worker.pk, **given)
        ),
        form=RewardForm,
        when=lambda worker: worker.status == WorkerStatus.ACTIVE and worker.deleted_at is None,
        single=True,
        note="The house pays it. Beyond a person's sum of a day a second person approves it.",
    ),
)
