"""The deletion of who played what, beside corrections of the same days and drafts of distributions."""

from datetime import UTC, date, datetime
from functools import partial

import pytest

from payments import services as payments
from payments.models import Distribution
from payments.royalties.errors import ListenersNotKnown
from platforms import services as platforms
from platforms.models import CreatorDay, Listener, PlatformDay, PlatformListenerDay
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import paying_platform, play, run_until_final
from tests.support.creators.usage import event, have_months, usage_faults, void
from tests.support.database.interleaving import first_then_second
from tests.support.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)
DAY = NOW.date()
# The quarter has been over for 35 days.
LATE = datetime(2026, 5, 6, 12, tzinfo=UTC)
prune = partial(platforms.prune_listener_days, now=LATE)


@pytest.fixture
def song():
    have_months()
    return work(creator(paying_platform()), published_on=date(2025, 1, 1))


def backfill(song, name):
    return platforms.backfill_usage(
        platform_id=song.platform_id, items=[event(song, listener=name)], reason="an outage", now=LATE
    )[0]


def draft(song):
    return payments.draft_distribution(
        platform_id=song.platform_id, first=DAY, last=DAY, mode="user_centric", amount="10", now=LATE
    )


def counted():
    return CreatorDay.objects.values_list("plays", "listeners").get()


def test_ten_runs_delete_each_row_once_beside_ten_backfills(at_once, books_balance, song, settings):
    settings.DAILY_BATCH_SIZE = 3
    names = [f"fan-{number}" for number in range(20)]
    for name in names:
        play(song, name)

    done, refusals = at_once(*[prune] * 10, *[partial(backfill, song, f"late-{n}") for n in range(10)])
    prune()

    assert refusals == []
    corrections = [one for one in done if not isinstance(one, int)]
    counted_late = sum(one.listeners_final_on == [] for one in corrections)
    assert counted() == (30, 20 + counted_late)
    assert not PlatformListenerDay.objects.exists()
    assert Listener.objects.filter(known_since=DAY).count() == 30
    assert usage_faults() == []
    books_balance()


def test_a_correction_that_waits_for_the_declaration_leaves_the_listeners(song, books_balance):
    (ref,) = play(song)

    deleted, correction = first_then_second(prune, partial(void, song.platform, ref, now=LATE))

    assert correction.listeners_final_on == [DAY]
    assert (deleted, counted()) == (3, (0, 1))
    books_balance()


def test_a_declaration_that_waits_for_a_correction_finds_its_listeners(song, books_balance):
    (ref,) = play(song)
    play(song, "bob")

    correction, deleted = first_then_second(partial(void, song.platform, ref, now=LATE), prune)

    assert correction.listeners_final_on == []
    assert (deleted, counted()) == (3, (1, 1))
    books_balance()


def test_a_declaration_that_waits_for_a_draft_leaves_its_days(song, books_balance):
    play(song)
    run_until_final(LATE)

    found, deleted = first_then_second(partial(draft, song), prune)

    assert (found.creators, deleted) == (1, 0)
    assert PlatformDay.objects.get().listeners_final_at is None
    books_balance()


def test_a_draft_that_waits_for_the_declaration_is_refused(song, books_balance):
    play(song)
    run_until_final(LATE)

    deleted, refusal = first_then_second(prune, partial(draft, song))

    assert (deleted, type(refusal)) == (3, ListenersNotKnown)
    assert not Distribution.objects.exists()
    books_balance()
