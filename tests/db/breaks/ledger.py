"""The ledger by itself."""

from decimal import Decimal
from uuid import uuid4

from payments.ledger.subjects import STREAM, TASK, SubjectKind
from payments.models import CoveredParts, LedgerEntry
from payments.settlement.payouts.services import parts
from tests.support.database.breaks import (
    adjust,
    belonging_to,
    book,
    breaks,
    follow_covered_parts,
    house,
    last_release,
    of_platform,
    of_worker,
    run,
    wash,
)
from tests.support.database.rich_history import History


@breaks("balances_add_up_to_zero")
def an_amount_that_is_no_number(h: History) -> None:
    adjust(house("fees"), house("outside"), Decimal("1"))
    run("UPDATE ledger_entries SET amount = 'NaN' WHERE id = (SELECT max(id) FROM ledger_entries)")
    run("UPDATE accounts SET balance = 'NaN' WHERE id IN (%s, %s)", house("fees"), house("outside"))


@breaks("balance_is_the_sum_of_its_entries")
def balances_without_an_entry(h: History) -> None:
    run("UPDATE accounts SET balance = balance + 1 WHERE id = %s", house("fees"))
    run("UPDATE accounts SET balance = balance - 1 WHERE id = %s", house("rewards"))


@breaks("balance_is_not_overdrawn")
def more_taken_than_there_was(h: History) -> None:
    adjust(of_platform(h.platform.pk, "available"), house("fees"), "100000")


@breaks("ledger_accounts_exist")
def an_entry_between_accounts_that_are_gone(h: History) -> None:
    adjust(98, 99)


@breaks("ledger_subjects_exist")
def a_release_of_a_stream_that_is_gone(h: History) -> None:
    accounts = (h.cancelled.escrow_account_id, h.cancelled.worker_account_id)
    wash("release", *accounts, sequence=1, **belonging_to(STREAM, uuid4()))


@breaks("ledger_subjects_exist")
def a_hold_for_a_task_that_is_gone(h: History) -> None:
    available, escrow = of_platform(h.platform.pk, "available"), of_platform(h.platform.pk, "escrow")
    wash("hold", available, escrow, **belonging_to(TASK, uuid4()))


@breaks("ledger_subjects_exist")
def a_hold_for_a_kind_that_nobody_registered(h: History) -> None:
    available, escrow = of_platform(h.platform.pk, "available"), of_platform(h.platform.pk, "escrow")
    wash("hold", available, escrow, **belonging_to(SubjectKind(32_000, "nothing", ""), uuid4()))


@breaks("ledger_key_is_used_once")
def one_fact_booked_twice(h: History) -> None:
    available, escrow = of_platform(h.platform.pk, "available"), of_platform(h.platform.pk, "escrow")
    for _ in range(2):
        wash("hold", available, escrow, idempotency_key="again")


@breaks("ledger_key_is_used_once")
def an_entry_without_a_key(h: History) -> None:
    run("UPDATE ledger_entries SET idempotency_key = NULL WHERE kind = 'refund' AND subject_id IS NOT NULL")


@breaks("ledger_entry_fits_its_kind")
def a_fee_from_the_wrong_account(h: History) -> None:
    wash("fee", house("rewards"), house("fees"))


@breaks("ledger_entry_fits_its_kind")
def a_hold_from_another_platform(h: History) -> None:
    wash("hold", of_platform(h.platform.pk, "available"), of_platform(h.rival.pk, "escrow"))


@breaks("ledger_entry_fits_its_kind")
def an_entry_of_a_kind_that_nobody_registered(h: History) -> None:
    wash("gift", of_platform(h.platform.pk, "available"), of_platform(h.platform.pk, "escrow"))


@breaks("ledger_entry_keeps_to_its_task")
def a_hold_of_another_platforms_money(h: History) -> None:
    available, escrow = of_platform(h.rival.pk, "available"), of_platform(h.rival.pk, "escrow")
    book("hold", available, escrow, **belonging_to(TASK, h.paid.pk))
    book("refund", escrow, available, **belonging_to(TASK, h.paid.pk))


@breaks("ledger_entry_keeps_to_its_task")
def a_release_to_another_worker(h: History) -> None:
    other, right = of_worker(h.debtor, "available"), h.completed.worker_account_id
    entry = last_release(h.completed)
    adjust(house("losses"), right, entry.amount)
    run("UPDATE ledger_entries SET credit_account_id = %s WHERE id = %s", other, entry.pk)
    run("UPDATE accounts SET balance = balance + %s WHERE id = %s", entry.amount, other)
    run("UPDATE accounts SET balance = balance - %s WHERE id = %s", entry.amount, right)
    # The payout that took it took the adjustment instead; with the other worker it is still to be paid out.
    covered = CoveredParts.objects.get(
        account=right, first_part__lte=entry, last_part__gte=entry, given_back=False
    )
    run("UPDATE covered_parts SET amount = amount - %s WHERE id = %s", entry.amount, covered.pk)
    instead = LedgerEntry.objects.filter(kind="adjustment", credit_account=right).latest("id")
    CoveredParts.objects.create(
        entry_id=covered.entry_id,
        account_id=right,
        first_part=instead,
        last_part=instead,
        amount=entry.amount,
    )
    parts.refresh_parts([right, other])
    follow_covered_parts()


@breaks("adjustment_is_signed_by_two")
def an_adjustment_nobody_signed(h: History) -> None:
    book("adjustment", house("fees"), house("rewards"))


@breaks("adjustment_is_signed_by_two")
def an_adjustment_signed_by_one(h: History) -> None:
    run("UPDATE adjustments SET approved_by = requested_by")
