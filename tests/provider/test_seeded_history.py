"""The demo's history with Circle's simulator: it settles through it, so both books have it from the start."""

from datetime import timedelta

import pytest
from django.core.management.base import CommandError

from gigstream.core.clock import database_now
from gigstream.demo.story import Story
from gigstream.simulators.past_simulator import PastSimulator
from payments import services as payments
from payments.models import Discrepancy, Reconciliation, Transaction
from payments.settlement.provider.circle import CircleProvider
from reputation.models import Quest
from tests.support.books import violated
from tests.support.servers.circle import house_of, run_simulator
from tests.support.servers.oauth import NAME, use_network

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.long_form
def test_a_seeded_history_is_known_to_circle_and_reconciles(circle_pays, settings, tmp_path):
    now, start = database_now(), database_now() - timedelta(days=120)
    with run_simulator(tmp_path, "--still", "--start", str(start.timestamp())) as simulator:
        house_of(simulator, CircleProvider(), settings, holds="1000000")
        # Workers post in a network that is set up.
        use_network(settings)

        Story(now, PastSimulator().provider_at).create()
        payments.reconcile_settlements(since=start, now=now, provider=CircleProvider())

        sent = {one["id"]: one["txHash"] for one in simulator.transactions()}
    confirmed = Transaction.objects.filter(type__in=["payout", "advance"], status="confirmed")
    assert dict(confirmed.values_list("circle_tx_id", "tx_hash")) == sent
    assert confirmed.filter(type="payout").count() == 11
    assert Quest.objects.get(kind="social_check").network == NAME
    assert list(Discrepancy.objects.values_list("bucket", "subject")) == []
    # All of those, and the advance that leaves with the first run of the jobs.
    assert Reconciliation.objects.get().matched == len(sent) + 1
    assert violated() == {}


def test_a_history_does_not_begin_without_the_simulator(settings):
    settings.CIRCLE_API_URL = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match="simulator does not answer"):
        PastSimulator()
