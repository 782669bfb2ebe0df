from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions
from reputation.quests.vocabulary import REDUCED
from reputation.sybils.calculations import FACTORS, LINK_NEEDS, MOST_ACCOUNTS_OF_A_KEY, WEIGHTS

register_actions(
    {
        "cluster.clear": "Accounts found to be different people",
        "cluster.end_clearing": "Accounts no longer taken for different people",
    }
)

_SHARED = {str(kind): f"the linked accounts with the same {kind.label}" for kind in WEIGHTS}
_STEPS = "; ".join(f"{factor} from {least} accounts on" for least, factor in FACTORS)

FACTOR = rules.register(
    "sybils.factor",
    1,
    f"Accounts that seem to be of one person share in the points of quests by a factor: {_STEPS}. Two"
    f" accounts are linked when the weights of what they share add up to {LINK_NEEDS}, each kind once; what"
    f" more than {MOST_ACCOUNTS_OF_A_KEY} accounts share counts nothing. Staff may find that they are"
    " different people.",
    inputs={
        "quest": "the quest",
        "amount": "the points of the quest",
        "points": "the points that are granted",
        "factor": "the factor, by the number of accounts",
        "accounts": "the accounts that are linked to each other, with this account",
        **_SHARED,
    },
    weights={str(kind): str(weight) for kind, weight in WEIGHTS.items()},
    effect={REDUCED: "The worker gets this part of the points."},
    who_decides=WhoDecides.SYSTEM,
)

DIFFERENT_PEOPLE, ENDED = "different_people", "ended"

CLEARING = rules.register(
    "sybils.clearing",
    1,
    "Staff find that linked accounts are of different people. Rewards of these accounts are then whole, as"
    " long as no more accounts are linked with them.",
    inputs={"accounts": "the accounts that are linked to each other"},
    effect={
        DIFFERENT_PEOPLE: "Rewards are neither reduced nor held for these links.",
        ENDED: "Rewards are reduced or held again while the accounts are linked.",
    },
    who_decides=WhoDecides.PERSON,
)
