"""Manual entries: deposits and the limit for bonuses on a platform's page, rewards on a worker's."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from gigstream.adminkit import AmountField, ReasonForm, RowAction, add_actions
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.search import by_parts, by_reference
from gigstream.core.people.row_names import title_of
from payments import services
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from platforms.models import Platform
from platforms.platforms.forms import BonusLimitForm
from platforms.services import request_bonus_limit
from workers.models import Worker
from workers.profiles.enums import WorkerStatus

WORKER, PLATFORM = "worker", "platform"
TARGETS = (
    ("", "Choose"),
    (WORKER, "What is available to a worker"),
    (PLATFORM, "What is available to a platform"),
    (AccountName.FEES, "The house's fees"),
    (AccountName.REWARDS, "The house's rewards"),
    (AccountName.LOSSES, "The house's losses"),
)
MOST_NAMED = 5


class AdjustmentForm(ReasonForm):
    """The account that gets the money, by its owner's name, and the amount."""

    into = forms.ChoiceField(choices=TARGETS, label="Into")
    owner = forms.CharField(
        required=False,
        max_length=200,
        help_text="name, reference or email of the worker or the platform; empty for the house's accounts",
    )
    amount = AmountField()
    field_order = ("into", "owner", "amount", "reason")

    def clean(self) -> dict[str, Any]:
        """Return the arguments of the service: the number of the account."""
        given = super().clean() or {}
        into, owner = given.pop("into", ""), given.pop("owner", "").strip()
        if into:
            given["credit_account"] = self._account(into, owner)
        return given

    def _account(self, into: str, owner: str) -> int | None:
        if into not in (WORKER, PLATFORM):
            if owner:
                self.add_error("owner", "Leave this empty: the account is the house's.")
            return accounts.of_house(AccountName(into))
        if not owner:
            self.add_error("owner", f"Say whose: the {into}'s name, reference or email.")
            return None
        found = _find_workers(owner) if into == WORKER else _find_platforms(owner)
        if len(found) != 1:
            self.add_error("owner", _which_of(into, owner, found))
            return None
        number = accounts.of_worker if into == WORKER else accounts.of_platform
        return number(found[0].pk, AccountName.AVAILABLE)


Owners = Sequence[Worker] | Sequence[Platform]


def _find_workers(text: str) -> Sequence[Worker]:
    """Return the workers of this reference or email or, else, of this name or with parts of it."""
    present = Worker.objects.filter(deleted_at=None).order_by("full_name", "pk")
    matches = (Q(email__iexact=text), Q(full_name__iexact=text), by_parts("full_name")(Worker, text))
    return _first_found(present, by_reference()(Worker, text), *matches)


def _find_platforms(text: str) -> Sequence[Platform]:
    """Return the platforms of this reference or contact or, else, of this name or with parts of it."""
    present = Platform.objects.filter(deleted_at=None).order_by("name", "pk")
    matches = (Q(contact_email__iexact=text), Q(name__iexact=text), by_parts("name")(Platform, text))
    return _first_found(present, by_reference()(Platform, text), *matches)


def _first_found(owners: QuerySet[Any], *matches: Q | None) -> list[Any]:
    """Return the owners, one more than are named, that fulfil the first of the conditions that finds any."""
    for match in filter(None, matches):
        if found := list(owners.filter(match)[: MOST_NAMED + 1]):
            return found
    return []


def _which_of(kind: str, text: str, found: Owners) -> str:
    """Return why the text names nobody, or more than one."""
    if not found:
        return f"No {kind} has this name, reference or email: {text}"
    names = ", ".join(f"{title_of(one)} ({_email_of(one)})" for one in found[:MOST_NAMED])
    more = " and more" if len(found) > MOST_NAMED else ""
    return f"More than one {kind} fits: {names}{more}. Write the reference."


def _email_of(owner: Worker | Platform) -> str:
    return owner.email if isinstance(owner, Worker) else owner.contact_email


class DepositForm(ReasonForm):
    amount = AmountField()
    tx_hash = forms.RegexField(
        r"\A0x[0-9a-fA-F]{64}\Z", strip=True, label="Chain transaction", help_text="0x and 64 digits"
    )
    field_order = ("amount", "tx_hash", "reason")


class RewardForm(ReasonForm):
    amount = AmountField()
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
        kind="platform.set_bonus_limit",
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
        kind="deposit",
        effect=lambda platform: (
            f"When a second person has approved it, the amount is available to {platform}, once for this"
            " transfer."
        ),
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
        kind="reward.grant",
        effect=lambda worker: (
            "The amount is available to the worker at once, and leaves with the next payout. The house"
            " bears it."
        ),
        when=lambda worker: worker.status == WorkerStatus.ACTIVE and worker.deleted_at is None,
        single=True,
        note="Beyond a person's sum of a day a second person approves it.",
    ),
)
