"""Raw events in ClickHouse beside PostgreSQL: written, corrected, counted back and compared."""

import itertools
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from gigstream.core.errors import Refusal
from platforms import services as platforms
from platforms.models import (
    CreatorDay,
    UsageArchive,
    UsageEvent,
    UsageStoreBatch,
    UsageStoreSwitch,
)
from platforms.services import Amendment, EventRef
from platforms.usage.enums import LIKE_KINDS
from platforms.usage.store.calculations import columns_of, unpack_versions
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.errors import UsageStoreDiffers, UsageStoreIncomplete, UsageStoreUnavailable
from platforms.usage.store.protocol import COLUMNS
from platforms.usage.store.selectors import present_mode, recount_creator, second_store
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import SUMS, accepted, event, report, void
from tests.support.factories import NOW, PlatformFactory
from tests.support.long_forms import count

pytestmark = [pytest.mark.django_db, pytest.mark.shortened]
EVENTS = count(short=20_000, long=1_000_000)
BATCH = 5_000
TODAY = NOW.date()
LATER = NOW + timedelta(days=31 * 15)
_numbers = itertools.count(1)


@pytest.fixture
def shadow(clickhouse):
    platforms.switch_usage_store(mode=StoreMode.SHADOW, reason="a trial", now=NOW)
    return clickhouse


@pytest.fixture
def song():
    return work(creator())


def compare():
    """Return what the stores differ in, each as creator, day and sums."""
    _, differences = platforms.compare_stores()
    return [(one.creator, one.day, one.sums) for one in differences]


def take_over():
    return platforms.switch_usage_store(mode=StoreMode.CLICKHOUSE, reason="too many for one", now=NOW)


def test_an_event_is_in_the_store_as_it_is_on_record(song, shadow):
    at = NOW - timedelta(microseconds=1)
    amount = "12345678901234.567891"
    accepted(song.platform, event(song, "tip", at=at, amount=amount, id="it's \\ é"), event(song))

    assert platforms.write_usage_store() == 2

    assert not UsageStoreBatch.objects.exists()
    tip, play = UsageEvent.objects.order_by("number")
    said = shadow.run(
        "SELECT number, version, creator, work, platform, listener, day, toUnixTimestamp64Micro(occurred_at),"
        " toUnixTimestamp64Micro(received_at), kind, seconds, amount, amends,"
        " external_id = 'it\\'s \\\\ é', counts FROM usage_events ORDER BY number"
    )
    micro, received = (int(one.timestamp()) * 10**6 + one.microsecond for one in (at, NOW))
    common = [song.creator.number, song.number, song.platform.number]
    expected = [
        [tip.number, 1, *common, tip.listener_number, TODAY, micro, received, 7, 0, amount, 0, 1, 1],
        [play.number, 1, *common, play.listener_number, TODAY, received, received, 1, 200, 0, 0, 0, 1],
    ]
    assert said.splitlines() == ["\t".join(map(str, row)) for row in expected]


def test_corrections_are_new_versions_of_which_the_newest_is_read(song, shadow):
    first, second = accepted(song.platform, event(song), event(song, "tip"))
    platforms.write_usage_store()
    void(song.platform, first)
    change = Amendment(number=second.number, occurred_at=NOW, amount=Decimal("0.000001"))
    amended = platforms.amend_usage(
        platform_id=song.platform.pk, amendments=[change], reason="too much", now=NOW
    )
    assert compare() == []
    assert shadow.run("SELECT count(), sum(counts) FROM usage_events FINAL") == "3\t1\n"

    platforms.revert_correction(
        platform_id=song.platform.pk, correction_id=amended.pk, reason="it was right", now=NOW
    )

    assert compare() == []
    assert shadow.run("SELECT sum(counts), sumIf(amount, counts = 1) FROM usage_events FINAL") == "1\t2.5\n"


def test_a_store_that_is_away_for_a_while_misses_and_doubles_nothing(song, shadow):
    accepted(song.platform, event(song))
    platforms.write_usage_store()
    shadow.stop()
    try:
        refs = accepted(song.platform, event(song), event(song))
        void(song.platform, refs[0])
        for _ in range(2):
            with pytest.raises(UsageStoreUnavailable):
                platforms.write_usage_store()
        assert UsageStoreBatch.objects.count() == 2
    finally:
        shadow.start()

    assert platforms.write_usage_store() == 3

    assert compare() == []
    assert shadow.run("SELECT count(), sum(counts) FROM usage_events FINAL") == "3\t2\n"


