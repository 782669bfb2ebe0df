"""Corrections of usage: events stay, what counts changes, and days and receipts follow."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.core.unit import rehearsal
from platforms import services as platforms
from platforms.models import (
    CreatorDay,
    PlatformDay,
    PlatformEvent,
    UsageArchive,
    UsageCorrection,
    UsageEvent,
    UsageReceipt,
    WorkDay,
)
from platforms.services import Amendment, EventRef
from platforms.usage import finality
from platforms.usage.errors import (
    CorrectionNotFound,
    CorrectionReverted,
    EventCorrected,
    InvalidCorrection,
    PeriodArchived,
    PeriodFinal,
    UsageEventNotFound,
)
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import after_midnight, paying_platform, play, song_of
from tests.support.creators.usage import (
    accepted,
    day_rows,
    event,
    have_months,
    reasons,
    report,
    sums_of,
    usage_faults,
    void,
)
from tests.support.database.snapshots import everything
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def months():
    have_months()


@pytest.fixture
def song():
    return work(creator(), published_on=date(2025, 1, 1))


def amend(song, *amendments, now=NOW):
    return platforms.amend_usage(
        platform_id=song.platform_id, amendments=amendments, reason="measured wrongly", now=now
    )


def revert(song, correction, now=NOW):
    return platforms.revert_correction(
        platform_id=song.platform_id, correction_id=correction.pk, reason="it was right", now=now
    )


def test_a_voided_play_is_taken_from_all_sums_and_its_person_from_the_listeners(song):
    first, second, third = accepted(
        song.platform, event(song), event(song), event(song, listener="bob", seconds=10)
    )

    correction = void(song.platform, first, third)

    for row in (WorkDay.objects.get(), CreatorDay.objects.get(), PlatformDay.objects.get()):
        assert sums_of(row) == {"plays": 1, "listeners": 1, "seconds": 200}
    assert UsageEvent.objects.count() == 3
    assert correction.differences == [
        {
            "creator_id": str(song.creator_id),
            "day": "2026-03-02",
            "plays": -2,
            "listeners": -1,
            "seconds": -210,
        }
    ]
    assert (correction.receipt.kind, correction.receipt.number, correction.receipt.count) == (
        "correction",
        2,
        2,
    )
    void(song.platform, second)
    assert sums_of(WorkDay.objects.get()) == sums_of(PlatformDay.objects.get()) == {}
    assert usage_faults() == []
    assert violated() == {}


def test_an_amendment_counts_another_event_in_its_place(song):
    early = NOW - timedelta(days=3)
    play, tip = accepted(song.platform, event(song), event(song, "tip", amount="2"))

    correction = amend(
        song,
        Amendment(number=play.number, occurred_at=NOW, new_time=early, seconds=7),
        Amendment(number=tip.number, occurred_at=NOW, amount=Decimal("1.5")),
    )

    days = {row.day: sums_of(row) for row in CreatorDay.objects.all()}
    assert days == {
        early.date(): {"plays": 1, "listeners": 1, "seconds": 7},
        NOW.date(): {"tips": Decimal("1.5")},
    }
    assert UsageEvent.objects.count() == 4
    by_day = {one["day"]: one for one in correction.differences}
    assert by_day[str(NOW.date())]["tips"] == "-0.500000"
    assert usage_faults() == []
    assert violated() == {}


def test_an_amendment_counts_for_the_creator_of_its_time(song):
    former = song.creator
    second = creator(song.platform, now=NOW - timedelta(days=1))
    platforms.move_work(work_id=song.pk, creator_id=second.pk, now=NOW - timedelta(hours=1))
    (play,) = accepted(song.platform, event(song))

    amend(song, Amendment(number=play.number, occurred_at=NOW, new_time=NOW - timedelta(hours=2)))

    assert CreatorDay.objects.get(creator=former).plays == 1
    assert usage_faults() == []


@pytest.mark.parametrize("kind", ["void", "amend", "backfill"])
def test_what_is_reverted_leaves_the_days_as_they_were(song, kind):
    refs = accepted(song.platform, event(song), event(song, "purchase"), event(song, "comment"))
    before = day_rows()
    if kind == "void":
        correction = void(song.platform, *refs)
    elif kind == "amend":
        correction = amend(song, Amendment(number=refs[0].number, occurred_at=NOW, seconds=1))
    else:
        correction, _ = platforms.backfill_usage(
            platform_id=song.platform_id, items=[event(song)], reason="an outage", now=NOW
        )
    assert day_rows() != before

    revert(song, correction)

    assert day_rows() == before
    assert UsageReceipt.objects.count() == 3
    assert usage_faults() == []
    assert violated() == {}
    with pytest.raises(CorrectionReverted):
        revert(song, correction)
    with pytest.raises(CorrectionReverted):
        revert(song, UsageCorrection.objects.get(kind="revert"))


def test_an_event_is_corrected_again_only_after_a_revert(song):
    (play,) = accepted(song.platform, event(song))
    again = Amendment(number=play.number, occurred_at=NOW, seconds=2)
    correction = void(song.platform, play)
    before = everything()

    for call in (lambda: void(song.platform, play), lambda: amend(song, again)):
        with pytest.raises(EventCorrected):
            call()

    assert everything() == before
    revert(song, correction)
    amended = amend(song, again)
    new = UsageEvent.objects.get(amends=play.number)
    with pytest.raises(EventCorrected):
        void(song.platform, EventRef(new.number, new.occurred_at))
    revert(song, amended)
    void(song.platform, play)
    assert usage_faults() == []


def test_a_backfilled_event_is_corrected_by_reverting_the_backfill(song):
    long_ago = NOW - timedelta(days=200)
    items = [
        event(song, at=long_ago),
        event(song, "like", at=long_ago),
        event(song, at=NOW + timedelta(hours=1)),
    ]

    correction, result = platforms.backfill_usage(
        platform_id=song.platform_id, items=items, reason="an outage", now=NOW
    )

    assert (list(result.accepted), reasons(result)) == ([0], {1: "bad_value", 2: "in_future"})
    assert (correction.events, correction.receipt.kind) == (1, "correction")
    assert CreatorDay.objects.get().day == long_ago.date()
    with pytest.raises(EventCorrected):
        void(song.platform, EventRef(result.accepted[0], long_ago))
    again, result = platforms.backfill_usage(
        platform_id=song.platform_id, items=items, reason="once more", now=NOW
    )
    assert (again, list(result.replayed)) == (None, [0])
    assert usage_faults() == []


def test_corrections_that_name_what_cannot_be_corrected_change_nothing(song):
    play, like, tip = accepted(song.platform, event(song), event(song, "like"), event(song, "tip"))
    other = work()
    (foreign,) = accepted(other.platform, event(other))
    before = everything()

    def changed(ref, **what):
        return lambda: amend(song, Amendment(number=ref.number, occurred_at=ref.occurred_at, **what))

    cases = [
        (UsageEventNotFound, lambda: void(song.platform, play, foreign)),
        (UsageEventNotFound, lambda: void(song.platform, EventRef(play.number, NOW - timedelta(seconds=1)))),
        (InvalidCorrection, lambda: void(song.platform, like)),
        (InvalidCorrection, lambda: void(song.platform, play, play)),
        (InvalidCorrection, lambda: void(song.platform)),
        (InvalidCorrection, changed(play)),
        (InvalidCorrection, changed(play, seconds=200)),
        (InvalidCorrection, changed(play, seconds=-1)),
        (InvalidCorrection, changed(play, amount=Decimal(1))),
        (InvalidCorrection, changed(tip, seconds=3)),
        (InvalidCorrection, changed(tip, new_time=NOW + timedelta(minutes=6))),
        (InvalidCorrection, changed(tip, new_time=NOW - timedelta(days=900))),
        (CorrectionNotFound, lambda: revert(song, UsageCorrection(pk=song.pk))),
    ]
    for refusal, call in cases:
        with pytest.raises(refusal):
            call()

    assert everything() == before


def test_a_dry_run_says_the_differences_and_changes_nothing(song):
    (play,) = accepted(song.platform, event(song))
    before = everything()

    with rehearsal():
        differences = void(song.platform, play).differences

    assert [one["plays"] for one in differences] == [-1]
    assert everything() == before


def test_a_correction_says_the_difference_of_pay_by_creator_and_day():
    first, second = (song_of(paying_platform(), rate=rate) for rate in ("0.01", "0.25"))
    plays = play(first, times=2)
    (tip,) = accepted(first.platform, event(first, "tip", amount="2"))
    accepted(second.platform, event(second))

    voided = void(first.platform, plays[0], tip)
    assert [(one["creator_id"], one["pay"]) for one in voided.differences] == [
        (str(first.creator_id), "-2.010000")
    ]
    later = NOW + timedelta(days=1)
    amended = platforms.amend_usage(
        platform_id=first.platform_id,
        amendments=[Amendment(number=plays[1].number, occurred_at=NOW, new_time=later)],
        reason="a day late",
        now=later,
    )
    assert {one["day"]: one["pay"] for one in amended.differences} == {
        NOW.date().isoformat(): "-0.010000",
        later.date().isoformat(): "0.010000",
    }
    added, _ = platforms.backfill_usage(
        platform_id=second.platform_id, items=[event(second), event(second)], reason="an outage", now=later
    )
    assert [one["pay"] for one in added.differences] == ["0.500000"]
    reverted = platforms.revert_correction(
        platform_id=first.platform_id, correction_id=voided.pk, reason="they were real", now=later
    )
    assert [one["pay"] for one in reverted.differences] == ["2.010000"]


def test_a_play_that_was_refused_as_artificial_moves_no_pay_when_it_is_voided():
    song = song_of(paying_platform())
    refs = play(song, times=25)
    settled = after_midnight(NOW.date(), minutes=400)
    platforms.find_artificial_use(now=settled)
    with acting_as(ActorType.STAFF, "1"):
        finding = song.creator.usage_findings.get()
        platforms.decide_finding(finding_id=finding.pk, is_artificial=True, reason="a robot", now=settled)
    refused = finding.marks.order_by("event_number").values_list("event_number", flat=True)
    (marked,) = [ref for ref in refs if ref.number == refused[0]]

    (difference,) = void(song.platform, marked, now=settled).differences

    assert difference["plays"] == -1
    assert "pay" not in difference


def test_nothing_is_corrected_in_a_final_or_an_archived_period(song):
    (play,) = accepted(song.platform, event(song))
    seen = []

    def find(days):
        seen.extend(days)
        return [one for one in days if one[1] == NOW.date()]

    before = everything()
    finality.register(find)
    try:
        with pytest.raises(PeriodFinal):
            void(song.platform, play)
        with pytest.raises(PeriodFinal):
            platforms.backfill_usage(
                platform_id=song.platform_id, items=[event(song)], reason="late", now=NOW
            )
    finally:
        finality.unregister(find)
    assert everything() == before
    assert set(seen) == {(song.creator.number, NOW.date())}

    insert(valid(UsageArchive, month=NOW.date().replace(day=1)))
    with pytest.raises(PeriodArchived):
        void(song.platform, play)
    _, result = platforms.backfill_usage(
        platform_id=song.platform_id, items=[event(song)], reason="late", now=NOW
    )
    assert reasons(result) == {0: "period_archived"}
    with pytest.raises(PeriodArchived):
        platforms.rebuild_days(
            platform_id=song.platform_id, first=NOW.date(), last=NOW.date(), reason="a test", now=NOW
        )


def test_the_platform_learns_of_a_correction(song):
    correction = void(song.platform, *accepted(song.platform, event(song)))

    told = PlatformEvent.objects.get(platform=song.platform, type="usage.corrected")
    assert told.payload["id"] == str(correction.pk)
    assert (told.payload["kind"], told.payload["receipt_number"]) == ("void", 2)


def test_a_rebuild_writes_the_rows_that_were_there(song):
    other = work(song.creator)
    foreign = work()
    refs = accepted(song.platform, event(song), event(other, listener="bob"), event(song, "tip"))
    report(song.platform, event(song, "like"), event(song, at=NOW - timedelta(days=20)))
    report(foreign.platform, event(foreign))
    platforms.follow_creator(
        platform_id=song.platform_id, creator_id=song.creator_id, listener="ann", now=NOW
    )
    void(song.platform, refs[1])
    before = day_rows()
    # As after a fault of ours.
    WorkDay.unguarded.update(plays=7, listeners=9)
    CreatorDay.unguarded.filter(creator=song.creator).update(tips=1, followers_lost=3)
    PlatformDay.unguarded.filter(platform=foreign.platform).update(plays=1)

    for of in (song, foreign):
        platforms.rebuild_days(
            platform_id=of.platform_id,
            first=NOW.date() - timedelta(days=40),
            last=NOW.date(),
            reason="a fault",
            now=NOW,
        )

    assert day_rows() == before
    assert usage_faults() == []
