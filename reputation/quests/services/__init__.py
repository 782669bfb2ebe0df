"""Services of quests: their terms and budgets, their events, and the rewards."""

from reputation.quests.services.assessments import Hold, Reduction, register_assessor
from reputation.quests.services.claims import Report, claim_reward, report_events
from reputation.quests.services.events import record_events
from reputation.quests.services.facts import Fact, FactResult
from reputation.quests.services.granting import grant_quest_events, try_grant_again
from reputation.quests.services.holds import end_due_holds, hold_event, keep_held, let_go
from reputation.quests.services.quests import (
    QuestTerms,
    change_quest,
    close_quest,
    create_quest,
    fund_quest,
    open_quest,
    pause_quest,
    request_outflow_limit,
    set_outflow_limit,
)
from reputation.quests.services.reservations import (
    expire_reservations,
    keep_for_proof,
    reserve_place,
    stop_keeping,
)
from reputation.quests.services.settling import settle_quest_events

__all__ = [
    "Fact",
    "FactResult",
    "Hold",
    "QuestTerms",
    "Reduction",
    "Report",
    "change_quest",
    "claim_reward",
    "close_quest",
    "create_quest",
    "end_due_holds",
    "expire_reservations",
    "fund_quest",
    "grant_quest_events",
    "hold_event",
    "keep_for_proof",
    "keep_held",
    "let_go",
    "open_quest",
    "pause_quest",
    "record_events",
    "register_assessor",
    "report_events",
    "request_outflow_limit",
    "reserve_place",
    "set_outflow_limit",
    "settle_quest_events",
    "stop_keeping",
    "try_grant_again",
]
