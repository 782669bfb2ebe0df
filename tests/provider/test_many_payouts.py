"""Many payouts while a call in twenty goes wrong: none is lost, none is doubled. `make faults` does it
with 10,000 and prints the duration."""

import os
import random
import time
from datetime import UTC, datetime

import pytest

from payments import services as payments
from payments.models import SettlementAttempt, Transaction
from tests.support.circle_agreement import Time, require_agreement
from tests.support.factories import PlatformFactory, WorkerFactory, running_stream, seconds
from tests.support.servers.circle import START
from workers.profiles.enums import PayoutSchedule

# With real commits: a transaction about the whole would stand idle for longer than the database lets it.
pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.fromtimestamp(START, UTC)
MANY = int(os.environ.get("GIGSTREAM_TEST_PAYOUTS", "40"))
ROUNDS = 20
FAULTS = ["timeout_before", "timeout_after", "reset_before", "reset_after", "error_before", "error_after"]
FATES = ["stuck", "denied", "failed", "skips_confirmed", "unheard_of"]
ONE_IN = 20


def pending(count):
    """So many pending payouts, a round of them from each release of their workers' streams; the end of it."""
    platform = PlatformFactory(funds="10000000", now=NOW)
    for _ in range(count // ROUNDS):
        worker = WorkerFactory(now=NOW)
        payments.set_payout_schedule(worker_id=worker.pk, schedule=PayoutSchedule.AT_ONCE, now=NOW)
        running_stream(worker, platform=platform, total="1200", duration=60 * ROUNDS, now=NOW)
    for number in range(1, ROUNDS + 1):
        at = NOW + seconds(60 * number)
        payments.release_due_streams(now=at)
        payments.create_due_payouts(now=at)
    assert Transaction.objects.filter(type="payout", status="pending").count() == count
    return at


def test_none_is_lost_and_none_is_doubled(circle_pays, simulator, settings, record_property):
    settings.CIRCLE_READ_SECONDS = 0.5
    simulator.control("fund", walletId=settings.CIRCLE_HOUSE_WALLET_ID, amount="10000000")
    later = Time(simulator, at=pending(MANY))
    simulator.advance((later.now - NOW).total_seconds())
    chance = random.Random(20260302)
    for call, kinds in (("transfer", FAULTS), ("transfer", FATES), ("transaction", FAULTS)):
        for _ in range(MANY // ONE_IN):
            kind = {"fate" if kinds is FATES else "fault": chance.choice(kinds)}
            simulator.wrong(call, after=chance.randrange(MANY // 2), seconds=0.1, **kind)

    began = time.monotonic()
    later.tick(0)
    later.until_all_ended(most=200 + MANY // 10)

    took = time.monotonic() - began
    ended = dict.fromkeys(("confirmed", "failed"), 0)
    for status in Transaction.objects.filter(type="payout").values_list("status", flat=True):
        ended[status] += 1
    calls = SettlementAttempt.objects.count()
    told = f"{MANY} payouts in {took:.0f} s: {ended}, {calls} calls on record"
    record_property("settlement", told)
    assert sum(ended.values()) == MANY
    assert ended["confirmed"] > MANY * 0.9
    require_agreement(simulator, since=NOW, now=later.now)
