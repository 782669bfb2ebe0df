"""Sync health: good, warning, critical and back, on the documented thresholds."""

import re
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from prometheus_client.parser import text_string_to_metric_families

from gigstream.core.clock import database_now
from gigstream.remote_calls.models import CircuitBreaker
from payments.models import ChainAttempt, ChainOperation, GasSpending
from payments.oracle.health import oracle_health, platform_health, service_figures
from payments.oracle.selectors.figures import sync_figures
from payments.settlement.health import State, settlement_health
from tests.support.api.client import Api
from tests.support.database.clock import stop_clock
from tests.support.database.valid_rows import columns_of, insert, valid
from tests.support.factories import NOW, PlatformFactory, seconds

pytestmark = pytest.mark.django_db


def of_status(status, **changes):
    """Return an operation in this status, with these columns."""
    return valid(ChainOperation, **{**columns_of(ChainOperation, status), **changes})


def calls(good, bad, *, minutes_ago=5, milliseconds=100, operation=None):
    at = database_now() - timedelta(minutes=minutes_ago)
    operation = operation or insert(of_status("confirmed", ended_at=at, read_back_at=at))
    ChainAttempt.unguarded.bulk_create(
        ChainAttempt(
            chain_operation=operation,
            number=number + 1,
            service="oracle",
            operation="execute",
            started_at=at,
            ended_at=at,
            milliseconds=milliseconds,
            error_class=None if number < good else "network",
        )
        for number in range(good + bad)
    )
    return operation


def states():
    return {figure.name: figure.state for figure in oracle_health(database_now()).figures}


@pytest.mark.parametrize(
    "good, bad, state",
    [
        (0, 0, State.GOOD),
        (90, 10, State.GOOD),
        (899, 101, State.WARNING),
        (7, 3, State.WARNING),
        (699, 301, State.CRITICAL),
        (0, 1, State.CRITICAL),
    ],
)
def test_the_success_rate_is_not_rounded_up(good, bad, state):
    calls(good, bad)
    assert states()["success rate"] == state


@pytest.mark.parametrize(
    "bad, state",
    [(9, State.GOOD), (10, State.WARNING), (19, State.WARNING), (20, State.CRITICAL)],
)
def test_failures_in_an_hour(bad, state):
    calls(400, bad)
    assert states()["failures in an hour"] == state


@pytest.mark.parametrize(
    "milliseconds, state",
    [(29_999, State.GOOD), (30_000, State.WARNING), (60_000, State.CRITICAL)],
)
def test_the_mean_answer(milliseconds, state):
    calls(2, 0, milliseconds=milliseconds)
    assert states()["mean answer"] == state


@pytest.mark.parametrize(
    "minutes, state", [(119, State.GOOD), (121, State.WARNING), (239, State.WARNING), (241, State.CRITICAL)]
)
def test_the_gap_in_which_something_waits(minutes, state):
    assert states()["gap"] == State.GOOD
    insert(valid(ChainOperation, created_at=database_now() - timedelta(minutes=minutes)))

    assert states()["gap"] == state


def test_nothing_due_is_no_gap():
    long_ago = database_now() - timedelta(days=3)
    insert(of_status("confirmed", ended_at=long_ago, read_back_at=long_ago))
    assert states()["gap"] == State.GOOD


def test_an_open_breaker_is_a_warning_of_the_oracle_and_not_of_payouts():
    now = database_now()
    row = valid(CircuitBreaker, service="oracle", state="open", opened_at=now, retry_at=now + seconds(30))
    row.open_seconds = 30
    insert(row)

    assert states()["breaker"] == State.WARNING
    assert settlement_health(now).state == State.GOOD


@pytest.mark.parametrize(
    "spent, state",
    [("39.99", State.GOOD), ("40", State.WARNING), ("49.99", State.WARNING), ("50", State.CRITICAL)],
)
def test_the_budget_for_gas(spent, state):
    insert(valid(GasSpending, spent_at=database_now(), fee=Decimal(spent)))
    assert states()["gas budget"] == state


