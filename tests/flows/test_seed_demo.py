"""The demo's history: the promised counts, twice, and books that stay right while the system runs on."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from audit.invariants import all_invariants
from gigstream.demo_data import PLATFORM_API_KEY
from gigstream.lib.clock import database_now
from gigstream.management.commands.seed_demo import summary
from gigstream.management.demo_story import Story
from loans.models import Loan
from payments import services as payments
from payments.models import LedgerEntry, Stream, Transaction
from platforms.enums import ApiScope
from platforms.models import Task
from platforms.selectors import usable_key
from tests.factories import sandbox
from workers.models import Worker

pytestmark = pytest.mark.django_db

PROMISED = {
    "workers": 10,
    "platforms": 5,
    "tasks": 20,
    "streams": 8,
    "payouts with a tx hash": 11,
    "reputation events": 21,
    "loans": 5,
}


def seed() -> dict[str, int]:
    call_command("seed_demo", stdout=StringIO())
    return summary()


def broken() -> dict[str, list[str]]:
    """The invariants that do not hold, with their offenders."""
    found = {invariant.name: invariant.find() for invariant in all_invariants()}
    return {name: offenders for name, offenders in found.items() if offenders}


def test_it_makes_what_it_promises_and_nothing_the_second_time():
    first = seed()
    second = seed()

    assert first == second
    assert {name: first[name] for name in PROMISED} == PROMISED
    assert first["audit logs"] >= 30
    assert broken() == {}


def test_its_people_and_work_are_varied():
    seed()

    scores = list(Worker.objects.values_list("reputation_score", flat=True))
    assert min(scores) >= 550
    assert max(scores) <= 920
    assert max(scores) - min(scores) >= 300
    assert set(Task.objects.values_list("task_type", flat=True)) == {"fixed", "milestone", "time_based"}
    assert len(set(Task.objects.values_list("status", flat=True))) == 6
    assert set(Stream.objects.values_list("status", flat=True)) == {"active", "completed"}
    assert {"repaid", "repaying", "disbursed"} <= set(Loan.objects.values_list("status", flat=True))
    key = usable_key(PLATFORM_API_KEY, database_now())
    assert key.platform.name == "QuickTask"
    assert set(key.scopes) == set(ApiScope.values) - {"withdrawals:write"}


def test_the_books_balance_after_an_hour_of_ticks():
    now = database_now() - timedelta(hours=1)
    Story(now).tell()
    released, confirmed = LedgerEntry.objects.filter(kind="release").count(), 11

    for minute in range(60):
        at = now + timedelta(minutes=minute)
        payments.release_due_streams(now=at)
        payments.create_due_payouts(now=at)
        payments.submit_payouts(now=at, provider=sandbox(at))
        payments.poll_settlements(now=at, provider=sandbox(at))

    assert LedgerEntry.objects.filter(kind="release").count() >= released + 5 * 59
    assert Transaction.objects.filter(type="payout", status="confirmed").count() > confirmed
    assert broken() == {}
