"""Readers of who played what, on days of which only the number of listeners is left."""

from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.log.context import acting_as
from audit.log.enums import ActorType
from payments import services as payments
from payments.models import Statement
from payments.royalties.errors import ListenersNotKnown
from platforms import services as platforms
from platforms.models import Listener, PlatformDay, UsageFinding
from platforms.usage.enums import RuleKind
from tests.support.books import violated
from tests.support.creators.catalogue import creator
from tests.support.creators.pruning import (
    DAY,
    LATE,
    backfill,
    counts,
    old_song,
    prune,
    pruned_song,
    require_whole,
)
from tests.support.creators.royalties import count_use, paying_platform, play, run_until_final, shares_of
from tests.support.creators.usage import event, have_months, report
from tests.support.database.snapshots import everything
from tests.support.factories import NOW

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


# --- Artificial use -----------------------------------------------------------------------------------------
def find(song, *, now, **thresholds):
    for kind in RuleKind:
        with acting_as(ActorType.STAFF, "4"):
            platforms.set_usage_rule(
                platform_id=song.platform_id,
                kind=kind,
                threshold=thresholds.get(str(kind), 0),
                reason="a trial",
                now=now,
            )
    platforms.find_artificial_use(now=now)
    return list(UsageFinding.objects.order_by("pk").values_list("day", "kind", "plays"))


def test_who_played_on_a_day_that_was_pruned_is_no_stranger(pruned):
    have_months(LATE)
    for name in ("ann", "bob", "new"):
        play(pruned, name, times=5, at=LATE, now=LATE)

    found = find(pruned, now=LATE + timedelta(days=2), no_history=2)

    assert found == [(LATE.date(), "no_history", 3)]


def test_who_was_added_to_a_day_that_was_pruned_is_no_stranger(pruned):
    have_months(LATE)
    backfill(pruned, event(pruned, listener="new"), event(pruned, "comment", listener="silent"))
    for name in ("new", "silent"):
        play(pruned, name, times=5, at=LATE, now=LATE)

    found = find(pruned, now=LATE + timedelta(days=2), no_history=2)

    assert found == [(LATE.date(), "no_history", 3)]


def test_who_came_on_the_day_itself_is_a_stranger_of_that_day(song):
    play(song, "ann", times=5)
    play(song, "bob")
    prune()
    later = NOW + timedelta(days=1)
    plays = [event(song, listener=name, at=later) for name in ("ann", "bob", "new") for _ in range(4)]
    backfill(song, *plays)

    found = find(song, now=LATE + timedelta(days=2), no_history=2)

    assert sorted(found) == [(DAY, "no_history", 3), (later.date(), "no_history", 2)]


def test_rules_look_at_a_day_that_was_pruned_when_it_changes(pruned):
    backfill(pruned, *(event(pruned, seconds=5) for _ in range(3)))

    assert find(pruned, now=LATE, short_play=30) == [(DAY, "short_play", 3)]
    require_whole()


# --- Sharing ------------------------------------------------------------------------------------------------
def test_listeners_who_are_no_longer_known_share_nothing(pruned):
    april = NOW + timedelta(days=40)
    have_months(april)
    play(pruned, at=april, now=april)
    before = everything()

    def draft(mode, first=DAY):
        given = {"platform_id": pruned.platform_id, "last": april.date(), "amount": "10", "now": LATE}
        return payments.draft_distribution(first=first, mode=mode, **given)

    with pytest.raises(ListenersNotKnown, match="who listened on 2026-03-02 is no longer known") as caught:
        draft("user_centric")
    assert caught.value.numbers == {"day": "2026-03-02", "days": "1"}
    assert everything() == before
    # All plays are known, and listeners of later days.
    assert shares_of(draft("pro_rata")) == {"The Band": Decimal(10)}
    assert shares_of(draft("user_centric", first=april.date())) == {"The Band": Decimal(10)}
    require_whole()


def test_a_draft_whose_listeners_are_final_is_not_shared_anew(song):
    play(song)
    found = payments.draft_distribution(
        platform_id=song.platform_id, first=DAY, last=DAY, mode="user_centric", amount="10", now=LATE
    )
    count_use(LATE)
    PlatformDay.unguarded.update(listeners_final_at=LATE)
    before = everything()

    for act in (payments.recount_distribution, payments.approve_distribution):
        payments.accrue_royalties(now=LATE)
        before = everything()
        with pytest.raises(ListenersNotKnown):
            act(distribution_id=found.pk, now=LATE)
        assert everything() == before


def test_a_statement_leaves_out_what_it_cannot_know():
    song = old_song(of=creator(paying_platform()), rate="0.01")
    play(song)
    # The platform has no royalties yet, so nothing keeps its days.
    prune()

    run_until_final(LATE)

    statement = Statement.objects.get()
    assert (statement.plays, statement.pro_rata, statement.user_centric) == (1, Decimal("0.01"), None)
    assert violated() == {}


# --- Listeners ----------------------------------------------------------------------------------------------
def test_erasing_somebody_whose_rows_are_gone_takes_no_count_along(pruned):
    platforms.erase_listener(platform_id=pruned.platform_id, listener="ann", now=LATE)

    assert counts() == (3, 2)
    assert prune(LATE + timedelta(days=1)) == 0
    require_whole()


def test_the_rows_of_somebody_who_was_erased_go_with_the_others(song):
    play(song, "ann")
    platforms.erase_listener(platform_id=song.platform_id, listener="ann", now=NOW)

    assert prune() == 3
    assert Listener.objects.get().known_since == DAY


def test_a_listener_who_moves_to_a_new_key_stays_known(pruned, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    assert platforms.rotate_listener_keys(now=LATE) == 1
    have_months(LATE)
    play(pruned, "ann", times=5, at=LATE, now=LATE)

    assert find(pruned, now=LATE + timedelta(days=2), no_history=2) == []
    assert Listener.objects.count() == 2


def test_a_report_is_written_by_as_many_statements_as_before(pruned):
    have_months(LATE)
    other = old_song()
    written = []
    for one in (other, pruned):
        report(one.platform, event(one, at=LATE, listener="first"), now=LATE)
        with CaptureQueriesContext(connection) as statements:
            report(one.platform, event(one, at=LATE, listener="second"), now=LATE)
        written.append(len(statements))

    assert written[0] == written[1]
