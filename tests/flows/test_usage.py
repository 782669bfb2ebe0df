"""Usage from a platform's report to the sums of its days: each event once, and with a receipt."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from platforms import services as platforms
from platforms.models import (
    CreatorDay,
    Listener,
    PlatformDay,
    PlatformEvent,
    ReceiptChain,
    UsageBatch,
    UsageEvent,
    UsageKey,
    UsageReceipt,
    WorkDay,
)
from platforms.platforms.errors import PlatformSuspended
from platforms.signals import usage_counted
from platforms.usage.calculations.packing import BadLine, read_ndjson
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import (
    accepted,
    event,
    have_months,
    reasons,
    report,
    sums_of,
    usage_faults,
)
from tests.support.database.snapshots import everything
from tests.support.factories import NOW, PlatformFactory, WorkerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def months():
    have_months()


@pytest.fixture
def song():
    return work(creator())


def test_each_kind_of_use_is_counted_for_work_creator_and_platform(song):
    kinds = ("play", "like", "comment", "share", "purchase", "tip")

    result = report(
        song.platform,
        *(event(song, kind) for kind in kinds),
        event(song, listener="bob", seconds=35),
        event(song, listener="bob", seconds=0),
        event(song, "tip", amount="0.000001"),
    )

    assert (result.refused, result.replayed, len(result.accepted)) == ({}, {}, 9)
    counted = {
        "plays": 3,
        "listeners": 2,
        "likes": 1,
        "comments": 1,
        "shares": 1,
        "seconds": 235,
        "purchases": 1,
        "sales": Decimal("2.50"),
        "tips": Decimal("2.500001"),
    }
    for row in (WorkDay.objects.get(), CreatorDay.objects.get(), PlatformDay.objects.get()):
        assert sums_of(row) == counted
        assert row.day == NOW.date()
    assert usage_faults() == []
    assert violated() == {}


def test_a_batch_that_comes_again_changes_nothing_and_has_the_first_numbers(song):
    batch = [event(song), event(song, "like"), event(song, "purchase")]
    first = report(song.platform, *batch)
    before = everything()

    again = report(song.platform, *batch, now=NOW + timedelta(minutes=4))

    assert again.replayed == first.accepted
    assert (again.accepted, again.refused, again.receipt) == ({}, {}, None)
    assert everything() == before


def test_an_id_with_other_content_is_a_conflict_that_names_the_first(song):
    other = work(song.creator)
    (first,) = accepted(song.platform, event(song, id="x", seconds=30))

    changes = (
        {"seconds": 31},
        {"kind": "comment", "seconds": None},
        {"work": other.external_id},
        {"listener": "bob"},
        {"occurred_at": (NOW - timedelta(microseconds=1)).isoformat()},
    )
    for change in changes:
        given = {
            key: value
            for key, value in {**event(song, id="x", seconds=30), **change}.items()
            if value is not None
        }
        result = report(song.platform, given)
        assert reasons(result) == {0: "conflict"}
        assert result.refused[0].number == first.number
    assert UsageEvent.objects.count() == UsageKey.objects.count() == 1
    assert usage_faults() == []


def test_an_id_belongs_to_a_platform_and_to_one_place_of_a_batch(song):
    other = work()

    result = report(song.platform, event(song, id="x"), event(song, id="x"), event(song, id="y"))
    of_other = report(other.platform, event(other, id="x"))

    assert reasons(result) == {1: "duplicate_in_batch"}
    assert list(result.accepted) == [0, 2]
    assert list(of_other.accepted) == [0]
    assert PlatformDay.objects.get(platform=song.platform).plays == 2


def test_times_at_the_edges_of_the_window_and_of_a_month(song):
    early = work(song.creator, published_on=NOW.date() - timedelta(days=60))
    oldest, newest = NOW - timedelta(days=35), NOW + timedelta(minutes=5)
    edge = datetime(2026, 3, 1, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    times = (oldest, oldest - tick, newest, newest + tick, edge, edge - tick)

    result = report(song.platform, *(event(early, at=at) for at in times))

    assert reasons(result) == {1: "too_old", 3: "in_future"}
    days = WorkDay.objects.order_by("day").values_list("day", "plays")
    assert list(days) == [
        (oldest.date(), 1),
        ((edge - tick).date(), 1),
        (edge.date(), 1),
        (newest.date(), 1),
    ]
    assert usage_faults() == []


def test_a_time_with_an_offset_counts_on_its_day_in_utc(song):
    early = work(song.creator, published_on=NOW.date() - timedelta(days=9))

    report(song.platform, event(early) | {"occurred_at": "2026-03-01T01:30:00+02:00"})

    assert WorkDay.objects.get().day.isoformat() == "2026-02-28"


def test_works_that_are_unknown_foreign_unpublished_or_withdrawn_take_no_use(song):
    foreign, late = work(), work(song.creator, published_on=NOW.date())
    gone = work(song.creator)
    platforms.withdraw_work(work_id=gone.pk, now=NOW - timedelta(seconds=5))
    listeners = Listener.objects.count()

    result = report(
        song.platform,
        event(song) | {"work": "nobody's"},
        event(foreign, listener="of nobody"),
        event(late, at=NOW - timedelta(hours=12, microseconds=1)),
        event(gone),
    )

    assert reasons(result) == {
        0: "unknown_work",
        1: "unknown_work",
        2: "before_published",
        3: "work_withdrawn",
    }
    assert Listener.objects.count() == listeners
    assert not UsageEvent.objects.exists()
    # Use before the withdrawal still counts.
    assert report(song.platform, event(gone, at=NOW - timedelta(seconds=6))).refused == {}


def test_use_counts_for_the_creator_that_the_work_had_then(song):
    second = creator(song.platform, now=NOW - timedelta(days=1))
    platforms.move_work(work_id=song.pk, creator_id=second.pk, now=NOW - timedelta(hours=1))

    report(song.platform, event(song, at=NOW - timedelta(hours=2)), event(song), event(song, listener="bob"))

    plays = {row.creator_id: (row.plays, row.listeners) for row in CreatorDay.objects.all()}
    assert plays == {song.creator.number: (1, 1), second.number: (2, 2)}
    assert sorted(WorkDay.objects.values_list("plays", "listeners")) == [(1, 1), (2, 2)]
    # Ann played for both creators, and is one listener of the platform.
    assert PlatformDay.objects.get().listeners == 2
    assert usage_faults() == []


def test_likes_are_taken_in_the_order_of_arrival(song):
    ann, bob = {"listener": "ann"}, {"listener": "bob"}

    result = report(
        song.platform,
        event(song, "unlike", **ann),
        event(song, "like", **ann),
        event(song, "like", **ann),
        event(song, "unlike", **ann),
        event(song, "like", **ann),
        event(song, "like", **bob),
    )

    assert reasons(result) == {0: "not_liked", 2: "already_liked"}
    assert WorkDay.objects.get().likes == 2
    later = report(song.platform, event(song, "like", **bob), event(song, "unlike", **ann))
    assert reasons(later) == {0: "already_liked"}
    assert WorkDay.objects.get().likes == 1
    assert usage_faults() == []


def test_a_like_that_comes_again_does_not_disturb_those_after_it(song):
    like, unlike = event(song, "like"), event(song, "unlike")
    report(song.platform, like)

    result = report(song.platform, like, unlike, event(song, "like"))

    assert (list(result.replayed), reasons(result), list(result.accepted)) == ([0], {}, [1, 2])
    assert WorkDay.objects.get().likes == 1


BAD = [
    ({"seconds": -1}, "seconds"),
    ({"seconds": 86_401}, "seconds"),
    ({"seconds": 1.5}, "seconds"),
    ({"seconds": True}, "seconds"),
    ({"kind": "tip", "amount": "1"}, "seconds"),
    ({"amount": "1"}, "amount"),
    ({"kind": "purchase", "seconds": None}, "amount"),
    ({"kind": "purchase", "seconds": None, "amount": "1.0000001"}, "amount"),
    ({"kind": "purchase", "seconds": None, "amount": "-1"}, "amount"),
    ({"kind": "purchase", "seconds": None, "amount": "0"}, "amount"),
    ({"kind": "purchase", "seconds": None, "amount": 5}, "amount"),
    ({"kind": "listen"}, "kind"),
    ({"kind": ["play"]}, "kind"),
    ({"kind": None}, "kind"),
    ({"listener": ""}, "listener"),
    ({"listener": " "}, "listener"),
    ({"listener": "x" * 10_000}, "listener"),
    ({"listener": "a\u0000b"}, "listener"),
    ({"listener": None}, "listener"),
    ({"id": ""}, "id"),
    ({"id": 7}, "id"),
    ({"id": "x" * 101}, "id"),
    ({"id": "a\nb"}, "id"),
    ({"work": "\ud800"}, "work"),
    ({"occurred_at": "yesterday"}, "occurred_at"),
    ({"occurred_at": "2026-03-02T12:00:00"}, "occurred_at"),
    ({"occurred_at": "2026-02-30T12:00:00Z"}, "occurred_at"),
    ({"occurred_at": 1772452800}, "occurred_at"),
    ({"address": "10.0.0.1"}, "address"),
]


def test_bad_values_are_refused_by_name_and_the_others_are_taken(song):
    bad = []
    for change, _ in BAD:
        given = event(song) | change
        bad.append(
            {key: value for key, value in given.items() if value is not None or key in ("kind", "listener")}
        )

    result = report(song.platform, event(song), *bad, "text", None, [1], BadLine("the line is not JSON"))

    assert list(result.accepted) == [0]
    fields = [result.refused[position].detail.partition(":")[0] for position in range(1, len(BAD) + 1)]
    assert fields == [field for _, field in BAD]
    assert {str(result.refused[position].reason) for position in range(1, len(BAD) + 4)} == {"bad_value"}
    assert str(result.refused[len(BAD) + 4].reason) == "bad_json"


def test_a_line_that_is_no_json_does_not_affect_the_others(song):
    lines = [json.dumps(event(song, at=NOW - timedelta(hours=1))) for _ in range(3)]
    body = "\n".join([lines[0], '{"id": ', "", lines[1], "{" + " " * 4096 + "}", lines[2]])

    result = report(song.platform, *read_ndjson(body.encode()))

    assert (list(result.accepted), reasons(result)) == ([0, 2, 4], {1: "bad_json", 3: "bad_json"})


def test_receipts_are_numbered_and_chained_and_their_totals_add_up(song):
    for _ in range(3):
        report(song.platform, event(song), event(song, "share"))
    report(song.platform, {"id": "nothing"})

    first, second, third = UsageReceipt.objects.order_by("number")
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert first.previous_hash == "0" * 64
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)
    assert third.totals == {"play": 1, "share": 1}
    assert ReceiptChain.objects.get().last_hash == third.hash
    batch = UsageBatch.objects.order_by("-pk")[0]
    assert (batch.given, batch.accepted, batch.refused, batch.receipt) == (2, 2, 0, third)
    assert usage_faults() == []


def test_the_platform_learns_of_a_batch_and_whoever_listens_of_what_changed(song):
    heard = []

    def listen(changes, **_):
        heard.extend(changes)

    usage_counted.connect(listen)
    try:
        result = report(song.platform, event(song), event(song, "tip"), {"id": "x"})
    finally:
        usage_counted.disconnect(listen)

    (change,) = heard
    assert (change.creator, change.day, change.plays, change.listeners) == (
        song.creator.number,
        NOW.date(),
        1,
        1,
    )
    assert (change.tips, change.sales) == (Decimal("2.50"), Decimal(0))
    told = PlatformEvent.objects.get(platform=song.platform, type="usage.batch_accepted")
    assert told.payload == {
        "batch_id": result.receipt.batch_id,
        "receipt_number": 1,
        "accepted": 2,
        "replayed": 0,
        "refused": 1,
        "totals": {"play": 1, "tip": 1},
        "root": result.receipt.root,
    }


def test_followers_are_counted_on_the_days_on_which_they_come_and_go(song):
    given = {"platform_id": song.platform_id, "creator_id": song.creator_id}
    for name in ("ann", "bob"):
        platforms.follow_creator(**given, listener=name, now=NOW)
    platforms.unfollow_creator(**given, listener="ann", now=NOW + timedelta(days=1))

    for model in (CreatorDay, PlatformDay):
        days = model.objects.order_by("day").values_list("followers_gained", "followers_lost")
        assert list(days) == [(2, 0), (0, 1)]
    assert usage_faults() == []
    assert violated() == {}


def test_an_erased_listener_takes_no_play_along(song):
    report(song.platform, event(song), event(song, listener="bob"))
    before = sums_of(CreatorDay.objects.get())

    platforms.erase_listener(platform_id=song.platform_id, listener="ann", now=NOW)

    assert sums_of(CreatorDay.objects.get()) == before
    assert usage_faults() == []


def test_a_suspended_platform_reports_nothing(song):
    platforms.suspend_platform(platform_id=song.platform_id, reason="fraud")

    with pytest.raises(PlatformSuspended):
        report(song.platform, event(song))

    assert not UsageEvent.objects.exists()


def test_a_batch_of_five_thousand_is_written_by_as_many_statements_as_one(
    song, django_assert_max_num_queries
):
    few, many = [event(song)], [event(song, listener=f"fan-{n % 700}") for n in range(5_000)]
    with django_assert_max_num_queries(40) as first:
        report(song.platform, *few)
    with django_assert_max_num_queries(40) as second:
        report(song.platform, *many)

    # The first one has made the keys.
    assert len(second) <= len(first)
    assert CreatorDay.objects.get().plays == 5_001
    assert usage_faults() == []


def test_platform_and_worker_with_usage_cannot_be_deleted_from_the_database():
    platform, worker = PlatformFactory.create(), WorkerFactory.create()
    report(platform, event(work(creator(platform, worker))))

    for row in (platform, worker):
        row.delete()
        row.refresh_from_db()
        assert row.deleted_at is not None
    assert CreatorDay.objects.get().plays == 1
