"""Raw events that wait for a store of their own, and what is read of them while PostgreSQL has them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.log.reasons import ReasonMissing
from audit.models import AuditLog
from gigstream.core.errors import IllegalMove
from platforms import services as platforms
from platforms.models import CreatorDay, UsageEvent, UsageReceipt, UsageStoreBatch, UsageStoreSwitch
from platforms.services import Amendment
from platforms.usage.store.calculations import DayDifference, compare_days, unpack_versions
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.errors import UsageStoreUnavailable, UsageStoreUnset
from platforms.usage.store.selectors import recount_creator
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import SUMS, accepted, event, have_months, report, void
from tests.support.factories import NOW

pytestmark = pytest.mark.django_db
# Nobody listens at this port.
NOWHERE = "clickhouse://default:@127.0.0.1:9"
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def months(settings):
    settings.USAGE_STORE_URL = ""
    have_months()


@pytest.fixture
def song():
    return work(creator())


@pytest.fixture
def shadow(settings):
    """Both are written, and the second is away."""
    settings.USAGE_STORE_URL = NOWHERE
    UsageStoreSwitch(mode=StoreMode.SHADOW, decided_by="staff:4", reason="a trial").save()


def waiting():
    """Return the versions that wait, by receipt."""
    return [
        unpack_versions(bytes(one.content)) for one in UsageStoreBatch.objects.order_by("receipt__number")
    ]


@pytest.mark.parametrize("url", ["", NOWHERE])
def test_nothing_waits_while_postgresql_has_the_events_alone(song, settings, url):
    settings.USAGE_STORE_URL = url

    void(song.platform, *accepted(song.platform, event(song)))

    assert UsageReceipt.objects.count() == 2
    assert not UsageStoreBatch.objects.exists()
    assert platforms.write_usage_store() == 0


def test_an_address_that_is_not_set_costs_a_report_no_statement(song, settings):
    counts = []
    for url in ("", NOWHERE):
        settings.USAGE_STORE_URL = url
        report(song.platform, event(song))
        with CaptureQueriesContext(connection) as statements:
            report(song.platform, event(song))
        counts.append(len(statements))

    # The lock of the store, and its mode.
    assert counts[1] - counts[0] == 2


def test_accepted_events_wait_with_all_that_is_known_of_them(song, shadow):
    at = NOW - timedelta(microseconds=1)
    (tip,) = accepted(
        song.platform, event(song, "tip", at=at, amount="12345678901234.567891", id='quo"ted, \\ é')
    )
    report(song.platform, {**event(song), "work": "nobody's"})

    ((version,),) = waiting()
    recorded = UsageEvent.objects.get(number=tip.number)
    assert version == {
        "platform": song.platform.number,
        "work": song.number,
        "day": TODAY,
        "number": tip.number,
        "version": 1,
        "creator": song.creator.number,
        "listener": recorded.listener_number,
        "occurred_at": at,
        "received_at": NOW,
        "kind": 7,
        "seconds": 0,
        "amount": Decimal("12345678901234.567891"),
        "amends": 0,
        "external_id": 'quo"ted, \\ é',
        "counts": 1,
    }


def test_what_was_known_before_does_not_wait_again(song, shadow):
    play = event(song)
    report(song.platform, play)

    report(song.platform, play)
    report(song.platform, play, event(song))

    assert [len(versions) for versions in waiting()] == [1, 1]


def test_corrections_are_new_versions(song, shadow):
    first, second = accepted(song.platform, event(song), event(song))
    void(song.platform, first)
    change = Amendment(number=second.number, occurred_at=NOW, seconds=7)
    amended = platforms.amend_usage(
        platform_id=song.platform.pk, amendments=[change], reason="cut off", now=NOW
    )
    platforms.revert_correction(
        platform_id=song.platform.pk, correction_id=amended.pk, reason="it was right", now=NOW
    )

    said = [
        [(one["number"], one["version"], one["counts"], one["seconds"], one["amends"]) for one in versions]
        for versions in waiting()
    ]
    new = said[2][1][0]
    assert said == [
        [(first.number, 1, 1, 200, 0), (second.number, 1, 1, 200, 0)],
        [(first.number, 2, 0, 200, 0)],
        [(second.number, 3, 0, 200, 0), (new, 3, 1, 7, second.number)],
        [(second.number, 4, 1, 200, 0), (new, 4, 0, 7, second.number)],
    ]


def test_a_store_that_is_away_keeps_nobody_from_reporting(song, shadow):
    report(song.platform, event(song))

    with pytest.raises(UsageStoreUnavailable):
        platforms.write_usage_store()

    assert [len(versions) for versions in waiting()] == [1]
    assert CreatorDay.objects.get().plays == 1


def test_going_back_forgets_what_waits(song, shadow):
    report(song.platform, event(song))

    platforms.switch_usage_store(mode=StoreMode.POSTGRESQL, reason="too slow", now=NOW)

    assert not UsageStoreBatch.objects.exists()
    report(song.platform, event(song))
    assert not UsageStoreBatch.objects.exists()
    line = AuditLog.objects.get(action="usage_store.switch")
    assert (line.changes_before, line.changes_after) == ({"mode": "shadow"}, {"mode": "postgresql"})


def test_a_switch_needs_an_address_a_reason_and_the_step_before(settings, shadow):
    with pytest.raises(ReasonMissing):
        platforms.switch_usage_store(mode=StoreMode.POSTGRESQL, reason=" ")
    with pytest.raises(UsageStoreUnavailable):
        platforms.switch_usage_store(mode=StoreMode.CLICKHOUSE, reason="a trial")
    settings.USAGE_STORE_URL = ""
    with pytest.raises(UsageStoreUnset):
        platforms.switch_usage_store(mode=StoreMode.SHADOW, reason="a trial")
    platforms.switch_usage_store(mode=StoreMode.POSTGRESQL, reason="a trial", now=NOW)
    with pytest.raises(IllegalMove):
        platforms.switch_usage_store(mode=StoreMode.POSTGRESQL, reason="once more")
    with pytest.raises(UsageStoreUnset):
        platforms.copy_usage()

    assert list(UsageStoreSwitch.objects.values_list("mode", flat=True)) == ["shadow", "postgresql"]


def test_the_command_says_what_is_missing():
    with pytest.raises(CommandError, match="USAGE_STORE_URL names no store"):
        call_command("usage_takeover")


def test_a_recount_of_the_events_is_what_the_days_say(song, capsys):
    tomorrow = NOW + timedelta(days=1)
    kinds = ("play", "play", "like", "comment", "share", "purchase", "tip")
    refs = accepted(song.platform, *(event(song, kind) for kind in kinds))
    report(song.platform, event(song, at=tomorrow), event(work(creator(song.platform))), now=tomorrow)
    void(song.platform, refs[0], refs[3])

    rows = recount_creator(song.creator, first=TODAY - timedelta(days=9), last=tomorrow.date())

    days = {row.day: row for row in CreatorDay.objects.filter(creator=song.creator)}
    assert [row["day"] for row in rows] == [TODAY, tomorrow.date()]
    assert [row["events"] for row in rows] == [7, 1]
    assert [{name: row[name] for name in SUMS} for row in rows] == [
        {name: getattr(days[row["day"]], name) for name in SUMS} for row in rows
    ]
    call_command("recount_usage", str(song.creator.pk), str(TODAY), str(TODAY))
    assert capsys.readouterr().out == (
        f"{TODAY}: events 7, plays 1, listeners 1, likes 1, shares 1, seconds 200, purchases 1,"
        " sales 2.500000, tips 2.500000\n"
    )


def test_days_are_compared_sum_by_sum():
    row = {"creator": 5, "day": TODAY, "events": 2, "plays": 2, "sales": Decimal("2.5")}
    late = {**row, "day": TODAY + timedelta(days=1)}

    assert compare_days([row], [{**row, "sales": Decimal("2.500000")}]) == []
    assert compare_days([row, late], [{**row, "plays": 1}]) == [
        DayDifference(5, TODAY, {"plays": (2, 1)}),
        DayDifference(5, late["day"], {"events": (2, 0), "plays": (2, 0), "sales": (Decimal("2.5"), 0)}),
    ]
    assert str(compare_days([row], [{**row, "plays": 1}])[0]) == f"creator 5 on {TODAY}: plays 2 and 1"
