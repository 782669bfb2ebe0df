"""Pure rules of quests: whose fact it is, the date of a fact, and who may take part."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from gigstream.core.addresses import normal_contract
from gigstream.core.errors import Refusal
from gigstream.core.money import usdc
from reputation.quests.enums import RewardKind
from reputation.quests.errors import InvalidQuest
from reputation.scores.enums import TIER_FLOORS, Tier

# Clocks of those who report differ a little from the database's.
CLOCKS_DIFFER = timedelta(minutes=5)


def local_date(at: datetime, time_zone: str) -> date:
    """Return the date of the instant where the worker lives."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def amount_text(amount: Decimal, reward_kind: str) -> str:
    """Return an amount of this kind of reward as people read it: "2.00 USDC", "10 points"."""
    if reward_kind == RewardKind.PAYOUT:
        return usdc(amount)
    return "1 point" if amount == 1 else f"{amount:,.0f} points"


def time_text(at: datetime | None) -> str:
    """Return an instant as sentences for people have it, to the minute; an empty text without one."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""


def personal_fact(owner_id: UUID | str, given: str, *, is_repeatable: bool) -> str:
    """Return the external id of the own fact of a worker, or of an account of a social network: the owner's
    id, and behind it the id that was given where a worker may have several in a period."""
    return f"{owner_id}:{given}" if given and is_repeatable else str(owner_id)


# The event of a transfer of a token, which most contracts have.
TRANSFER = "Transfer(address,address,uint256)"
LARGEST_UNITS = 10**38 - 1
_SIGNATURE = re.compile(r"[A-Za-z_]\w{0,63}\((?:[a-z0-9\[\]]+(?:,[a-z0-9\[\]]+)*)?\)", re.ASCII)
_TERMS = frozenset({"contract", "event", "to", "min_amount", "confirmations"})


@dataclass(frozen=True, slots=True)
class OnChainTerms:
    """Terms of a quest for a transaction: a log of this contract with this event, of a transfer by its sender
    (to this address, if one is named), and an amount in the smallest units, under so many blocks."""

    contract: str
    event: str = TRANSFER
    to: str = ""
    min_amount: int = 0
    confirmations: int | None = None

    @property
    def is_transfer(self) -> bool:
        return self.event == TRANSFER


def read_on_chain_terms(proof: object) -> OnChainTerms:
    """Return the terms that a quest's metadata have under `proof`. Raises InvalidQuest."""
    if not isinstance(proof, dict) or proof.keys() - _TERMS or "contract" not in proof:
        raise InvalidQuest(
            f"metadata.proof of a quest on the chain names the contract, and no more than {sorted(_TERMS)}",
            field="metadata.proof",
        )
    event = proof.get("event", TRANSFER)
    if not isinstance(event, str) or not _SIGNATURE.fullmatch(event):
        raise InvalidQuest(
            f"metadata.proof.event is the signature of an event, as {TRANSFER}", field="metadata.proof.event"
        )
    if event != TRANSFER and "to" in proof:
        raise InvalidQuest("metadata.proof.to is for transfers", field="metadata.proof.to")
    confirmations = proof.get("confirmations")
    if confirmations is not None:
        confirmations = _whole(confirmations, "confirmations", most=10_000)
    return OnChainTerms(
        contract=_address(proof["contract"], "contract"),
        event=event,
        to=_address(proof["to"], "to") if "to" in proof else "",
        min_amount=_whole(proof.get("min_amount", "0"), "min_amount", most=LARGEST_UNITS),
        confirmations=confirmations,
    )


def _address(value: object, name: str) -> str:
    try:
        return normal_contract(str(value))
    except Refusal as refusal:
        raise InvalidQuest(
            f"metadata.proof.{name}: {refusal.message}", field=f"metadata.proof.{name}"
        ) from refusal


def _whole(value: object, name: str, *, most: int) -> int:
    """Return a whole number, which is written as a text where it may be larger than JSON's numbers."""
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or int(text) > most:
        raise InvalidQuest(
            f"metadata.proof.{name} is a whole number from 0 to {most}, not {text[:50]}",
            field=f"metadata.proof.{name}",
        )
    return int(text)


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that a worker does not meet: its name, what is needed, what there is, and what would change
    it."""

    condition: str
    needed: str
    present: str
    change: str


def unmet_conditions(
    *,
    min_tier: str,
    min_account_age_days: int,
    countries: Collection[str],
    score: int,
    country: str,
    registered_at: datetime,
    now: datetime,
) -> Sequence[Unmet]:
    """Return the conditions of a quest that the worker does not meet at `now`."""
    found = []
    floor = _floor_of(min_tier)
    if score < floor:
        found.append(
            Unmet(
                "tier",
                f"{min_tier} (a score of {floor})",
                f"a score of {score}",
                f"{floor - score} more points of reputation",
            )
        )
    days = (now - registered_at).days
    if days < min_account_age_days:
        from_day = (registered_at + timedelta(days=min_account_age_days)).date()
        found.append(
            Unmet("account_age", f"{min_account_age_days} days", f"{days} days", f"from {from_day} on")
        )
    if countries and country not in countries:
        listed = ", ".join(sorted(countries))
        found.append(
            Unmet("country", listed, country or "none given", "a country of the list in your profile")
        )
    return found


def _floor_of(tier: str) -> int:
    """Return the score from which on a worker is in the tier; 0 for none."""
    return next((floor for floor, name in TIER_FLOORS if name == Tier(tier)), 0) if tier else 0
