"""Words that the app registers: its audit actions, and the rules by which advances are decided."""

from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions
from loans.policy.calculations.terms import (
    AUTOMATIC_FROM_SCORE,
    LARGEST_ADVANCE,
    LOWEST_SCORE,
    ONE_SIGNATURE_UP_TO,
)

register_actions(
    {
        "loan.activate": "Payment of an advance confirmed",
        "loan.approve": "Advance approved",
        "loan.cancel": "Advance cancelled",
        "loan.default": "Advance in default",
        "loan.disburse": "Advance paid out",
        "loan.lend_by_exception": "Advance lent by exception",
        "loan.reject": "Advance refused",
        "loan.repaid": "Advance repaid in full",
        "loan.repay": "Advance repaid early",
        "loan.request": "Advance requested",
        "loan.write_off": "Advance written off",
    }
)

_ASSESSMENT = {
    "amount": "the advance, in USDC",
    "risk_score": "the risk score, 0 to 1000",
    "risk_factors": "the points of each factor of the score",
    "predicted_earnings": "the forecast of the next 7 days' earnings, in USDC",
    "automatic_up_to": "the most that the system lends this worker by itself, in USDC",
    "objections": "the reasons against an advance, with their numbers",
}
_WEIGHTS = {
    "risk_factors": "reputation 300, account age 150, counted tasks 250, performance 200, disputes 100"
    " points; earlier advances and the steadiness of earnings add or take up to 50 and 30",
}

ADVANCE = rules.register(
    "loan.advance",
    1,
    f"A worker without objections and with a risk score of {LOWEST_SCORE} or more gets an advance. The system"
    f" approves it from a score of {AUTOMATIC_FROM_SCORE} on, up to the smallest of its limits. Staff decide"
    f" on all others, on one of more than {ONE_SIGNATURE_UP_TO} USDC by two.",
    inputs=_ASSESSMENT,
    weights=_WEIGHTS,
    effect={
        "approved": "The advance is paid out soon, and later earnings repay it.",
        "refused": "The advance is not paid out. The worker may request another.",
    },
    who_decides=WhoDecides.EITHER,
)

EXCEPTION = rules.register(
    "loan.exception",
    1,
    f"Two members of staff lend up to {LARGEST_ADVANCE} USDC to a worker who is not eligible, for a written"
    " reason.",
    inputs=_ASSESSMENT,
    weights=_WEIGHTS,
    effect={"approved": "The advance is paid out soon, and later earnings repay it."},
    who_decides=WhoDecides.PERSON,
)
