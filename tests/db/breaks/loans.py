"""Loans."""

from decimal import Decimal

from payments.ledger.subjects import LOAN
from payments.models import CoveredParts, LedgerEntry
from tests.support.database.breaks import (
    adjust,
    belonging_to,
    breaks,
    follow_covered_parts,
    house,
    of_worker,
    open_all_days,
    run,
    wash,
)
from tests.support.database.rich_history import History


@breaks("loan_fee_follows_its_rate")
def another_rate(h: History) -> None:
    run("UPDATE loans SET fee_bps = fee_bps + 1 WHERE id = %s", h.pending.pk)


@breaks("loan_account_is_what_is_owed")
def a_debt_booked_by_hand(h: History) -> None:
    adjust(of_worker(h.debtor, "loan"), house("fees"))


@breaks("loan_is_booked_once")
def a_second_advance(h: History) -> None:
    wash(
        "advance",
        of_worker(h.debtor, "loan"),
        of_worker(h.debtor, "available"),
        **belonging_to(LOAN, h.owing.pk),
    )


@breaks("loan_is_booked_once")
def a_loan_paid_out_before_its_time(h: History) -> None:
    wash(
        "advance",
        of_worker(h.other, "loan"),
        of_worker(h.other, "available"),
        **belonging_to(LOAN, h.pending.pk),
    )


@breaks("loan_repaid_is_the_sum_of_its_repayments")
def a_repayment_that_the_loan_does_not_count(h: History) -> None:
    wash(
        "repayment",
        of_worker(h.debtor, "available"),
        of_worker(h.debtor, "loan"),
        **belonging_to(LOAN, h.owing.pk),
    )


@breaks("loan_written_off_is_the_sum_of_its_write_offs")
def a_write_off_that_the_loan_does_not_count(h: History) -> None:
    wash("write_off", house("losses"), of_worker(h.debtor, "loan"), **belonging_to(LOAN, h.owing.pk))


@breaks("loan_is_repaid_when_nothing_is_owed")
def a_repaid_loan_still_open(h: History) -> None:
    run("UPDATE loans SET status = 'cancelled' WHERE id = %s", h.pending.pk)
    run("UPDATE loans SET status = 'repaying', repaid_at = NULL WHERE id = %s", h.repaid.pk)


@breaks("closed_loan_takes_no_repayment")
def a_repayment_of_a_repaid_loan(h: History) -> None:
    run(
        "UPDATE ledger_entries SET created_at = l.repaid_at + interval '1 hour' FROM loans l"
        " WHERE l.id = %s AND subject_id = l.id AND kind = 'repayment'",
        h.repaid.pk,
    )
    follow_covered_parts()


@breaks("closed_loan_takes_no_repayment")
def a_repayment_before_the_loan_was_paid_out(h: History) -> None:
    run(
        "UPDATE ledger_entries SET id = -id WHERE subject_id = %s AND kind = 'repayment' AND id ="
        " (SELECT min(id) FROM ledger_entries WHERE subject_id = %s AND kind = 'repayment')",
        h.owing.pk,
        h.owing.pk,
    )
    follow_covered_parts()


@breaks("worker_keeps_half_of_every_earning")
def an_earning_that_repaid_too_much(h: History) -> None:
    earning = LedgerEntry.objects.get(kind="earning", credit_account=of_worker(h.debtor, "available"))
    repaid = LedgerEntry.objects.get(withheld_from=earning)
    extra = Decimal("0.000001")
    assert repaid.amount * 2 == earning.amount
    open_all_days()
    run("UPDATE ledger_entries SET amount = amount + %s WHERE id = %s", extra, repaid.pk)
    run("UPDATE transactions SET amount = amount + %s WHERE id = %s", extra, repaid.transaction_id)
    run("UPDATE loans SET amount_repaid = amount_repaid + %s WHERE id = %s", extra, h.owing.pk)
    run("UPDATE accounts SET balance = balance + %s WHERE id = %s", extra, repaid.credit_account_id)
    # The payout that took the rest of the earning was so much smaller.
    covered = CoveredParts.objects.get(first_part=earning, entry__kind="payout_hold", given_back=False)
    run("UPDATE covered_parts SET amount = amount - %s WHERE id = %s", extra, covered.pk)
    payout = covered.entry.transaction_id
    run("UPDATE ledger_entries SET amount = amount - %s WHERE transaction_id = %s", extra, payout)
    run("UPDATE transactions SET amount = amount - %s WHERE id = %s", extra, payout)
    run("UPDATE accounts SET balance = balance - %s WHERE id = %s", extra, house("outside"))
    follow_covered_parts()


@breaks("worker_has_at_most_one_open_loan")
def a_second_open_loan(h: History) -> None:
    run("UPDATE loans SET worker_id = %s WHERE id = %s", h.debtor.pk, h.pending.pk)


@breaks("large_loan_is_approved_by_two")
def a_large_loan_that_one_approved(h: History) -> None:
    run(
        "UPDATE loans SET amount = 500, fee = 10, status = 'approved', approved_at = now() WHERE id = %s",
        h.pending.pk,
    )
