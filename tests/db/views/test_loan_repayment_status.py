"""Repayment of loans: progress, delay and defaults."""

from decimal import Decimal

import pytest

from loans.applications import services as applications_services
from loans.policy.reports import LoanRepaymentStatus
from loans.recovery import services as loans
from tests.support.factories import (
    WorkerFactory,
)
from tests.support.histories import (
    active_loan,
    columns,
    days,
    repay,
)

pytestmark = pytest.mark.django_db


def test_a_loan_that_was_only_requested_owes_nothing(now):
    worker = WorkerFactory(now=now)
    loan = applications_services.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=now)

    assert columns(LoanRepaymentStatus.objects.get(loan=loan)) == {
        "loan": loan.pk,
        "worker": worker.pk,
        "status": "pending",
        "amount": 10,
        "fee": Decimal("0.2"),
        "total_due": Decimal("10.2"),
        "amount_repaid": 0,
        "amount_written_off": 0,
        "owed": 0,
        "progress_percent": 0,
        "disbursed_at": None,
        "repayment_due": None,
        "is_overdue": False,
        "overdue_days": 0,
        "is_defaulted": False,
        "defaulted_at": None,
        "repaid_at": None,
        "repaid_on_time": None,
    }


def test_an_overdue_loan_tells_how_late_and_how_far_it_is(now):
    worker = WorkerFactory(now=now - days(50))
    loan = active_loan(worker, at=now - days(41.5))
    repay(loan, "2.55", at=now)

    row = LoanRepaymentStatus.objects.get(loan=loan)

    assert columns(row, without=("loan", "worker")) == {
        "status": "repaying",
        "amount": 10,
        "fee": Decimal("0.2"),
        "total_due": Decimal("10.2"),
        "amount_repaid": Decimal("2.55"),
        "amount_written_off": 0,
        "owed": Decimal("7.65"),
        "progress_percent": 25,
        "disbursed_at": now - days(41.5),
        "repayment_due": now - days(11.5),
        "is_overdue": True,
        "overdue_days": 11,
        "is_defaulted": False,
        "defaulted_at": None,
        "repaid_at": None,
        "repaid_on_time": None,
    }


def test_a_defaulted_loan_stays_so_after_it_is_written_off(now):
    loan = active_loan(WorkerFactory(now=now - days(80)), at=now - days(70))
    loans.default_overdue_loans(now=now - days(5))
    row = LoanRepaymentStatus.objects.get(loan=loan)
    assert (row.status, row.is_overdue, row.overdue_days, row.is_defaulted) == ("defaulted", True, 40, True)

    loans.write_off(loan_id=loan.pk, requested_by="a", approved_by="b", reason="gone", now=now)

    row = LoanRepaymentStatus.objects.get(loan=loan)
    assert (row.owed, row.amount_written_off) == (0, Decimal("10.2"))
    assert (row.is_overdue, row.overdue_days, row.is_defaulted) == (False, 0, True)
    assert row.defaulted_at == now - days(5)


@pytest.mark.parametrize("after, on_time", [(30, True), (31, False)])
def test_a_repaid_loan_tells_whether_it_was_on_time(now, after, on_time):
    loan = active_loan(WorkerFactory(now=now - days(80)), at=now - days(60))
    repay(loan, at=now - days(60) + days(after))

    row = LoanRepaymentStatus.objects.get(loan=loan)

    assert (row.status, row.owed, row.progress_percent) == ("repaid", 0, 100)
    assert (row.is_overdue, row.repaid_on_time) == (False, on_time)
