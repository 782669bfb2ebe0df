"""An event of a quest as PostgreSQL itself keeps it: its moves, its fact, and a single reward."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from payments.models import LedgerEntry
from reputation.models import PointsEntry, QuestEvent
from reputation.quests.enums import QUEST_EVENT_MOVES, QuestEventStatus
from reputation.scores.services import allow_erasing
from tests.support.database.valid_rows import AT, insert, valid
from tests.support.factories import WorkerFactory

pytestmark = pytest.mark.django_db

NONE: dict[str, Any] = {
    "granted_at": None,
    "settled_at": None,
    "rejected_at": None,
    "code": "",
    "held_until": None,
    "hold_reason": "",
    "entry": None,
}
PAIRS = [
    pytest.param(before, after, after in QUEST_EVENT_MOVES[before], id=f"{before}-{after}")
    for before, after in permutations(QuestEventStatus, 2)
]
FACT = {
    "created_at": AT + timedelta(hours=1),
    "event_type": "other",
    "external_id": "other",
    "event_date": AT.date(),
    "occurred_at": AT + timedelta(hours=1),
    "evidence": {"other": True},
    "reward_kind": "points",
    "amount": Decimal(6),
    "reservation": None,
}


def columns_of(status: str) -> dict[str, Any]:
    """Return the columns of a payout's event that belong to its status."""
    given: dict[str, dict[str, Any]] = {
        "held": {"held_until": AT, "hold_reason": "ring"},
        "granted": {"granted_at": AT, "entry": insert(valid(LedgerEntry))},
        "settled": {"granted_at": AT, "settled_at": AT, "entry": insert(valid(LedgerEntry))},
        "rejected": {"rejected_at": AT, "code": "quest_exhausted"},
    }
    return {"status": status, **NONE, **given.get(status, {})}


def event_in(status: str) -> QuestEvent:
    return insert(valid(QuestEvent, **columns_of(status)))


def update(event: QuestEvent, **columns: Any) -> int:
    return QuestEvent.unguarded.filter(pk=event.pk).update(**columns)


@pytest.mark.parametrize("before, after, is_legal", PAIRS)
def test_an_event_moves_as_the_table_of_moves_says(before, after, is_legal):
    event = event_in(before)
    columns = columns_of(after)

    if is_legal:
        assert update(event, **columns) == 1
    else:
        with pytest.raises(DatabaseError, match=r"Invalid transition|Cannot update"), transaction.atomic():
            update(event, **columns)

    event.refresh_from_db()
    assert event.status == (after if is_legal else before)


@pytest.mark.parametrize("column", FACT)
def test_the_fact_of_an_event_is_never_changed(column):
    event = event_in("received")

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(event, **{column: FACT[column]})


def test_the_fact_of_an_erased_worker_alone_is_replaced():
    event, other = event_in("received"), event_in("settled")
    allow_erasing(event.worker)

    assert update(event, external_id="erased:1") == 1
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(other, external_id="erased:2")


@pytest.mark.parametrize("status", QuestEventStatus.values)
def test_an_event_is_never_deleted(status):
    event = event_in(status)

    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        QuestEvent.unguarded.filter(pk=event.pk).delete()


@pytest.mark.parametrize("status", ["settled", "rejected"])
def test_an_event_that_has_ended_stays_as_it_is(status):
    event = event_in(status)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(event, message="other")


def points_for(event: QuestEvent) -> PointsEntry:
    return valid(
        PointsEntry, worker=WorkerFactory.create(), quest_event_id=event.pk, amount=5, balance_after=5
    )


@pytest.mark.parametrize("status", ["received", "held", "granted", "settled", "rejected"])
def test_an_event_that_pays_usdc_gets_no_points(status):
    event = event_in(status)

    with pytest.raises(DatabaseError, match="is paid in USDC"), transaction.atomic():
        insert(points_for(event))

    assert not PointsEntry.objects.exists()


def test_an_event_of_points_gets_no_payout_and_its_points_once():
    event = insert(
        valid(QuestEvent, **columns_of("granted") | {"entry": None, "reward_kind": "points", "amount": 5})
    )
    insert(points_for(event))

    with pytest.raises(IntegrityError, match="points_once_per_event"), transaction.atomic():
        insert(points_for(event))
    with (
        pytest.raises(IntegrityError, match="quest_event_has_the_entry_of_its_payout"),
        transaction.atomic(),
    ):
        update(event, entry=insert(valid(LedgerEntry)))


def test_two_events_do_not_share_a_payout():
    event, other = event_in("granted"), event_in("received")

    with pytest.raises(IntegrityError, match="quest_events_entry_id_key"), transaction.atomic():
        update(other, status="granted", granted_at=AT, entry=event.entry)
