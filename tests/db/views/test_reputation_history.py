"""Reputation of a worker: every event with its tier."""

import pytest

from reputation.scores import services as reputation
from reputation.scores.calculations import tier_of
from reputation.scores.reports import ReputationHistory
from tests.support.factories import (
    WorkerFactory,
)
from tests.support.histories import (
    columns,
    completed,
    days,
)

pytestmark = pytest.mark.django_db


def test_reputation_history_of_a_new_worker_is_empty(now):
    assert list(ReputationHistory.objects.filter(worker=WorkerFactory(now=now))) == []


def test_reputation_history_tells_every_event_with_its_tier(now, platform):
    worker = WorkerFactory(now=now)
    task = completed(worker, platform=platform, at=now - days(1), due_at=now, rating=5)
    event = reputation.adjust_reputation(worker_id=worker.pk, delta=600, reason="a mistake", now=now)

    rows = list(ReputationHistory.objects.filter(worker=worker).order_by("number"))

    assert [
        (row.number, row.event_type, row.task_id, row.delta, row.new_score, row.tier) for row in rows
    ] == [
        (1, "task_completed", task.pk, 15, 515, "Bronze"),
        (2, "rating_received", task.pk, 5, 520, "Bronze"),
        (3, "manual_adjustment", None, 600, 1000, "Diamond"),
    ]
    assert columns(rows[2]) == {
        "event": event.pk,
        "worker": worker.pk,
        "number": 3,
        "happened_at": now,
        "event_type": "manual_adjustment",
        "task": None,
        "delta": 600,
        "previous_score": 520,
        "new_score": 1000,
        "change": 480,
        "tier": "Diamond",
        "reason": "a mistake",
    }


def test_tiers_are_those_of_the_calculations(now):
    worker = WorkerFactory(now=now)
    scores = [0, 399, 400, 599, 600, 699, 700, 799, 800, 899, 900, 1000]
    for before, after in zip([500, *scores], scores, strict=False):
        reputation.adjust_reputation(worker_id=worker.pk, delta=after - before, reason="to see", now=now)

    rows = ReputationHistory.objects.filter(worker=worker).order_by("number")

    assert [(row.new_score, row.tier) for row in rows] == [(score, tier_of(score)) for score in scores]
