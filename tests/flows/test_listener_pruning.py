"""Listeners of old days: who played what is deleted once nothing follows from it, and the counts stay."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.core.unit import rehearsal
from payments import services as payments
from payments.models import Distribution, RoyaltyPeriod
from platforms import services as platforms
from platforms.models import Listener, PlatformDay, PlatformEvent
from platforms.platforms.scopes import scope_names
from platforms.services import Amendment
from platforms.usage.services import pruning
from tests.support.api.client import Api
from tests.support.creators.catalogue import creator, work
from tests.support.creators.pruning import (
    DAY,
    LATE,
    backfill,
    count_rows,
    counts,
    old_song,
    prune,
    pruned_song,
    require_whole,
)
from tests.support.creators.royalties import count_use, paying_platform, play, run_until_final, set_terms
from tests.support.creators.usage import day_rows, event, have_months, void
from tests.support.database.snapshots import everything
from tests.support.factories import NOW
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def months():
    have_months()


@pytest.fixture
def song():
    return old_song()


@pytest.fixture
def pruned():
    return pruned_song()


def rebuild(platform):
    platforms.rebuild_days(
        platform_id=platform.pk, first=date(2025, 10, 1), last=date(2026, 9, 1), reason="a test", now=LATE
    )


# --- When ---------------------------------------------------------------------------------------------------
def test_the_rows_of_a_quarter_go_35_days_after_it_and_its_counts_stay(song):
    play(song, "ann", times=2)
    play(song, "bob")
    before = day_rows()

    assert prune(LATE - timedelta(days=1)) == 0
    assert count_rows() == (2, 2, 2)
    assert prune() == 6

    assert count_rows() == (0, 0, 0)
    assert day_rows() == before
    assert counts() == (3, 2)
    day = PlatformDay.objects.get()
    assert (day.listeners_final_at, day.listeners_pruned_at) == (LATE, LATE)
    line = AuditLog.objects.get(action="usage.prune")
    assert (line.resource_id, line.changes_after) == (str(song.platform_id), {"days": 1})
    require_whole()


def test_a_run_that_comes_again_changes_nothing(pruned):
    before = everything()

    assert prune(LATE + timedelta(days=1)) == 0

    assert everything() == before


def test_days_of_a_quarter_that_is_not_over_stay_though_their_month_is_final():
    song = old_song(of=creator(paying_platform()))
    january = datetime(2026, 1, 15, 12, tzinfo=UTC)
    play(song, at=january, now=january + timedelta(days=1))
    april = datetime(2026, 4, 20, 12, tzinfo=UTC)
    run_until_final(april)
    assert RoyaltyPeriod.objects.get().status == "final"

    assert prune(datetime(2026, 3, 30, tzinfo=UTC)) == prune(april) == 0
    payments.accrue_royalties(now=LATE)
    assert prune() == 3
    require_whole()


def test_the_days_of_each_platform_go_by_its_own_periods(song):
    other = old_song(of=creator(paying_platform()))
    set_terms(other.platform, grace_days=60)
    play(song)
    play(other)
    run_until_final(LATE)
    assert RoyaltyPeriod.objects.get(platform=other.platform).status == "grace"

    # The other one's quarter has a grace until the end of May.
    assert prune() == 3
    assert PlatformDay.objects.get(listeners_final_at=None).platform_id == other.platform.number
    after_grace = datetime(2026, 5, 31, 1, tzinfo=UTC)
    assert prune(after_grace - timedelta(days=1)) == 0
    run_until_final(after_grace)
    assert prune(after_grace) == 3
    require_whole()


def test_days_that_are_not_accrued_or_wait_to_be_accrued_again_stay():
    song = old_song(of=creator(paying_platform()))
    set_terms(song.platform)
    (ref,) = play(song)
    play(song, "bob")
    assert prune() == 0

    run_until_final(LATE)
    void(song.platform, ref, now=LATE)
    assert prune() == 0
    payments.accrue_royalties(now=LATE)

    assert prune() == 3
    require_whole()


def test_days_of_a_draft_stay_until_it_is_approved_or_cancelled():
    song = old_song(of=creator(paying_platform()))
    play(song)
    run_until_final(LATE)
    given = {"platform_id": song.platform_id, "mode": "user_centric", "amount": "10", "now": LATE}
    found = payments.draft_distribution(first=DAY, last=date(2026, 4, 30), **given)
    assert prune() == 0

    payments.recount_distribution(distribution_id=found.pk, now=LATE)
    payments.cancel_distribution(distribution_id=found.pk, now=LATE)

    assert prune() == 3
    require_whole()


def test_days_of_a_distribution_that_was_approved_go():
    song = old_song(of=creator(paying_platform()))
    play(song)
    run_until_final(LATE)
    count_use(LATE)
    found = payments.draft_distribution(
        platform_id=song.platform_id, first=DAY, last=DAY, mode="user_centric", amount="10", now=LATE
    )
    payments.approve_distribution(distribution_id=found.pk, now=LATE)

    assert prune() == 3
    payments.pay_distributions(now=LATE)

    assert Distribution.objects.get().status == "paid"
    require_whole()


# --- Broken off ---------------------------------------------------------------------------------------------
class Crash(Exception):
    """The end of a process in the middle of its work."""


@contextmanager
def crash_at(statement, number):
    """Have the process end when it runs such a statement for the nth time."""
    seen = []

    def watch(execute, sql, *arguments):
        if statement in sql:
            seen.append(sql)
            if len(seen) == number:
                raise Crash
        return execute(sql, *arguments)

    with connection.execute_wrapper(watch), pytest.raises(Crash):
        yield


@pytest.mark.parametrize(
    ("statement", "number", "left"),
    spread(
        [
            ("DELETE FROM work_listener_days", 1, (5, 5, 5)),
            ("DELETE FROM work_listener_days", 3, (1, 5, 5)),
            ("DELETE FROM creator_listener_days", 2, (0, 3, 5)),
            ("DELETE FROM platform_listener_days", 2, (0, 0, 3)),
            ('"listeners_pruned_at" =', 1, (0, 0, 0)),
        ],
        of="killed runs",
        one_in=5,
    ),
)
def test_a_run_that_is_killed_between_two_batches_leaves_whole_counts_and_is_gone_on_with(
    song, settings, statement, number, left
):
    settings.DAILY_BATCH_SIZE = 2
    refs = [ref for name in ("ann", "bob", "eve", "joe", "sue") for ref in play(song, name)]
    with crash_at(statement, number):
        prune()
    assert count_rows() == left
    assert counts() == (5, 5)
    require_whole()

    # In between the day is corrected, added to and counted anew as one whose rows are gone.
    void(song.platform, refs[0], now=LATE)
    backfill(song, event(song, listener="bob"), event(song, listener="zoe"))
    before = day_rows()
    rebuild(song.platform)
    assert day_rows() == before
    assert counts() == (6, 5)
    require_whole()

    assert prune(LATE + timedelta(days=1)) == sum(left)
    assert count_rows() == (0, 0, 0)
    assert counts() == (6, 5)
    assert PlatformDay.objects.get().listeners_pruned_at == LATE + timedelta(days=1)
    assert Listener.objects.filter(known_since=DAY).count() == 6
    require_whole()


def test_a_run_that_is_killed_before_the_days_are_declared_final_leaves_all(song):
    play(song)

    with crash_at('SET "listeners_final_at"', 1):
        prune()

    assert (count_rows(), PlatformDay.objects.get().listeners_final_at) == ((1, 1, 1), None)


def test_a_run_ends_after_so_many_rows_and_the_next_one_goes_on(song, monkeypatch):
    monkeypatch.setattr(pruning, "MOST_ROWS", 3)
    backfill(song, *(event(song, at=NOW + timedelta(days=days)) for days in range(3)))

    assert [prune(LATE + timedelta(days=days)) for days in range(4)] == [3, 3, 3, 0]

    assert set(PlatformDay.objects.values_list("listeners_final_at", flat=True)) == {LATE}
    require_whole()


def test_nothing_makes_the_listeners_of_a_day_open_again(pruned):
    for column, value in (("listeners_final_at", None), ("listeners", 7)):
        with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
            PlatformDay.unguarded.update(**{column: value})

    assert counts() == (3, 2)


# --- Corrections afterwards ---------------------------------------------------------------------------------
def test_a_void_leaves_the_listeners_and_says_so(song):
    (ann,), (bob,) = play(song, "ann"), play(song, "bob")
    later = NOW + timedelta(days=40)
    have_months(later)
    (new,) = play(song, "ann", at=later, now=later)
    prune()

    correction = void(song.platform, ann, new, now=LATE)

    assert correction.listeners_final_on == [DAY]
    assert [(one["day"], one["plays"], one.get("listeners")) for one in correction.differences] == [
        ("2026-03-02", -1, None),
        ("2026-04-11", -1, -1),
    ]
    assert (counts(), counts(later.date())) == ((1, 2), (0, 0))
    assert void(song.platform, bob, now=LATE).listeners_final_on == [DAY]
    assert counts() == (0, 2)
    reverted = platforms.revert_correction(
        platform_id=song.platform_id, correction_id=correction.pk, reason="it was right", now=LATE
    )
    assert reverted.listeners_final_on == [DAY]
    assert (counts(), counts(later.date())) == ((1, 2), (1, 1))
    require_whole()


def test_a_dry_run_says_so_and_changes_nothing(pruned):
    before = everything()

    with rehearsal():
        correction = backfill(pruned, event(pruned, listener="new"))
        said = (correction.listeners_final_on, [one["plays"] for one in correction.differences])

    assert said == ([DAY], [1])
    assert everything() == before


def test_the_api_says_so_in_a_dry_run_in_its_answer_and_in_the_event():
    now, before = database_now(), database_now() - timedelta(days=200)
    song = work(creator(now=now), now=now, published_on=before.date())
    backfill(song, event(song, at=before), now=now)
    platforms.prune_listener_days(now=now)
    api, day = Api.of(song.platform, scopes=scope_names()), before.date().isoformat()
    body = {"reason": "an outage", "events": [event(song, at=before, listener="new")]}

    dry = api.post("usage/corrections/backfill?dry_run=true", body).json()["answer"]["correction"]
    made = api.post("usage/corrections/backfill", body).json()["correction"]

    assert dry["listeners_final_on"] == made["listeners_final_on"] == [day]
    assert [one.get("listeners") for one in made["differences"]] == [None]
    assert api.get(f"usage/corrections/{made['id']}").json()["listeners_final_on"] == [day]
    newest = PlatformEvent.objects.filter(type="usage.corrected").latest("pk")
    assert newest.payload["listeners_final_on"] == [day]
    assert api.get(f"usage/days?first_day={day}&last_day={day}").json()["days"][0]["listeners"] == 1


def test_a_backfill_adds_plays_and_no_listeners(pruned):
    correction = backfill(pruned, event(pruned, listener="new"), event(pruned, "tip", listener="other"))

    assert correction.listeners_final_on == [DAY]
    (difference,) = correction.differences
    assert (difference["plays"], difference["tips"], difference.get("listeners")) == (1, "2.500000", None)
    assert counts() == (4, 2)
    assert count_rows() == (0, 0, 0)
    require_whole()


def test_an_amendment_takes_a_play_from_a_final_day_to_one_that_counts(song):
    (ref,) = play(song)
    later = NOW + timedelta(days=40)
    prune()

    correction = platforms.amend_usage(
        platform_id=song.platform_id,
        amendments=[Amendment(number=ref.number, occurred_at=NOW, new_time=later)],
        reason="a month late",
        now=LATE,
    )

    assert correction.listeners_final_on == [DAY]
    assert (counts(), counts(later.date())) == ((0, 1), (1, 1))
    assert count_rows() == (1, 1, 1)
    require_whole()


def test_a_correction_of_other_days_says_nothing(pruned):
    april = NOW + timedelta(days=40)
    have_months(april)
    (ref,) = play(pruned, at=april, now=april)

    assert void(pruned.platform, ref, now=LATE).listeners_final_on == []


def test_a_day_that_is_added_to_a_final_quarter_counts_its_listeners_until_the_next_run(pruned):
    other = NOW + timedelta(days=3)

    correction = backfill(pruned, event(pruned, at=other), event(pruned, at=other, listener="new"))

    assert correction.listeners_final_on == []
    assert counts(other.date()) == (2, 2)
    assert prune(LATE + timedelta(days=1)) == 6
    assert (counts(), counts(other.date())) == ((3, 2), (2, 2))
    require_whole()


def test_days_counted_anew_are_identical_and_keep_final_listeners(pruned):
    april = NOW + timedelta(days=40)
    have_months(april)
    play(pruned, "ann", times=3, at=april, now=april)
    before = day_rows()

    rebuild(pruned.platform)

    assert day_rows() == before
    assert count_rows() == (1, 1, 1)
    require_whole()
