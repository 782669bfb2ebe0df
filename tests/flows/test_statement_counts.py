"""The cost of an act in statements. They are most of an act's time, and each is a trip to the database, so
a further statement should be a decision and not an accident: its author raises the figure here and says
why."""

import pytest

from payments import services as payments
from platforms import services as platforms
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assigned,
    running_stream,
    seconds,
)
from tests.support.factories import started as begun

pytestmark = pytest.mark.django_db

# A test's own transaction makes the act's a savepoint: a statement to set it and another to release it.
SAVEPOINT = 2


@pytest.fixture
def parties():
    """A worker and a platform who have worked together before, so that nothing is opened now."""
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    platforms.complete_task(task_id=begun(worker, platform=platform).pk, now=NOW)
    return {"worker": worker, "platform": platform}


def test_completing_a_fixed_task(parties, django_assert_max_num_queries):
    """Locked: stream, task, loan, accounts, the worker for the figures, and again for the score. Read: ids
    of the accounts, the worker's events, the minimum that pay brings a balance to, the pair's pay, and the
    totals that the platform has given and taken so far, for the bounds. Written: entries with balances,
    the fee's transaction, the task, the worker's figures, the platform's, the event with the score, the
    log."""
    task = begun(**parties)

    with django_assert_max_num_queries(20 + SAVEPOINT):
        platforms.complete_task(task_id=task.pk, now=NOW)


def test_assigning_a_task(parties, django_assert_max_num_queries):
    """With the consent, and the status of worker and platform, read once their rows are locked."""
    task = TaskFactory(platform=parties["platform"])

    with django_assert_max_num_queries(15 + SAVEPOINT):
        platforms.assign_task(task_id=task.pk, worker_id=parties["worker"].pk, now=NOW)


def test_starting_a_task(parties, django_assert_max_num_queries):
    task = assigned(**parties)

    with django_assert_max_num_queries(8 + SAVEPOINT):
        platforms.start_task(task_id=task.pk, now=NOW)


def test_claiming_from_a_stream(parties, django_assert_max_num_queries):
    stream = running_stream(**parties)

    with django_assert_max_num_queries(8 + SAVEPOINT):
        payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(600))


def test_cashing_out(parties, django_assert_max_num_queries):
    """With the worker's status, read once the account is locked, the held amount, today's cash-outs and
    the smallest payout; then the parts that it covers, and the consequences for the parts that are left,
    with the minimum of pay at once."""
    worker = parties["worker"]
    payments.cash_out(worker_id=worker.pk, amount="1", now=NOW)

    with django_assert_max_num_queries(17 + SAVEPOINT):
        payments.cash_out(worker_id=worker.pk, now=NOW)
