"""Decisions about workers' holds that staff make: their begin and their end."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit.decisions.services import Case, decide
from audit.log.context import SYSTEM
from gigstream.core.money import usdc
from payments.models import PayoutHold
from payments.settlement.payouts.enums import HoldEnd
from payments.settlement.payouts.vocabulary import HOLD, HOLD_END


def decide_to_hold(hold: PayoutHold, *, available: Decimal, held: Decimal) -> None:
    """Write the decision that made the hold of a worker's money, of which other holds keep `held`."""
    inputs = {
        "amount": hold.amount,
        "available": available,
        "held": held,
        "payout": hold.payout_id,
        "expires_at": hold.expires_at,
    }
    kept = "All money" if hold.amount is None else f"{usdc(hold.amount)} of {usdc(available)} available"
    until = f" until {hold.expires_at:%Y-%m-%d %H:%M} UTC" if hold.expires_at else ""
    case = _case_of(hold, "held", inputs, f"{kept} is kept from leaving{until}.", hold.reason)
    decide(HOLD, case, now=hold.created_at)


def decide_to_end(holds: Iterable[PayoutHold], *, reason: str = "", now: datetime) -> None:
    """Write the decisions that ended these holds of workers' money: at their time, or by staff before it."""
    cases = []
    for hold in holds:
        inputs = {"amount": hold.amount, "expires_at": hold.expires_at}
        if hold.ended_because == HoldEnd.STAFF:
            case = _case_of(hold, "ended", inputs, "The hold was ended before its time.", reason)
        else:
            case = _case_of(hold, "expired", inputs, "The hold has ended at its time.", "", str(SYSTEM))
        cases.append(case)
    decide(HOLD_END, *cases, now=now)


def _case_of(
    hold: PayoutHold,
    outcome: str,
    inputs: Mapping[str, Any],
    sentence: str,
    reason: str,
    decided_by: str = "",
) -> Case:
    if hold.worker_id is None:
        raise ValueError(f"{hold} is not of a worker")
    return Case(
        subject=hold,
        worker_id=hold.worker_id,
        outcome=outcome,
        inputs=inputs,
        sentence=sentence,
        reason=reason,
        decided_by=decided_by,
    )
