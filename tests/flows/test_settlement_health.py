"""Health of payouts: good, warning, critical and back, on the documented thresholds."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from gigstream.core.clock import database_now
from gigstream.remote_calls.models import CircuitBreaker
from payments import services as payments
from payments.models import SettlementAttempt, Transaction
from payments.settlement.health import State, settlement_health
from platforms import services as platforms
from tests.support.database.valid_rows import in_status, insert, valid
from tests.support.factories import WorkerFactory, seconds, started

pytestmark = pytest.mark.django_db


def calls(good, bad, *, minutes_ago=5, milliseconds=100):
    """So many calls to the provider that were answered, and that failed."""
    at = database_now() - timedelta(minutes=minutes_ago)
    payout = insert(in_status(Transaction, "cancelled"))
    SettlementAttempt.unguarded.bulk_create(
        SettlementAttempt(
            transaction=payout,
            number=number + 1,
            service="sandbox",
            operation="transfer",
            started_at=at,
            ended_at=at,
            milliseconds=milliseconds,
            error_class=None if number < good else "network",
        )
        for number in range(good + bad)
    )


def states():
    return {figure.name: figure.state for figure in settlement_health(database_now()).figures}


@pytest.mark.parametrize(
    "good, bad, state",
    [
        (0, 0, State.GOOD),
        (90, 10, State.GOOD),
        (8, 1, State.WARNING),
        (7, 3, State.WARNING),
        (6, 3, State.CRITICAL),
        (0, 1, State.CRITICAL),
    ],
)
def test_the_success_rate(good, bad, state):
    calls(good, bad)
    assert states()["success rate"] == state


@pytest.mark.parametrize(
    "bad, state", [(10, State.GOOD), (11, State.WARNING), (20, State.WARNING), (21, State.CRITICAL)]
)
def test_failures_in_an_hour(bad, state):
    calls(300, bad)
    assert states()["failures in an hour"] == state


@pytest.mark.parametrize(
    "milliseconds, state", [(30_000, State.GOOD), (30_001, State.WARNING), (60_001, State.CRITICAL)]
)
def test_the_mean_answer(milliseconds, state):
    calls(2, 0, milliseconds=milliseconds)
    assert states()["mean answer"] == state


@pytest.mark.parametrize("hours, state", [(1, State.GOOD), (3, State.WARNING), (5, State.CRITICAL)])
def test_the_gap_in_which_something_waits(hours, state):
    then = database_now() - timedelta(hours=hours)
    task = started(WorkerFactory(now=then), now=then)
    platforms.complete_task(task_id=task.pk, now=then)
    assert states()["gap"] == State.GOOD
    payments.create_due_payouts(now=then)

    assert states()["gap"] == state


def test_what_is_an_hour_old_does_not_count():
    calls(0, 1, minutes_ago=61)
    assert settlement_health(database_now()).state == State.GOOD


def test_an_open_breaker_and_a_switch_are_warnings():
    now = database_now()
    insert(valid(CircuitBreaker, state="open", opened_at=now, retry_at=now + seconds(30), open_seconds=30))
    payments.stop_payments(scope="payouts", reason="odd amounts", by="1", now=now)

    assert {name for name, state in states().items() if state == State.WARNING} == {"breakers", "stopped"}


def test_it_is_told_by_readyz_and_by_a_command(client):
    def told():
        out = StringIO()
        try:
            call_command("settlement_health", stdout=out)
        except CommandError as error:
            return client.get("/readyz").json()["payouts"], str(error)
        return client.get("/readyz").json()["payouts"], ""

    assert told() == ("ok", "")
    calls(8, 1)
    assert told() == ("warning: success rate 88 % (good from 90 %, critical below 70 %)", "")
    calls(0, 4)
    critical = "critical: success rate 61 % (good from 90 %, critical below 70 %)"
    assert told() == (critical, critical)
    calls(100, 0)
    assert told() == ("ok", "")