def test_events_that_come_twice_are_in_the_store_once(song, shadow):
    accepted(song.platform, event(song), event(song))
    (batch,) = UsageStoreBatch.objects.all()
    rows = unpack_versions(bytes(batch.content))
    # The writer died between the insert and its own note of it.
    second_store().insert(columns_of(rows, COLUMNS))

    assert platforms.write_usage_store() == 2
    assert platforms.copy_usage() == 2

    assert shadow.run("SELECT count() FROM usage_events FINAL") == "2\n"
    assert compare() == []


def test_events_wait_until_the_store_has_counted_them_back(song, shadow):
    accepted(song.platform, event(song), event(song))
    shadow.lose_rows(1)

    with pytest.raises(UsageStoreIncomplete, match=r": 1 of 2$"):
        platforms.write_usage_store()

    assert [one.events for one in UsageStoreBatch.objects.all()] == [2]
    assert platforms.write_usage_store() == 2
    assert not UsageStoreBatch.objects.exists()
    assert compare() == []


def test_a_store_that_counts_wrong_is_not_taken_over(song, shadow, capsys):
    (ref,) = accepted(song.platform, event(song))
    report(song.platform, event(work(creator(song.platform))))
    platforms.write_usage_store()
    shadow.run(
        "INSERT INTO usage_events SELECT * REPLACE (7 AS seconds, 9 AS version) FROM usage_events"
        f" WHERE number = {ref.number}"
    )
    wrong = f"creator {song.creator.number} on {TODAY}: seconds 200 and 7"

    with pytest.raises(UsageStoreDiffers, match=f"1 days of creators differ, .*: {wrong}$"):
        take_over()

    assert present_mode() == StoreMode.SHADOW
    assert UsageStoreSwitch.objects.count() == 1
    with pytest.raises(CommandError, match="2 days of creators, 2 events: 1 differ"):
        call_command("usage_takeover")
    assert wrong in capsys.readouterr().out


def test_a_store_that_misses_an_event_or_has_one_too_many_differs(song, shadow):
    first, _ = accepted(song.platform, event(song, "like"), event(song, "unlike"))
    platforms.write_usage_store()
    shadow.run(f"ALTER TABLE usage_events DELETE WHERE number = {first.number} SETTINGS mutations_sync = 2")
    assert compare() == [(song.creator.number, TODAY, {"events": (2, 1), "likes": (0, -1)})]

    platforms.copy_usage()
    tomorrow = TODAY + timedelta(days=1)
    shadow.run(
        f"INSERT INTO usage_events SELECT * REPLACE ('{tomorrow}' AS day, 0 AS counts)"
        " FROM usage_events LIMIT 1"
    )

    assert compare() == [(song.creator.number, tomorrow, {"events": (0, 1)})]


def test_a_month_leaves_postgresql_only_when_the_store_has_all_of_it(song, shadow, settings, tmp_path):
    settings.USAGE_ARCHIVE_ROOT = str(tmp_path)
    refs = accepted(song.platform, event(song), event(song, "tip"))
    void(song.platform, refs[0])
    platforms.write_usage_store()
    take_over()
    before = recount_creator(song.creator, first=TODAY, last=TODAY)
    shadow.run(f"ALTER TABLE usage_events DELETE WHERE number = {refs[1].number} SETTINGS mutations_sync = 2")

    with pytest.raises(UsageStoreIncomplete, match="the store has 1 events of 2026-03, PostgreSQL 2"):
        platforms.archive_month(month=date(2026, 3, 1), now=LATER)
    assert UsageEvent.objects.count() == 2
    assert not UsageArchive.objects.exists()
    platforms.copy_usage()
    platforms.archive_month(month=date(2026, 3, 1), now=LATER)

    assert not UsageEvent.objects.exists()
    assert recount_creator(song.creator, first=TODAY, last=TODAY) == before
    assert compare() == []


def test_many_events_arrive_whole(shadow):
    """Insert more than the client sends in one piece."""
    many = 200_000
    row = [1, 2, TODAY, 0, 1, 3, 4, NOW, NOW, 7, 0, Decimal("0.000001"), 0, "it's", 1]
    columns = {name: [value] * many for name, value in zip(COLUMNS, row, strict=True)}

    second_store().insert({**columns, "number": list(range(many))})

    said = shadow.run("SELECT count(), uniqExact(number), sum(amount) FROM usage_events FINAL")
    assert said == f"{many}\t{many}\t0.2\n"


