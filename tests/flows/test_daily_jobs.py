"""Daily jobs: many rows in batches, each a transaction of its own."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.recovery import services as recovery_services
from tests.support.database.interleaving import acts, hold
from tests.support.factories import NOW, WorkerFactory, approve_by_staff, settle
from workers import services as workers
from workers.models import Worker

pytestmark = pytest.mark.django_db(transaction=True)

TOMORROW = NOW + timedelta(days=1)


def ages():
    return sorted(Worker.objects.values_list("account_age_days", flat=True))


def test_account_ages_are_written_in_batches(settings):
    settings.DAILY_BATCH_SIZE = 2
    for _ in range(5):
        WorkerFactory()

    written = []
    with connection.execute_wrapper(_rows_of("UPDATE workers", written)):
        assert workers.age_accounts(now=TOMORROW) == 5

    assert ages() == [1, 1, 1, 1, 1]
    assert written == [2, 2, 1]


def test_a_batch_of_ages_is_committed_before_the_next_one_waits(settings):
    """A batch that waits for a row holds no other batch's rows meanwhile."""
    settings.DAILY_BATCH_SIZE = 2
    for _ in range(4):
        WorkerFactory()
    last = Worker.objects.order_by("pk").last()

    with acts() as start:
        holder = start(hold(last), stop_after="FOR NO KEY UPDATE")
        holder.wait_until_stopped()
        aging = start(partial(workers.age_accounts, now=TOMORROW))
        aging.wait_until_blocked(by=holder)
        assert ages() == [0, 0, 1, 1]
        holder.outcome()
        assert aging.outcome() == 4

    assert ages() == [1, 1, 1, 1]


def test_overdue_loans_are_marked_in_batches(settings):
    settings.DAILY_BATCH_SIZE = 2
    for _ in range(3):
        loan = loans.request_loan(worker_id=WorkerFactory().pk, amount="20", fee_bps=200, now=NOW)
        approve_by_staff(loan_id=loan.pk, now=NOW)
        disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)

    written = []
    with connection.execute_wrapper(_rows_of('UPDATE "loans"', written)):
        assert recovery_services.default_overdue_loans(now=NOW + timedelta(days=61)) == 3

    assert set(Loan.objects.values_list("status", flat=True)) == {"defaulted"}
    assert written == [2, 1]


def _rows_of(statement, counts):
    """Note how many rows each statement that begins so has written."""

    def watch(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if statement in sql:
            counts.append(context["cursor"].rowcount)
        return result

    return watch