def test_dead_operations_and_differing_creators_are_warnings_for_a_week():
    now = database_now()
    insert(of_status("dead", ended_at=now - timedelta(days=6)))
    assert states()["dead operations"] == State.WARNING
    ChainOperation.unguarded.update(ended_at=now - timedelta(days=8))
    assert states()["dead operations"] == State.GOOD


def test_reliability_failed_transactions_and_delay_are_above_their_thresholds():
    now = database_now()
    at = now - timedelta(minutes=5)
    for _ in range(95):
        insert(of_status("confirmed", created_at=at, ended_at=at, read_back_at=at))
    for _ in range(5):
        insert(of_status("dead", created_at=at, ended_at=at))

    def figures():
        found = service_figures(sync_figures(hours=1, now=now))
        return {figure.name: (figure.value, figure.state) for figure in found}

    assert figures() == {
        "reliability": ("95.0 %", State.WARNING),
        "failed transactions": ("5.0 %", State.WARNING),
        "delay": ("0:00:00", State.GOOD),
    }
    insert(of_status("confirmed", created_at=at - timedelta(hours=1), ended_at=at, read_back_at=at))
    assert figures() == {
        "reliability": ("95.0 %", State.GOOD),
        "failed transactions": ("4.9 %", State.GOOD),
        "delay": ("1:00:00", State.WARNING),
    }


def test_a_platform_sees_its_own_operations(source):
    platform, other = PlatformFactory(), PlatformFactory()
    now = database_now()
    own = insert(of_status("confirmed", platform=platform, ended_at=now, read_back_at=now, created_at=now))
    calls(9, 1, operation=own, minutes_ago=1)
    calls(0, 5, operation=insert(of_status("dead", platform=other, ended_at=now)), minutes_ago=1)
    insert(valid(GasSpending, operation=own, spent_at=now, fee=Decimal("0.25"), gas_used=60_000))
    source.events = 1000

    found = Api.of(platform, scopes=["catalogue:read"]).get("sync-health?hours=2").json()

    assert (found["hours"], found["state"], found["attempts"], found["failed_attempts"]) == (2, "good", 10, 1)
    assert found["operations"] == {"pending": 0, "submitted": 0, "confirmed": 1, "dead": 0}
    assert found["error_counts"] == {"network": 1, "gas": 0, "nonce": 0, "execution": 0, "unknown": 0}
    assert (found["success_percent"], found["reliability_percent"]) == ("90.0", "100.0")
    assert (found["gas_fee"], found["gas_used"], found["transactions"]) == ("0.250000", 60_000, 1)
    assert (found["events"], found["off_chain_percent"]) == (1000, "99.9")
    assert found["is_stopped_by_budget"] is False
    assert platform_health(sync_figures(hours=2, now=now, platform_id=other.pk), now).state == State.CRITICAL


@pytest.mark.parametrize("hours", ["0", "745", "x", "-1", "1.5"])
def test_hours_are_from_one_to_a_month(hours):
    answer = Api.of(PlatformFactory(), scopes=["catalogue:read"]).get(f"sync-health?hours={hours}")
    assert answer.status_code == 400


def test_it_is_said_by_readyz_and_by_a_command(client):
    def said():
        out = StringIO()
        try:
            call_command("oracle_status", "--hours", "24", stdout=out)
        except CommandError as error:
            return client.get("/readyz").json()["oracle"], str(error)
        return client.get("/readyz").json()["oracle"], ""

    assert said() == ("ok", "")
    calls(0, 30)

    state, error = said()
    assert state.startswith("critical: success rate 0.0 %")
    assert "failures in an hour 30" in error
    assert client.get("/readyz").status_code == 200


