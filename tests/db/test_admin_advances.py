"""The staff's pages about advances: signing, refusing, writing off, and the portfolio."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from audit.models import Approval, AuditLog
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.recovery import services as recovery_services
from loans.recovery.selectors import read_portfolio
from loans.repayment import services as repayment_services
from platforms import services as platforms
from tests.support.books import violated
from tests.support.factories import NOW, WorkerFactory, approve_by_staff, balance, seconds, settle, started
from tests.support.pages.addresses import whole_page
from tests.support.pages.admin import act as press
from tests.support.pages.admin import member, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]

LIST = "admin:loans_loan_changelist"
DAY = timedelta(days=1)


@pytest.fixture
def ann():
    return member("ann")


@pytest.fixture
def bob():
    return member("bob")


def act(one, action, loan, **given):
    """Press the action's button on the loan's page and confirm it; returns the messages."""
    shown = press(one.client, action, loan, **given)
    loan.refresh_from_db()
    return told(shown)


def pending(amount="20", fee_bps=200):
    return loans.request_loan(worker_id=WorkerFactory().pk, amount=amount, fee_bps=fee_bps)


def page_of(one, loan):
    return whole_page(one.client, loan)


def test_two_members_of_staff_approve_a_large_advance(ann, bob):
    loan = pending("450")
    assert "/act/approve/" in page_of(ann, loan)

    assert "waits for a second person" in act(ann, "approve", loan)[0]
    assert loan.status == "pending"
    again = "Approval of a large advance was requested for this already and waits for a second person"
    assert act(ann, "approve", loan) == [f"advance {loan.reference} of {loan.worker}: {again}"]
    approval = Approval.objects.get()
    assert "another person decides" in told(press(ann.client, "approve", approval))[0]
    page = bob.client.get(reverse("admin:audit_approval_change", args=[approval.pk])).content.decode()
    assert all(line in page for line in loan.terms.split("\n"))
    assert "was approved and done" in told(press(bob.client, "approve", approval))[0]

    loan.refresh_from_db()
    assert loan.status == "approved"
    shown = page_of(ann, loan)
    for text in (str(approval.pk), "Approval of a large advance", "Pay out now"):
        assert text in shown
    assert act(ann, "disburse", loan) == ["1 advance on the way."]
    assert loan.status == "disbursed"


def test_an_advance_is_refused_with_the_reason_that_was_written(ann):
    loan = pending()

    assert act(ann, "reject", loan, reason=" ") == []
    assert loan.status == "pending"
    assert act(ann, "reject", loan, reason="irregular earnings") == ["1 advance refused."]

    assert (loan.status, loan.rejection_reason) == ("cancelled", "irregular earnings")
    line = AuditLog.objects.get(action="loan.cancel", success=True)
    assert (line.actor_id, line.metadata["reason"]) == (str(ann.user.pk), "irregular earnings")
    assert "/act/reject/" not in page_of(ann, loan)


def defaulted(amount="30", at=NOW):
    loan = loans.request_loan(worker_id=WorkerFactory(now=at).pk, amount=amount, fee_bps=0, now=at)
    approve_by_staff(loan_id=loan.pk, now=at)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=at)
    settle(at)
    recovery_services.default_overdue_loans(now=at + 61 * DAY)
    return loan


def test_two_members_of_staff_write_off_what_a_defaulted_advance_owes(ann, bob):
    loan = defaulted()

    act(ann, "write_off", loan, reason="gone abroad")
    assert loan.owed == 30
    press(bob.client, "approve", Approval.objects.get())

    loan.refresh_from_db()
    assert (loan.owed, loan.amount_written_off) == (0, 30)
    assert "/act/write_off/" not in page_of(ann, loan)
    assert violated() == {}


def test_who_may_only_look_decides_nothing():
    looker = member("looker", "loans.view_loan")
    loan = pending()

    assert "/act/approve/" not in page_of(looker, loan)
    press(looker.client, "approve", loan)

    loan.refresh_from_db()
    assert loan.status == "pending"


# --- The portfolio ------------------------------------------------------------------------------------------


def paid_out(amount, at, score=None):
    worker = WorkerFactory(now=at)
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=200, now=at)
    if score is not None:
        Loan.unguarded.filter(pk=loan.pk).update(risk_score=score)
    approve_by_staff(loan_id=loan.pk, now=at)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=at)
    settle(at)
    loan.refresh_from_db()
    return loan


@pytest.fixture
def four_advances():
    """Four advances: repaid, defaulted and recovered in part, late, new; and a request."""
    repaid = paid_out("10", NOW, score=850)
    platforms.complete_task(task_id=started(repaid.worker, amount="100", now=NOW).pk, now=NOW)
    repayment_services.repay_early(loan_id=repaid.pk, now=NOW)
    lost = paid_out("50", NOW, score=820)
    recovery_services.default_overdue_loans(now=NOW + 60 * DAY + seconds(1))
    platforms.complete_task(task_id=started(lost.worker, amount="2", now=NOW).pk, now=NOW + 61 * DAY)
    late = paid_out("20", NOW + 31 * DAY, score=800)
    new = paid_out("40", NOW + 59 * DAY, score=710)
    pending("500")
    return repaid, lost, late, new


def test_the_portfolio_adds_up(four_advances, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = read_portfolio(NOW + 62 * DAY)

    whole = found.whole
    assert (whole.loans, whole.lent, whole.fees) == (4, 120, Decimal("2.4"))
    assert (whole.repaid, whole.outstanding) == (Decimal("11.2"), Decimal("111.2"))
    assert (whole.overdue, whole.in_default) == (50 + Decimal("20.4"), 50)
    assert (whole.ended, whole.defaulted, whole.default_rate) == (2, 1, Decimal("50.00"))
    assert [(one.name, one.loans, one.default_rate) for one in found.bands] == [
        ("800 to 1000", 3, Decimal("50.00")),
        ("700 to 799", 1, None),
    ]
    # Half of the late advance's 20.40 beside the 50 in default; half of the new advance's 40.80, by the rate
    # of all.
    assert [one.expected_loss for one in found.bands] == [Decimal("60.2"), Decimal("20.4")]
    assert whole.expected_loss == Decimal("80.6")
    assert [(one.name, one.loans, one.lent, one.defaulted) for one in found.months] == [
        ("2026-04", 2, 60, 0),
        ("2026-03", 2, 60, 1),
    ]
    debts = sum(balance(one.worker, "loan") for one in four_advances)
    assert whole.outstanding == -debts


def test_a_portfolio_without_advances_is_zero():
    found = read_portfolio(NOW)

    assert (found.whole.loans, found.whole.outstanding, found.whole.default_rate) == (0, 0, None)
    assert (found.bands, found.months) == ([], [])


def test_the_portfolio_is_a_page_and_a_file(four_advances, ann):
    page = ann.client.get(reverse("admin:loans_portfolio"))
    assert reverse("admin:loans_portfolio") in ann.client.get(reverse(LIST)).content.decode()

    shown = page.content.decode()
    for text in ("120.00 USDC lent", "800 to 1000", "2026-03", "Expected loss"):
        assert text in shown
    file = ann.client.get(reverse("admin:loans_portfolio"), {"format": "csv"})
    assert file["Content-Disposition"] == 'attachment; filename="portfolio.csv"'
    rows = list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))
    assert [(row["part"], row["name"]) for row in rows] == [
        ("all", ""),
        ("score", "800 to 1000"),
        ("score", "700 to 799"),
        ("month", "2026-04"),
        ("month", "2026-03"),
    ]
    assert rows[0]["lent"] == "120.000000"


def test_the_portfolio_is_for_those_who_may_see_loans():
    stranger = member("stranger", "platforms.view_platform")

    assert stranger.client.get(reverse("admin:loans_portfolio")).status_code == 403
