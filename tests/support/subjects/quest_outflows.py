"""Bounds of what quests grant, and reductions of points."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from reputation.models import Quest, QuestEvent, QuestOutflow, WorkerOutflow
from tests.support.database import valid_rows
from tests.support.database.breaks import breaks, run
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import WorkerFactory

ROWS = {
    QuestOutflow: lambda: {
        "quest": valid_rows.insert(valid_rows.valid(Quest)),
        "hour": AT,
        "granted": Decimal(5),
        "events": 1,
    },
    WorkerOutflow: lambda: {"worker": WorkerFactory.create(), "date": AT.date(), "granted": Decimal(5)},
}
_RECEIVED: dict[str, Any] = {"status": "received", "granted_at": None, "entry": None}
_LATER = AT + timedelta(hours=1)
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("quest_outflow_limit_in_range", Quest, {"outflow_limit": Decimal(0)}),
    ("quest_outflow_not_negative", QuestOutflow, {"granted": Decimal(-1)}),
    ("worker_outflow_not_negative", WorkerOutflow, {"granted": Decimal(-1)}),
    (
        "quest_event_rejected_or_waiting_with_a_reason",
        QuestEvent,
        {**_RECEIVED, "status": "rejected", "rejected_at": AT},
    ),
    ("quest_event_rejected_or_waiting_with_a_reason", QuestEvent, {**_RECEIVED, "waits_until": _LATER}),
    ("quest_event_rejected_or_waiting_with_a_reason", QuestEvent, {"waits_until": _LATER, "code": "late"}),
    ("quest_event_rejected_or_waiting_with_a_reason", QuestEvent, {"code": "late"}),
    ("quest_event_reduced_with_a_reason", QuestEvent, {"factor": Decimal("0.5"), "factor_reason": "shared"}),
    (
        "quest_event_reduced_with_a_reason",
        QuestEvent,
        {**_RECEIVED, "reward_kind": "points", "factor": Decimal("0.5")},
    ),
    (
        "quest_event_reduced_with_a_reason",
        QuestEvent,
        {**_RECEIVED, "reward_kind": "points", "factor": Decimal(0), "factor_reason": "shared"},
    ),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("quest_outflow_once_an_hour", QuestOutflow, ("quest", "hour"), {}),
    ("worker_outflow_once_a_day", WorkerOutflow, ("worker", "date"), {}),
]


@breaks("quest_outflows_are_their_events")
def an_hour_that_granted_more_than_its_events(h: History) -> None:
    run("UPDATE quest_outflows SET granted = granted + 1 WHERE quest_id = %s", h.quests.paying.pk)


@breaks("quest_outflows_are_their_events")
def an_hour_that_was_forgotten(h: History) -> None:
    run("DELETE FROM quest_outflows WHERE quest_id = %s", h.quests.of_points.pk)


@breaks("quest_outflows_of_workers_are_their_events")
def a_day_that_granted_less_than_its_events(h: History) -> None:
    run("UPDATE quest_worker_outflows SET granted = 0 WHERE worker_id = %s", h.quests.worker.pk)


@breaks("quest_reduction_has_its_decision")
def a_reduction_that_nobody_decided(h: History) -> None:
    run("DELETE FROM decisions WHERE outcome = 'reduced'")
