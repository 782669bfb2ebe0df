"""A batch of releases takes repayments from any number of workers with the same statements."""

from decimal import Decimal

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from gigstream.core.postgres.short_numbers import ShortNumberField
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from payments import services as payments
from payments.models import Account, LedgerEntry, Stream, Transaction
from platforms.models import Task
from reputation.models import ReputationEvent
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    running_stream,
    seconds,
    settle,
)
from tests.support.long_forms import count, spread
from workers.models import Worker

pytestmark = pytest.mark.django_db
MANY = count(short=100, long=1000)


def owing(amount):
    """Return a worker who owes `amount`, and has a stream that will pay 6 USDC in ten minutes."""
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=0, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    return worker, running_stream(worker, total="36", platform=PlatformFactory(funds="100"))


def copies(model: type[models.Model], row: models.Model, count: int, **changes: str) -> None:
    """Insert `count` more rows like this, with short numbers of their own; the changed columns are SQL that
    may use their number `n`."""
    columns = [
        field.column
        for field in model._meta.concrete_fields
        if not field.generated and not isinstance(field, ShortNumberField)
    ]
    values = [changes.get(column, f'"{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(values)}"
            f" FROM {model._meta.db_table} AS template, generate_series(1, %s) AS n WHERE template.id = %s",
            [count, row.pk],
        )


def key(name: str) -> str:
    return f"md5('{name}' || n || template.id)::uuid"


def crowd(worker: Worker, stream: Stream, count: int) -> None:
    """`count` more workers who owe as much and have such a stream, and no history behind it."""
    of_worker = f"md5('worker' || n || '{worker.pk}')::uuid"
    mine = f"(SELECT a.id FROM accounts a WHERE a.worker_id = {of_worker} AND a.name = 'available')"
    of_task = f"md5('task' || n || '{stream.task_id}')::uuid"
    copies(
        Worker,
        worker,
        count,
        id=of_worker,
        email="'copy' || n || template.email",
        wallet_address="'0x' || left(md5(n || template.id::text) || md5(template.id::text), 40)",
    )
    for account in Account.objects.filter(worker=worker):
        copies(Account, account, count, id="template.id + 100000 * n", worker_id=of_worker)
    copies(Loan, worker.loans.get(), count, id=key("loan"), worker_id=of_worker)
    copies(Task, stream.task, count, id=of_task, worker_id=of_worker)
    copies(
        Stream,
        stream,
        count,
        id=key("stream"),
        worker_id=of_worker,
        task_id=of_task,
        worker_account_id=mine,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts SET balance = balance + %s WHERE id = %s", [37 * count, stream.escrow_account_id]
        )


def statements_of_a_release() -> list[str]:
    """Return how each statement begins that releases the due streams."""
    with CaptureQueriesContext(connection) as captured:
        payments.release_due_streams(now=NOW + seconds(600))
    return [one["sql"][:60] for one in captured.captured_queries]


@pytest.mark.shortened
@pytest.mark.parametrize(
    "debt, status, taken",
    spread([("40", "repaying", "3"), ("1", "repaid", "1")], of="thousand debts", one_in=2),
)
def test_10_or_many_workers_who_owe_cost_the_same_statements(debt, status, taken):
    crowd(*owing(debt), 9)
    of_10 = statements_of_a_release()
    crowd(*owing(debt), MANY - 1)
    of_many = statements_of_a_release()

    assert len(of_many) == len(of_10)
    assert set(Loan.objects.values_list("status", "amount_repaid")) == {(status, Decimal(taken))}
    assert LedgerEntry.objects.filter(kind="repayment").count() == 10 + MANY
    assert Transaction.objects.filter(type="repayment").count() == 10 + MANY
    assert ReputationEvent.objects.filter(event_type="loan_repaid").count() == (
        10 + MANY if debt == "1" else 0
    )
