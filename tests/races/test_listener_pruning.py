"""The deletion of who played what, beside corrections of the same days and drafts of distributions."""

from functools import partial

import pytest

from payments import services as payments
from payments.models import Distribution
from payments.royalties.errors import ListenersNotKnown
from platforms.models import Listener, PlatformDay, PlatformListenerDay
from tests.support.creators.catalogue import creator
from tests.support.creators.pruning import DAY, LATE, backfill, counts, old_song, prune
from tests.support.creators.royalties import paying_platform, play, run_until_final
from tests.support.creators.usage import event, have_months, usage_faults, void
from tests.support.database.interleaving import first_then_second

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def song():
    have_months()
    return old_song(of=creator(paying_platform()))


def draft(song):
    return payments.draft_distribution(
        platform_id=song.platform_id, first=DAY, last=DAY, mode="user_centric", amount="10", now=LATE
    )


@pytest.mark.long_form
def test_ten_runs_delete_each_row_once_beside_ten_backfills(at_once, books_balance, song, settings):
    settings.DAILY_BATCH_SIZE = 3
    names = [f"fan-{number}" for number in range(20)]
    for name in names:
        play(song, name)

    done, refusals = at_once(
        *[prune] * 10, *[partial(backfill, song, event(song, listener=f"late-{n}")) for n in range(10)]
    )
    prune()

    assert refusals == []
    corrections = [one for one in done if not isinstance(one, int)]
    late = sum(one.listeners_final_on == [] for one in corrections)
    assert counts() == (30, 20 + late)
    assert not PlatformListenerDay.objects.exists()
    assert Listener.objects.filter(known_since=DAY).count() == 30
    assert usage_faults() == []
    books_balance()


def test_a_correction_that_waits_for_the_declaration_leaves_the_listeners(song, books_balance):
    (ref,) = play(song)

    deleted, correction = first_then_second(prune, partial(void, song.platform, ref, now=LATE))

    assert correction.listeners_final_on == [DAY]
    assert (deleted, counts()) == (3, (0, 1))
    books_balance()


def test_a_declaration_that_waits_for_a_correction_finds_its_listeners(song, books_balance):
    (ref,) = play(song)
    play(song, "bob")

    correction, deleted = first_then_second(partial(void, song.platform, ref, now=LATE), prune)

    assert correction.listeners_final_on == []
    assert (deleted, counts()) == (3, (1, 1))
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