class Watch:
    """The oracle as /readyz, the metrics and the command show it, at a time that is set."""

    def __init__(self, client, at):
        self.client, self.at = client, at

    def later(self, **span):
        self.at += timedelta(**span)
        stop_clock(self.at)

    def state(self):
        """Return the state that all of them agree on."""
        said = self.client.get("/readyz").json()["oracle"]
        state = "good" if said == "ok" else said.partition(":")[0]
        out = StringIO()
        fails = pytest.raises(CommandError, match=re.escape(said)) if state == "critical" else nullcontext()
        with fails:
            call_command("oracle_status", "--hours", "1", stdout=out)
        lines = [line.split(maxsplit=1)[0] for line in out.getvalue().splitlines() if line[0] != " "]
        service = len(service_figures(sync_figures(hours=1, now=self.at)))
        worst = max(lines[:-service], key=["good", "warning", "critical"].index)
        assert worst == state
        return state

    def metric(self, name):
        answer = self.client.get(
            "/metrics", headers={"Authorization": "Bearer a-token"}, **{"wsgi.multiprocess": False}
        )
        samples = {
            sample.name: sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }
        return samples[f"gigstream_oracle_{name}"]


@pytest.fixture
def watch(client, settings):
    settings.METRICS_TOKEN = "a-token"
    found = Watch(client, NOW.replace(day=10))
    found.later()
    return found


def test_failures_make_it_warn_become_critical_and_end_after_an_hour(watch):
    assert watch.state() == "good"
    calls(100, 0, minutes_ago=0)
    for bad, in_all, state in ((9, 9, "good"), (1, 10, "warning"), (9, 19, "warning"), (1, 20, "critical")):
        calls(0, bad, minutes_ago=0)
        assert (watch.state(), watch.metric("failures_last_hour")) == (state, in_all)
    assert watch.metric("calls_last_hour") == 120

    watch.later(minutes=59)
    assert watch.state() == "critical"
    watch.later(minutes=1)
    assert (watch.state(), watch.metric("failures_last_hour")) == ("good", 0)


def test_a_falling_success_rate_makes_it_warn_become_critical_and_rises_again(watch):
    calls(9, 1, minutes_ago=0)
    assert watch.state() == "good"
    calls(0, 1, minutes_ago=0)
    assert watch.state() == "warning"
    calls(5, 4, minutes_ago=0)
    assert watch.state() == "warning"
    calls(0, 1, minutes_ago=0)
    assert watch.state() == "critical"
    calls(3, 0, minutes_ago=0)
    assert watch.state() == "warning"
    calls(47, 0, minutes_ago=0)
    assert watch.state() == "good"


def test_a_record_that_waits_makes_it_warn_and_become_critical_until_it_is_confirmed(watch):
    waiting = insert(valid(ChainOperation, created_at=watch.at))
    steps = ((7200, "good"), (1, "warning"), (7199, "warning"), (1, "critical"))
    for more, state in steps:
        watch.later(seconds=more)
        assert watch.state() == state
    assert watch.metric("oldest_open_seconds") == 14_401

    ChainOperation.unguarded.filter(pk=waiting.pk).update(
        status="submitted", transfer_id="t", submitted_at=watch.at, is_in_flight=True
    )
    ChainOperation.unguarded.filter(pk=waiting.pk).update(
        status="confirmed", ended_at=watch.at, read_back_at=watch.at, next_attempt_at=None, is_in_flight=False
    )

    assert watch.state() == "good"


def test_a_budget_that_is_used_up_makes_it_critical_until_the_month_ends(watch):
    for spent, state in (("39.99", "good"), ("0.01", "warning"), ("9.99", "warning"), ("0.01", "critical")):
        insert(valid(GasSpending, spent_at=watch.at, fee=Decimal(spent)))
        assert watch.state() == state
    assert watch.metric("gas_fee_usdc") == 50

    watch.later(days=31)

    assert (watch.state(), watch.metric("gas_fee_usdc")) == ("good", 0)