class Traffic:
    """Batches and corrections of a platform, at random."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        begun = NOW - timedelta(days=40)
        self.platform = PlatformFactory.create(now=begun)
        self.creators = [creator(self.platform, now=begun) for _ in range(20)]
        self.works = [work(one, published_on=date(2025, 1, 1)) for one in self.creators for _ in range(5)]
        self.taken = 0

    def item(self):
        pick = self.random.random()
        kind = "play" if pick < 0.9 else self.random.choice(["comment", "share", "purchase", "tip", "like"])
        at = NOW - timedelta(days=self.random.randrange(34), seconds=self.random.randrange(80_000))
        made = {
            "id": f"traffic-{next(_numbers)}",
            "work": self.random.choice(self.works).external_id,
            "kind": kind,
            "listener": f"fan-{self.random.randrange(3_000)}",
            "occurred_at": at.isoformat(),
        }
        if kind == "play":
            made["seconds"] = self.random.randrange(400)
        if kind in ("purchase", "tip"):
            made["amount"] = f"{self.random.randrange(1, 9_000_000) / 1_000_000:.6f}"
        return made

    def report(self, events):
        while events > 0:
            items = [self.item() for _ in range(min(BATCH, events))]
            result = platforms.report_usage(platform_id=self.platform.pk, items=items, now=NOW)
            self.taken += len(result.accepted)
            events -= len(items)
            self.correct(sorted(result.accepted.values()))

    def correct(self, numbers):
        """Void some of the batch, amend others, and revert either."""
        rows = list(UsageEvent.objects.filter(number__in=self.random.sample(numbers, 60)))
        some = [one for one in rows if one.kind not in LIKE_KINDS]
        refs = [EventRef(one.number, one.occurred_at) for one in some[:20]]
        given = {"platform_id": self.platform.pk, "reason": "wrong", "now": NOW}
        voided = platforms.void_usage(events=refs, **given)
        amendments = [
            Amendment(
                number=one.number,
                occurred_at=one.occurred_at,
                new_time=one.occurred_at - timedelta(days=1),
                amount=Decimal("0.75") if one.amount else None,
            )
            for one in some[20:40]
        ]
        amended = platforms.amend_usage(amendments=amendments, **given)
        if self.random.random() < 0.5:
            former = self.random.choice([voided, amended])
            platforms.revert_correction(correction_id=former.pk, **given)
        late = self.item()
        if late["kind"] != "like":
            late["occurred_at"] = (NOW - timedelta(days=50)).isoformat()
            platforms.backfill_usage(items=[late], **given)
            self.taken += 1


# In transactions of their own: in one of a million events, rows of days would have a version for each batch.
@pytest.mark.django_db(transaction=True)
def test_every_day_of_every_creator_is_equal_and_then_the_store_is_read(clickhouse, capsys):
    """Report half before the store is there, half while both are written, and correct some of each."""
    traffic = Traffic(seed=7)
    traffic.report(EVENTS // 2)
    platforms.switch_usage_store(mode=StoreMode.SHADOW, reason="a trial", now=NOW)
    traffic.report(EVENTS // 4)
    with pytest.raises(UsageStoreDiffers):
        take_over()
    copied = platforms.copy_usage()
    traffic.report(EVENTS // 4)
    before = UsageEvent.objects.count()

    call_command("usage_takeover")
    said = capsys.readouterr().out
    switch = take_over()

    days = CreatorDay.objects.filter(creator__in=traffic.creators)
    assert said.endswith(f" days of creators, {before} events: 0 differ\n")
    assert copied > EVENTS // 2
    assert switch.mode == present_mode() == StoreMode.CLICKHOUSE
    assert before > traffic.taken
    assert clickhouse.run("SELECT count() FROM usage_events FINAL") == f"{before}\n"
    for one in traffic.creators[:5]:
        rows = recount_creator(one, first=TODAY - timedelta(days=99), last=TODAY)
        kept = days.filter(creator=one).order_by("day")
        assert [{name: row[name] for name in ("day", *SUMS)} for row in rows] == list(
            kept.values("day", *SUMS)
        )
    # Events after the switch are written to both as before.
    traffic.report(BATCH)
    assert compare() == []
    with pytest.raises(Refusal):
        take_over()
