"""Bounds on the reputation that a single platform can make."""

from datetime import timedelta
from decimal import Decimal

import pytest

from platforms import services as platforms
from platforms.models import Engagement, Platform, Task
from platforms.services import WorkReport
from reputation.models import ReputationEvent
from tests.support.decisions import resolve_dispute
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, started
from workers.models import Worker

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def platform() -> Platform:
    return PlatformFactory(funds="1000")


@pytest.fixture
def worker() -> Worker:
    return WorkerFactory()


def score(worker: Worker) -> int:
    return Worker.objects.values_list("reputation_score", flat=True).get(pk=worker.pk)


def done(worker: Worker, platform: Platform, amount: str = "1", at=NOW, **kwargs) -> Task:
    task = started(worker, platform=platform, amount=amount, now=at, **kwargs)
    return platforms.complete_task(task_id=task.pk, now=at)


def deltas(worker: Worker) -> list[int]:
    return list(
        ReputationEvent.objects.filter(worker=worker).order_by("number").values_list("delta", flat=True)
    )


def test_one_platform_gives_at_most_20_a_day_and_says_what_was_cut(worker, platform):
    for _ in range(4):
        done(worker, platform, due_at=NOW + DAY)

    assert deltas(worker) == [15, 5, 0, 0]
    reasons = list(ReputationEvent.objects.order_by("number").values_list("reason", flat=True))
    assert reasons == [
        "",
        "+15 cut to +5: one platform gives at most 20 a day",
        "+15 cut to +0: one platform gives at most 20 a day",
        "+15 cut to +0: one platform gives at most 20 a day",
    ]


def test_the_day_is_that_of_the_completion_in_utc(worker, platform):
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    for at in (midnight - timedelta(microseconds=1), midnight, midnight):
        done(worker, platform, at=at)
    done(worker, platform, at=midnight - timedelta(microseconds=1))

    assert deltas(worker) == [10, 10, 10, 10]


def test_one_platform_takes_at_most_30_a_day(worker, platform):
    rated = [done(worker, platform, at=NOW - (4 - number) * DAY) for number in range(5)]
    before = score(worker)

    for task in rated:
        platforms.rate_worker(task_id=task.pk, rating=1, now=NOW + DAY)

    assert score(worker) == before - 30


@pytest.mark.long_form
def test_five_stars_for_dust_give_20_a_day_and_100_in_all(worker, platform):
    """Fifty ratings for 0.000001 USDC each took a score from 500 to 1000."""
    for number in range(50):
        at = NOW + number // 5 * DAY
        task = done(worker, platform, "0.000001", at=at)
        platforms.rate_worker(task_id=task.pk, rating=5, now=at)
        if number == 4:
            assert score(worker) == 520

    assert score(worker) == 600


def test_one_payer_gives_100_until_another_has_paid(worker, platform):
    for number in range(12):
        done(worker, platform, at=NOW + number * DAY)
    assert score(worker) == 600
    last = ReputationEvent.objects.get(number=12)
    assert last.reason == "+10 cut to +0: one platform gives at most 100 until another has paid"

    done(worker, PlatformFactory(funds="100"), at=NOW + 12 * DAY)
    done(worker, platform, at=NOW + 13 * DAY)

    assert score(worker) == 620


def test_small_tasks_of_a_pair_count_once_for_each_full_usdc(worker, platform):
    made = [done(worker, platform, "0.4", at=NOW + number * DAY) for number in range(6)]

    events = ReputationEvent.objects.filter(worker=worker).order_by("number")
    assert [event.task_id for event in events] == [made[2].pk, made[4].pk]
    assert [event.counted_on for event in events] == [(NOW + 2 * DAY).date(), (NOW + 4 * DAY).date()]
    pair = Engagement.objects.get(worker=worker)
    assert (pair.small_pay, pair.paid_amount) == (Decimal("2.4"), Decimal("2.4"))


def test_small_tasks_of_two_platforms_do_not_add_up(worker, platform):
    done(worker, platform, "0.6")
    done(worker, PlatformFactory(funds="10"), "0.6")

    assert deltas(worker) == []


def test_dust_that_is_late_takes_nothing(worker, platform):
    """Three tasks of a micro-USDC that nobody could finish in time would have cost 30."""
    for _ in range(3):
        task = started(worker, platform=platform, amount="0.000001", due_at=NOW + HOUR)
        platforms.complete_task(task_id=task.pk, now=NOW + DAY)

    assert score(worker) == 500


def test_a_batch_of_reports_counts_as_one_after_the_other(worker, platform):
    """Small, whole and cut reports in a single batch."""
    amounts = ["0.4", "0.7", "3", "0.95", "2", "5"]
    alone = WorkerFactory()
    together = [started(worker, platform=platform, amount=amount, due_at=NOW + DAY) for amount in amounts]
    for amount in amounts:
        done(alone, platform, amount, due_at=NOW + DAY)

    platforms.record_work_events(
        platform_id=platform.pk, reports=[WorkReport(task.pk, "completed") for task in together], now=NOW
    )

    assert deltas(worker) == deltas(alone) == [15, 5, 0, 0, 0]
    assert score(worker) == 520


def test_decisions_of_staff_stand_outside_the_bounds(worker, platform):
    tasks = [done(worker, platform, at=NOW + number * HOUR) for number in range(2)]
    for task in tasks:
        platforms.dispute_task(task_id=task.pk, severity=5, reason="poor", now=NOW + 5 * HOUR)
        resolve_dispute(task_id=task.pk, outcome="platform", worker_amount="0", now=NOW + 6 * HOUR)

    assert score(worker) == 520 - 2 * 60
