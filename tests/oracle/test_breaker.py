"""The breaker of the oracle, as a row, against a model of it: for any history of calls and waits."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigstream.remote_calls.models import CircuitBreaker
from gigstream.remote_calls.services import breaker
from payments import services as payments
from payments.models import ChainAttempt, ChainOperation
from payments.oracle.services.providers import SERVICE
from tests.support.factories import NOW, PlatformFactory
from tests.support.long_forms import count
from tests.support.oracle.sandbox import SandboxOracle

pytestmark = pytest.mark.django_db
FAILURES = ("network", "unknown_outcome", "credentials")
STEPS = st.lists(
    st.tuples(
        st.integers(0, 120),
        st.lists(st.sampled_from([None, "gas", "execution", *FAILURES]), min_size=1, max_size=8),
    ),
    max_size=25,
)


@dataclass
class Model:
    """Five failures in a row open it for 30 seconds; each failed trial for twice as long, up to 300."""

    in_a_row: int = 0
    open_seconds: int = 0
    retry_at: int = 0
    is_trial: bool = False

    def permitted(self, wanted, at):
        if not self.open_seconds:
            return wanted
        if at < self.retry_at:
            return 0
        self.is_trial, self.retry_at = True, at + self.open_seconds
        return 1

    def note(self, outcomes, at):
        longest = 0
        for outcome in outcomes:
            self.in_a_row = self.in_a_row + 1 if outcome in FAILURES else 0
            longest = max(longest, self.in_a_row)
        if self.is_trial:
            failed = outcomes[-1] in FAILURES
            self.open_seconds = min(2 * self.open_seconds, 300) if failed else 0
            self.is_trial, self.retry_at = False, at + self.open_seconds
        elif not self.open_seconds and longest >= 5:
            self.open_seconds, self.retry_at = 30, at + 30


@pytest.mark.long_form
@settings(
    max_examples=count(short=40, long=300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_it_permits_what_its_model_permits(steps):
    CircuitBreaker.unguarded.filter(pk=SERVICE).delete()
    model, at = Model(), 0
    for waited, outcomes in steps:
        at += waited
        now = NOW + timedelta(seconds=at)
        permitted = breaker.permitted_calls(SERVICE, len(outcomes), now)
        assert permitted == model.permitted(len(outcomes), at)
        breaker.note_outcomes(SERVICE, outcomes[:permitted], now)
        if permitted:
            model.note(outcomes[:permitted], at)
        row = CircuitBreaker.objects.get(pk=SERVICE)
        assert (row.open_seconds, row.failures_in_a_row) == (model.open_seconds, model.in_a_row)


def test_while_it_is_open_nothing_is_called_and_everything_drains_after():
    chain, platform = SandboxOracle(), PlatformFactory()
    for number in range(1, 13):
        payments.record_distribution(
            platform_id=platform.pk,
            number=number,
            total="1",
            root=f"0x{number:064x}",
            now=chain.now,
            oracle=chain.oracle,
        )
    chain.goes_wrong("estimate_contract", "unreachable", times=6)
    chain.work()
    made = ChainAttempt.objects.count()
    assert made == 5
    assert CircuitBreaker.objects.get(pk=SERVICE).state == "open"

    chain.work(seconds=1, times=9)
    assert ChainAttempt.objects.count() == made
    chain.work(seconds=31)
    assert CircuitBreaker.objects.get(pk=SERVICE).open_seconds == 60
    chain.work(seconds=61)
    chain.work(times=6)

    assert set(ChainOperation.objects.values_list("status", flat=True)) == {"confirmed"}
    assert CircuitBreaker.objects.get(pk=SERVICE).state == "closed"


def test_payouts_are_not_stopped_by_it():
    chain, platform = SandboxOracle(), PlatformFactory()
    for number in range(1, 9):
        payments.record_distribution(
            platform_id=platform.pk,
            number=number,
            total="1",
            root=f"0x{number:064x}",
            now=chain.now,
            oracle=chain.oracle,
        )
    chain.goes_wrong("estimate_contract", "unreachable", times=8)
    chain.work()

    assert breaker.permitted_calls(SERVICE, 1, chain.now) == 0
    assert breaker.permitted_calls("sandbox", 20, chain.now) == 20
