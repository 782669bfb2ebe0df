"""Twenty at once: the same batch counts once, overlapping ones count each event once, corrections wait."""

from functools import partial

import pytest
from django.db import connection

from platforms import services as platforms
from platforms.models import CreatorDay, PlatformDay, SigningKey, UsageEvent, UsageReceipt, WorkDay
from platforms.usage.errors import EventCorrected
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import accepted, event, have_months, report, usage_faults, void
from tests.support.factories import NOW, PlatformFactory

pytestmark = pytest.mark.django_db(transaction=True)
TWENTY = 20


@pytest.fixture
def song():
    have_months()
    return work(creator())


def test_the_same_batch_by_twenty_counts_once(at_once, books_balance, song):
    batch = [event(song, listener=f"fan-{n % 7}") for n in range(40)]
    batch += [event(song, "like", listener=f"fan-{n}") for n in range(7)] + [event(song, "tip")]

    results, refusals = at_once(*[partial(report, song.platform, *batch)] * TWENTY)

    assert refusals == []
    assert [bool(one.accepted) for one in results].count(True) == 1
    assert all(not one.refused and len(one.accepted) + len(one.replayed) == 48 for one in results)
    numbers = [one.accepted or one.replayed for one in results]
    assert all(one == numbers[0] for one in numbers)
    assert (UsageEvent.objects.count(), UsageReceipt.objects.count()) == (48, 1)
    day = CreatorDay.objects.get()
    assert (day.plays, day.listeners, day.likes) == (40, 7, 7)
    assert usage_faults() == []
    books_balance()


def test_batches_that_overlap_count_each_event_once(at_once, books_balance, song):
    other = work(song.creator)
    events = [event((song, other)[n % 2], listener=f"fan-{n % 5}") for n in range(60)]
    batches = [events[start : start + 25] for start in range(0, 36, 2)]
    # In opposite orders, so that a fixed order of writing is needed.
    calls = [
        partial(report, song.platform, *batch[:: 1 if turn % 2 else -1]) for turn, batch in enumerate(batches)
    ]

    results, refusals = at_once(*calls)

    assert refusals == []
    assert sum(len(one.accepted) for one in results) == UsageEvent.objects.count() == 59
    assert PlatformDay.objects.get().plays == 59
    numbers = UsageReceipt.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert usage_faults() == []
    books_balance()


def test_the_same_person_likes_a_work_once(at_once, books_balance, song):
    calls = [partial(report, song.platform, event(song, "like")) for _ in range(TWENTY)]

    results, refusals = at_once(*calls)

    assert refusals == []
    assert sum(len(one.accepted) for one in results) == 1
    assert {str(one.reason) for result in results for one in result.refused.values()} == {"already_liked"}
    assert WorkDay.objects.get().likes == 1
    assert usage_faults() == []
    books_balance()


def test_an_event_that_twenty_void_is_voided_once_while_others_report(at_once, books_balance, song):
    refs = accepted(song.platform, event(song), event(song, listener="bob"))
    reports = [partial(report, song.platform, event(song)) for _ in range(10)]

    results, refusals = at_once(*[partial(void, song.platform, refs[0])] * 10, *reports)

    assert len(results) == 11
    assert [type(one) for one in refusals] == [EventCorrected] * 9
    assert (CreatorDay.objects.get().plays, CreatorDay.objects.get().listeners) == (11, 2)
    assert usage_faults() == []
    books_balance()


def test_a_rebuild_among_reports_loses_nothing(at_once, books_balance, song):
    rebuild = partial(
        platforms.rebuild_days,
        platform_id=song.platform_id,
        first=NOW.date(),
        last=NOW.date(),
        reason="a test",
        now=NOW,
    )
    reports = [partial(report, song.platform, event(song, listener=f"fan-{n}")) for n in range(12)]

    results, refusals = at_once(*reports[:6], rebuild, rebuild, *reports[6:])

    assert (len(results), refusals) == (14, [])
    assert (WorkDay.objects.get().plays, WorkDay.objects.get().listeners) == (12, 12)
    assert usage_faults() == []
    books_balance()


def test_platforms_whose_first_receipts_come_together_sign_with_one_key(at_once):
    have_months()
    songs = [work(creator(PlatformFactory.create())) for _ in range(8)]

    results, refusals = at_once(*(partial(report, one.platform, event(one)) for one in songs))

    assert (len(results), refusals) == (8, [])
    assert SigningKey.objects.count() == 1
    assert set(UsageReceipt.objects.values_list("number", flat=True)) == {1}
    assert usage_faults() == []


def test_months_that_are_made_together_are_made_once(at_once):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS usage_events_2031_01")

    results, refusals = at_once(*[partial(platforms.make_months, [NOW.date().replace(2031, 1, 1)])] * 6)

    assert (sum(results), refusals) == (1, [])
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE usage_events_2031_01")
