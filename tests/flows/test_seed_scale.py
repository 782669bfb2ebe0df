"""The large demo at a small size: books that hold, a system that goes on from it, and when it is refused."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count
from django.db.models.functions import Least

from audit.books.services import check_books
from audit.models import AuditLog
from gigstream.demo import scale
from loans.models import Loan
from payments import services as payments
from payments.ledger.subjects import QUEST
from payments.models import LedgerEntry, Stream, Transaction, TransactionDay
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from platforms.figures import services as statistics
from platforms.models import CreatorProfile, Dispute, Engagement, Platform, Task, UsageEvent, UsageReceipt
from platforms.tasks.enums import TaskStatus
from reputation.models import CheckIn, QuestEvent, ReputationEvent
from reputation.scores import services as reputation
from reputation.scores.calculations import bounded_delta
from reputation.streaks.selectors import read_history
from tests.support.factories import WorkerFactory, settle
from workers.models import Worker

pytestmark = pytest.mark.long_form

TASKS = 2000
THEN = datetime(2025, 6, 1, 11, tzinfo=UTC)


def broken() -> dict[str, list[str]]:
    return {result.name: result.offenders for result in check_books() if not result.passed}


def schema() -> dict[str, list[tuple[str, ...]]]:
    """Return every index, constraint and trigger, as the catalogue defines it."""
    queries = {
        "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
        "triggers": "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger"
        " WHERE NOT tgisinternal ORDER BY 1, 2",
    }
    with connection.cursor() as cursor:
        return {name: cursor.execute(query).fetchall() for name, query in queries.items()}


def values(model: type, field: str) -> set[str]:
    return set(model.objects.values_list(field, flat=True))


def make(tasks: int, now: datetime, *, usage: int = 0) -> None:
    for phase in scale.Year(tasks, usage, now).phases():
        phase.run()


@pytest.mark.django_db(transaction=True)
def test_the_books_of_the_year_hold_and_the_system_goes_on_from_it():
    schema_before = schema()

    make(TASKS, THEN)

    assert broken() == {}
    assert schema() == schema_before
    its_quests_are_as_many_as_its_tasks()
    # Every derived column equals its own rule's recomputation from the rows.
    assert set(statistics.recompute_all().values()) == {0}
    assert reputation.recompute_scores() == 0
    # Every day that is over is summed up, up to the day before yesterday.
    assert payments.close_transaction_days(now=THEN) == 0
    assert TransactionDay.objects.latest("day").day == THEN.date() - timedelta(days=2)
    assert TransactionDay.objects.values("day").distinct().count() > 360
    # Three days later: streams are released, earnings are paid out, transfers arrive.
    now = THEN + timedelta(days=3)
    releases, due = LedgerEntry.objects.filter(kind="release").count(), Stream.objects.due(now).count()
    assert due > 0
    assert payments.release_due_streams(now=now) == due
    assert LedgerEntry.objects.filter(kind="release").count() == releases + due
    assert payments.create_due_payouts(now=now) > 0
    settle(now)
    assert not Transaction.objects.filter(status__in=["pending", "submitted"]).exists()
    assert broken() == {}


@pytest.mark.django_db(transaction=True)
def test_use_is_reported_beside_the_tasks():
    make(scale.FEWEST, THEN, usage=1_500)

    assert UsageEvent.objects.count() == 1_500
    assert CreatorProfile.objects.values("platform").distinct().count() == 1
    assert UsageReceipt.objects.count() == 60
    days = UsageEvent.objects.dates("occurred_at", "day")
    assert len(days) >= 60
    assert broken() == {}


def its_quests_are_as_many_as_its_tasks():
    assert 0.98 * TASKS <= QuestEvent.objects.count() <= TASKS
    assert values(QuestEvent, "status") == {"granted", "settled"}
    assert values(QuestEvent, "reward_kind") == {"points", "payout"}
    streaks = CheckIn.objects.values_list("streak_days", flat=True)
    assert (min(streaks), max(streaks)) == (1, 9)
    alice = CheckIn.objects.latest("claimed_at").worker
    assert read_history(alice, at=THEN).streak.days == 9


@pytest.mark.django_db
def test_the_year_is_as_large_as_asked_and_of_every_kind():
    make(TASKS, THEN)

    assert (Task.objects.count(), Worker.objects.count(), Platform.objects.count()) == (TASKS, 20, 5)
    of_quests = Transaction.objects.filter(subject_kind=QUEST.number).count()
    assert of_quests == 2 * TASKS // 10  # rewards and their fees
    assert 1.8 * TASKS < Transaction.objects.count() - of_quests < 2.5 * TASKS
    assert values(Task, "task_type") == {"fixed", "milestone", "time_based"}
    assert values(Task, "status") == {*TaskStatus.values}
    assert values(Stream, "status") >= {"active", "completed", "cancelled"}
    assert values(Transaction, "status") == {*TransactionStatus.values}
    # Nobody leaves in that year: withdrawals are not part of it.
    assert values(Transaction, "type") == {*TransactionType.values} - {"withdrawal"}
    assert values(Loan, "status") >= {"pending", "approved", "disbursed", "repaid"}
    assert values(Dispute, "outcome") >= {"worker", "platform"}
    assert max(Stream.objects.values_list("sequence", flat=True)) <= 12
    # Nobody works for everybody, and the work goes from a year ago until now.
    assert {*Engagement.objects.values("worker").annotate(n=Count("id")).values_list("n", flat=True)} <= {
        *range(1, 7)
    }
    assert THEN - Task.objects.earliest("created_at").created_at > timedelta(days=360)
    assert THEN - timedelta(days=2) < Task.objects.latest("created_at").created_at <= THEN


def test_the_command_says_what_it_has_made(db):
    out = StringIO()

    call_command("seed_demo", scale=scale.FEWEST, stdout=out)

    said = out.getvalue()
    assert [line.split()[0] for line in said.splitlines()[:3]] == ["people", "plan", "tasks"]
    assert f"{scale.FEWEST:>6}  tasks" in said
    assert AuditLog.objects.filter(action="demo.seeded", metadata={"tasks": scale.FEWEST}).exists()


def test_a_terminal_shows_a_bar(db):
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    call_command("seed_demo", scale=scale.FEWEST, stdout=out)

    assert "100%|" in out.getvalue()
    assert "statistics" in out.getvalue()


@pytest.mark.django_db
def test_what_one_platform_makes_of_a_reputation_in_the_year_is_bounded():
    make(TASKS, THEN)

    given, taken, in_all, cuts = Counter(), Counter(), Counter(), Counter()
    ended = Task.objects.filter(paid_amount__gt=0)
    paid = ended.values_list("worker_id", "platform_id", Least("completed_at", "cancelled_at"))
    bounded = ReputationEvent.objects.filter(
        event_type__in=["task_completed", "task_late", "rating_received"]
    ).select_related("task")
    for event in bounded.order_by("worker_id", "number"):
        pair = (event.worker_id, event.task.platform_id)
        day = (*pair, event.created_at.date())
        others = {
            platform
            for worker, platform, at in paid
            if worker == event.worker_id and at <= event.created_at and platform != pair[1]
        }
        left, words = bounded_delta(
            event.delta + event.metadata.get("cut", 0),
            given_today=given[day],
            taken_today=taken[day],
            given_in_all=None if others else in_all[pair],
        )
        assert (event.delta, event.counted_on) == (left, day[2])
        assert event.reason.endswith(words)
        given[day] += max(left, 0)
        taken[day] += max(-left, 0)
        in_all[pair] += max(left, 0)
        cuts[words] += 1
    assert len(cuts) == 4


def count_from(first_event, key):
    """Return the key with its event numbered from the first on: the sequence of their keys goes on."""
    return re.sub(r"(?<=quest_event:)\d+", lambda found: str(int(found[0]) - first_event), key or "")


@pytest.mark.django_db
def test_the_same_size_at_the_same_time_makes_the_same_rows():
    facts = []
    for _ in range(2):
        make(scale.FEWEST, THEN)
        first_event = QuestEvent.objects.earliest("pk").pk
        rows = LedgerEntry.objects.order_by("id").values_list(
            "created_at", "kind", "amount", "idempotency_key"
        )
        facts.append([(at, kind, amount, count_from(first_event, key)) for at, kind, amount, key in rows])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        call_command("flush", interactive=False, verbosity=0)

    assert len(facts[0]) > 4000
    assert facts[0] == facts[1]


@pytest.mark.django_db
def test_it_is_made_in_empty_tables_only():
    worker = WorkerFactory()

    with pytest.raises(CommandError, match="a year of tasks needs empty tables"):
        call_command("seed_demo", scale=scale.FEWEST)

    assert list(Worker.objects.all()) == [worker]
    assert Task.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("tasks", [0, -1, scale.FEWEST - 1, scale.MOST + 1])
def test_a_size_out_of_range_is_refused_before_anything_is_emptied(tasks):
    WorkerFactory()

    with pytest.raises(CommandError, match=f"takes {scale.FEWEST} to {scale.MOST} tasks, not {tasks}"):
        call_command("seed_demo", scale=tasks, reset=True)

    assert Worker.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", [{"usage": 10}, {"usage": -1, "scale": 1_000}, {"usage": 10**9, "scale": 1_000}]
)
def test_use_out_of_range_or_without_tasks_is_refused(given):
    with pytest.raises(CommandError, match="--usage takes up to"):
        call_command("seed_demo", **given)

    assert not Platform.objects.exists()


@pytest.mark.django_db
def test_production_refuses_it(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="not for production"):
        call_command("seed_demo", scale=scale.FEWEST)

    assert not AuditLog.objects.exists()
