"""The demo's history: the promised counts, twice, and books that stay right while the system runs on."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from audit.books.invariant_registry import all_invariants
from gigstream.core.clock import database_now
from gigstream.demo.people import PLATFORM_API_KEY
from gigstream.demo.story import Story
from gigstream.management.commands.seed_demo import count_rows
from loans.models import Loan
from payments import services as payments
from payments.models import (
    ChainOperation,
    CreatorSync,
    Distribution,
    LedgerEntry,
    RoyaltyPayment,
    Stream,
    Transaction,
)
from platforms.models import CreatorProfile, PlatformDay, Task, UsageEvent
from platforms.platforms.scopes import scope_names
from platforms.platforms.selectors import find_usable_key
from reputation.models import CreatorMilestone, PointsBalance, Quest, QuestEvent, Reservation, Submission
from reputation.quests import services as quests
from reputation.quests.enums import QuestEventStatus
from reputation.streaks.selectors import read_history
from tests.support.factories import sandbox
from workers.models import SocialAccount, Worker

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
# Months end, and a day's use has only begun: of these there are some more or fewer on other days.
BY_DAY = ("events of use", "audit logs")

MINUTES = 60


@pytest.fixture
def seeded() -> dict[str, int]:
    call_command("seed_demo", stdout=StringIO())
    return count_rows()


def counts_of_readme() -> dict[str, int]:
    """Return the counts of rows that README.md shows, by their names."""
    readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    return {name: int(count) for count, name in re.findall(r"^ *(\d+)  ([a-z ]+)$", readme, re.MULTILINE)}


def broken() -> dict[str, list[str]]:
    """Return the invariants that do not hold, with their offenders."""
    with connection.cursor() as cursor:
        # No job has taken statistics of a history that has just been written.
        cursor.execute("ANALYZE")
    found = {invariant.name: invariant.find() for invariant in all_invariants()}
    return {name: offenders for name, offenders in found.items() if offenders}


def test_it_makes_what_it_promises_and_nothing_the_second_time(seeded):
    call_command("seed_demo", stdout=StringIO())

    assert count_rows() == seeded
    assert {name: seeded[name] for name in PROMISED} == PROMISED
    assert seeded["audit logs"] >= 30
    said = counts_of_readme()
    assert said.keys() == seeded.keys()
    assert {name: said[name] for name in seeded if name not in BY_DAY} == {
        name: count for name, count in seeded.items() if name not in BY_DAY
    }
    assert [name for name in BY_DAY if abs(said[name] - seeded[name]) > said[name] * 0.05] == []
    assert broken() == {}
    its_people_and_work_are_varied()
    its_quests_are_in_use()
    its_music_is_played_and_paid()
    its_creators_are_on_the_chain()


def its_creators_are_on_the_chain():
    record, operation = ChainOperation.objects.order_by("kind")
    assert (record.kind, record.status, record.details["total"]) == ("distribute", "confirmed", "90.000000")
    assert (operation.kind, operation.status, operation.creator_count) == ("update_metrics", "confirmed", 3)
    synced = CreatorSync.objects.filter(confirmed_by=operation).order_by("followers")
    assert list(synced.values_list("followers", flat=True)) == [5, 12, 24]


def its_people_and_work_are_varied():
    scores = list(Worker.objects.values_list("reputation_score", flat=True))
    assert min(scores) >= 550
    assert max(scores) <= 920
    assert max(scores) - min(scores) >= 300
    assert set(Task.objects.values_list("task_type", flat=True)) == {"fixed", "milestone", "time_based"}
    assert len(set(Task.objects.values_list("status", flat=True))) == 6
    assert set(Stream.objects.values_list("status", flat=True)) == {"active", "completed"}
    assert {"repaid", "repaying", "disbursed"} <= set(Loan.objects.values_list("status", flat=True))
    key = find_usable_key(PLATFORM_API_KEY, database_now())
    assert key.platform.name == "QuickTask"
    assert set(key.scopes) == set(scope_names()) - {"withdrawals:write"}


def its_quests_are_in_use():
    assert set(Quest.objects.values_list("status", flat=True)) == {"open"}
    assert set(QuestEvent.objects.values_list("status", flat=True)) == set(QuestEventStatus.values)
    assert Reservation.objects.open().filter(quest__slug="first-task-post").count() == 1
    found = Submission.objects.order_by("created_at")
    assert list(found.values_list("worker__email", "status")) == [
        ("emma@example.com", "approved"),
        ("david@example.com", "appealed"),
        ("iris@example.com", "pending"),
    ]
    points = PointsBalance.objects.filter(platform=None).order_by("-balance")
    assert list(points.values_list("worker__email", "balance")) == [
        ("alice@example.com", 70),
        ("bob@example.com", 30),
        ("grace@example.com", 10),
    ]
    alice = Worker.objects.get(email="alice@example.com")
    streak = read_history(alice, at=database_now()).streak
    assert (streak.days, streak.freezes) == (7, 1)
    assert list(alice.identities.values_list("chain", flat=True)) == ["eip155:1"]
    assert set(SocialAccount.objects.values_list("worker__full_name", flat=True)) >= set(
        QuestEvent.objects.filter(quest__kind="social_check").values_list("worker__full_name", flat=True)
    )


def its_music_is_played_and_paid():
    creators = CreatorProfile.objects.filter(platform__name="MicroGigs").order_by("created_at")
    assert [one.display_name for one in creators] == ["Grace Notes", "Taylor & Strings", "DJ Wilson"]
    days = PlatformDay.objects.filter(platform__name="MicroGigs", plays__gt=0).values_list("day", flat=True)
    assert max(days) - min(days) >= timedelta(days=58)
    assert set(UsageEvent.objects.values_list("kind", flat=True)) == {1, 2, 4, 5, 6, 7}
    reached = CreatorMilestone.objects.order_by("creator__created_at").values_list(
        "creator__display_name", flat=True
    )
    assert list(reached) == ["Grace Notes", "Taylor & Strings"]
    shared = Distribution.objects.get()
    assert (shared.status, shared.amount, shared.creators) == ("paid", 90, 3)
    for creator in creators:
        assert RoyaltyPayment.objects.filter(pay__creator=creator).exists(), creator


@pytest.mark.long_form
def test_the_books_balance_after_an_hour_of_ticks():
    now = database_now() - timedelta(hours=1)
    Story(now).create()
    released, confirmed = LedgerEntry.objects.filter(kind="release").count(), 11

    for minute in range(MINUTES):
        at = now + timedelta(minutes=minute)
        payments.release_due_streams(now=at)
        quests.grant_quest_events(now=at)
        payments.create_due_payouts(now=at)
        payments.submit_payouts(now=at, provider=sandbox(at))
        payments.poll_settlements(now=at, provider=sandbox(at))

    # The post that waited was granted and paid out to the worker whose schedule is at_once.
    post = QuestEvent.objects.get(worker__email="jack@example.com")
    assert (post.status, post.settled_at - now < timedelta(minutes=2)) == ("settled", True)
    assert LedgerEntry.objects.filter(kind="release").count() >= released + 5 * (MINUTES - 1)
    assert Transaction.objects.filter(type="payout", status="confirmed").count() > confirmed
    assert broken() == {}
