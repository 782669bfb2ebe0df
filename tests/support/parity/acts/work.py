"""Acts of platforms, workers and staff on tasks and streams, through the services."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import QuerySet

from gigstream.core.money import exact_amount
from payments import services as payments
from payments.models import Stream
from platforms import services as platforms
from platforms.models import Task
from platforms.services import MilestonePlan, WorkReport
from platforms.tasks.enums import TaskStatus
from platforms.tasks.funding import task_funding
from tests.support.decisions import reinstate_worker, resolve_dispute, suspend_worker
from tests.support.factories import TaskFactory, consent
from tests.support.parity.story import NothingToDoIt, Story, act
from workers.models import Worker


def tasks(*statuses: str) -> QuerySet[Task]:
    """Tasks that went through the services: their money is held."""
    return Task.objects.filter(status__in=statuses, external_task_id=None)


def streams(*statuses: str) -> QuerySet[Stream]:
    return Stream.objects.filter(status__in=statuses, task__external_task_id=None)


def _due(story: Story) -> dict[str, object]:
    """Most tasks have a due date, which some will miss."""
    if story.rng.random() < 0.3:
        return {}
    return {"due_at": story.now + timedelta(hours=story.rng.uniform(0.5, 12))}


@act(15)
def post_a_fixed_task(story: Story) -> None:
    TaskFactory.create(platform=story.a_platform(), amount=story.amount(), now=story.now, **_due(story))


@act(10)
def post_a_milestone_task(story: Story) -> None:
    parts = [story.amount(20) for _ in range(story.rng.randint(1, 4))]
    TaskFactory.create(
        platform=story.a_platform(),
        amount=sum(map(exact_amount, parts)),
        task_type="milestone",
        milestones=[MilestonePlan(f"step {number}", part) for number, part in enumerate(parts, 1)],
        now=story.now,
        **_due(story),
    )


@act(20)
def post_a_streamed_task(story: Story) -> None:
    TaskFactory.create(
        platform=story.a_platform(),
        amount=story.amount(),
        task_type="time_based",
        duration_seconds=story.rng.randint(600, 200_000),
        release_interval=story.rng.choice((60, 300, 3600)),
        now=story.now,
    )


@act(28)
def assign(story: Story) -> None:
    task = Task.objects.get(pk=story.pick(tasks("created")))
    worker_id = story.a_worker()
    consent(task.platform, Worker.objects.get(pk=worker_id), now=story.now)
    platforms.assign_task(task_id=task.pk, worker_id=worker_id, now=story.now)


@act(6)
def give_back(story: Story) -> None:
    """Declined by the worker, or taken back by the platform."""
    task = Task.objects.get(pk=story.pick(tasks("assigned")))
    if story.rng.random() < 0.5:
        assert task.worker_id is not None
        platforms.decline_task(task_id=task.pk, worker_id=task.worker_id, now=story.now)
    else:
        platforms.unassign_task(task_id=task.pk, now=story.now)


@act(20)
def start(story: Story) -> None:
    platforms.start_task(task_id=story.pick(tasks("assigned")), now=story.now)


@act(9)
def approve_a_milestone(story: Story) -> None:
    task = Task.objects.get(pk=story.pick(tasks("in_progress").filter(task_type="milestone")))
    waiting = task.milestones.filter(approved_at=None).earliest("number")
    platforms.approve_milestone(task_id=task.pk, number=waiting.number, now=story.now)


@act(12)
def complete(story: Story) -> None:
    platforms.complete_task(
        task_id=story.pick(tasks("in_progress").exclude(task_type="time_based")), now=story.now
    )


@act(3)
def complete_a_stream_early(story: Story) -> None:
    platforms.complete_task(
        task_id=story.pick(tasks("in_progress").filter(task_type="time_based")), now=story.now
    )


@act(4)
def report_work(story: Story) -> None:
    task = Task.objects.get(pk=story.pick(tasks("in_progress", "completed")))
    report = WorkReport(task.pk, "bonus", external_id=story.next_key(), amount=story.amount(3))
    platforms.record_work_event(platform_id=task.platform_id, report=report, now=story.now)


@act(7)
def cancel(story: Story) -> None:
    platforms.cancel_task(task_id=story.pick(tasks("created", "assigned", "in_progress")), now=story.now)


@act(9)
def dispute(story: Story) -> None:
    platforms.dispute_task(
        task_id=story.pick(tasks("in_progress", "completed")),
        severity=story.rng.randint(1, 5),
        reason="not as agreed",
        now=story.now,
    )


def _resolve(story: Story, outcome: str) -> None:
    task = Task.objects.get(pk=story.pick(tasks("disputed")))
    share = Decimal(story.rng.choice(("0", "0.25", "1")))
    held = task_funding().still_held(task)
    resolve_dispute(
        task_id=task.pk,
        outcome=outcome,
        worker_amount=(held * share).quantize(Decimal("0.000001")),
        now=story.now,
    )


@act(4)
def resolve_for_the_worker(story: Story) -> None:
    _resolve(story, "worker")


@act(4)
def resolve_for_the_platform(story: Story) -> None:
    _resolve(story, "platform")


@act(2)
def resolve_for_nobody(story: Story) -> None:
    _resolve(story, "nobody")


@act(14)
def rate_the_worker(story: Story) -> None:
    unrated = tasks("completed").filter(worker_rating=None)
    platforms.rate_worker(task_id=story.pick(unrated), rating=story.rng.randint(1, 5), now=story.now)


@act(3)
def rate_the_platform(story: Story) -> None:
    unrated = tasks("completed").filter(platform_rating=None)
    platforms.rate_platform(task_id=story.pick(unrated), rating=story.rng.randint(1, 5), now=story.now)


@act(9)
def release(story: Story) -> int:
    """Run a tick of the engine, sometimes missed for hours, always doubled, now and then by two releasers."""
    if story.rng.random() < 0.3:
        story.later(4 * 3600)
    if not Stream.objects.due(story.now).exists():
        raise NothingToDoIt
    worker_count = story.rng.choice((1, 1, 2))
    ticks = [*range(worker_count), 0]
    for worker_index in ticks:
        payments.release_due_streams(now=story.now, worker_index=worker_index, worker_count=worker_count)
    return len(ticks)


@act(8)
def claim(story: Story) -> None:
    payments.claim_stream(stream_id=story.pick(streams("active")), now=story.now)


@act(18)
def pause(story: Story) -> None:
    payments.pause_stream(stream_id=story.pick(streams("active")), now=story.now)


@act(14)
def resume(story: Story) -> None:
    payments.resume_stream(stream_id=story.pick(streams("paused")), now=story.now)


@act(4)
def top_up(story: Story) -> None:
    payments.top_up_stream(stream_id=story.pick(streams("active")), amount=story.amount(9), now=story.now)


@act(2)
def cancel_a_stream(story: Story) -> None:
    payments.cancel_stream(stream_id=story.pick(streams("active", "paused")), now=story.now)


@act(3)
def suspend_and_reinstate(story: Story) -> int:
    worker_id = story.a_worker()
    suspend_worker(worker_id=worker_id, reason="checked")
    reinstate_worker(worker_id=worker_id, reason="well")
    return 2


@act(12)
def try_out_of_turn(story: Story) -> None:
    """Try a verb for a task in any state: most are refused."""
    verb = story.rng.choice((platforms.start_task, platforms.complete_task, platforms.cancel_task))
    verb(task_id=story.pick(tasks(*TaskStatus.values)), now=story.now)
