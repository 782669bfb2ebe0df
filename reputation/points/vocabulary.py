from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions

register_actions(
    {
        "points.close": "Points closed with the account",
        "points.request_reversal": "Reversal of points requested",
        "points.reverse": "Points reversed",
    }
)

REVERSAL = rules.register(
    "points.reversal",
    1,
    "Points that a quest gave by mistake are taken back: one member of staff requests it and another approves"
    " it. The worker keeps all other points.",
    inputs={
        "points": "the points of the entry that is reversed",
        "balance": "the worker's points with the same owner before",
    },
    effect={"reversed": "The points of the entry are taken off the balance."},
    who_decides=WhoDecides.PERSON,
)
