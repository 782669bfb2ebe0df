from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions
from payments.earnings.vocabulary import REWARD
from payments.ledger import entry_kinds
from payments.ledger.subjects import QUEST
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("quests")

_SCOPE = "quests:read"

entry_kinds.reword_for_subject(REWARD, QUEST, "Quest reward")

QUEST_OPENED = events.register("quest.opened", payload="quest", scope=_SCOPE)
QUEST_EXHAUSTED = events.register("quest.exhausted", payload="quest", scope=_SCOPE)
QUEST_CLOSED = events.register("quest.closed", payload="quest", scope=_SCOPE)
QUEST_GRANTED = events.register("quest.granted", payload="quest event", scope=_SCOPE)
QUEST_REJECTED = events.register("quest.rejected", payload="quest event", scope=_SCOPE)

register_actions(
    {
        "quest.change": "Quest changed",
        "quest.claim": "Quest claimed",
        "quest.close": "Quest closed",
        "quest.create": "Quest created",
        "quest.fund": "Quest funded",
        "quest.grant": "Quest rewards granted",
        "quest.open": "Quest opened",
        "quest.pause": "Quest paused",
        "quest.report": "Quest events reported",
        "quest.reserve": "Place in a quest reserved",
        "quest.set_outflow_limit": "Hourly limit of a quest changed",
        "quest_event.defer": "Grant of a quest reward failed",
        "quest_event.hold": "Quest reward held",
        "quest_event.keep": "Held quest reward refused",
        "quest_event.let_go": "Held quest reward let go",
        "quest_event.try_again": "Grant of a quest reward tried again",
    }
)

HELD, LET_GO, KEPT, TIMED_OUT = "held", "let_go", "kept", "timed_out"
# Outcome of rules that reduce points (`Reduction`).
REDUCED = "reduced"

HOLD = rules.register(
    "quest.hold",
    1,
    "The reward of a quest is held, with evidence that it may not be due to this worker. Its money stays"
    " reserved. Without a decision the reward is granted when the hold ends.",
    inputs={
        "quest": "the quest",
        "amount": "the reward, in USDC or points",
        "evidence": "the evidence for the hold",
        "held_until": "the time at which the hold ends",
    },
    effect={
        HELD: "The reward waits for a decision.",
        TIMED_OUT: "No decision was taken: the reward is granted.",
    },
    who_decides=WhoDecides.EITHER,
)

HELD_REWARD = rules.register(
    "quest.held_reward",
    1,
    "Staff decide about a held reward of a quest by its evidence.",
    inputs={
        "quest": "the quest",
        "amount": "the reward, in USDC or points",
        "evidence": "the evidence for the hold",
    },
    effect={
        LET_GO: "The reward is granted.",
        KEPT: "The event is rejected, and its money is free for other events of the quest.",
    },
    who_decides=WhoDecides.PERSON,
)
