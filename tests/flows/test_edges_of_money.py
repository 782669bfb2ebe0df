"""Limits of sums, hashes and accounts: a named refusal, and nothing has moved."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from gigstream.core.errors import ReplayMismatch
from gigstream.core.money import LARGEST
from loans.applications import services as loans
from loans.applications.errors import InvalidTerms
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.ledger.errors import AmountTooLarge, NotAdjustable
from payments.ledger.services import accounts
from payments.models import Adjustment, LedgerEntry, Transaction
from payments.settlement.deposits.errors import DepositTooLarge
from payments.statements.selectors.explanations import explain_transaction
from platforms import services as platforms
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    balance,
    house_balance,
    seconds,
    settle,
    started,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_balance_after_each")]

HASH = f"0x{'aB' * 32}"


class TestLargestSums:
    def test_a_deposit_beyond_what_the_books_can_hold_is_refused(self):
        one, other = PlatformFactory(), PlatformFactory()
        payments.book_deposit(platform_id=one.pk, amount=LARGEST, tx_hash="0x1", now=NOW)

        for platform in (one, other):
            with pytest.raises(AmountTooLarge):
                payments.book_deposit(platform_id=platform.pk, amount="0.000001", tx_hash="0x2", now=NOW)

        assert (balance(one, "available"), balance(other, "available")) == (LARGEST, 0)
        assert Transaction.objects.count() == 1

    def test_a_reward_beyond_what_the_books_can_hold_is_refused(self):
        worker = WorkerFactory()
        give = {"worker_id": worker.pk, "reason": "thanks", "now": NOW}
        payments.grant_reward(**give, amount=LARGEST, key="1")

        with pytest.raises(AmountTooLarge):
            payments.grant_reward(**give, amount="0.000001", key="2")

        assert (balance(worker, "available"), house_balance("rewards")) == (LARGEST, -LARGEST)
        payments.adjust(
            debit_account=accounts.of_worker(worker.pk, "available"),
            credit_account=accounts.of_house("rewards"),
            amount=LARGEST,
            reason="a test",
            requested_by="1",
            approved_by="2",
            key="1",
            now=NOW,
        )

    def test_a_loan_that_cannot_be_written_down_with_its_fee_is_refused(self):
        worker = WorkerFactory()

        with pytest.raises(InvalidTerms):
            loans.request_loan(worker_id=worker.pk, amount=LARGEST, fee_bps=200, now=NOW)

        assert Loan.objects.count() == 0

    def test_play_money_of_one_platform_leaves_room_for_all_others(self, settings):
        settings.SIMULATED_BALANCE_LIMIT = "10000000"
        one, other = PlatformFactory(), PlatformFactory()
        give = {"platform_id": one.pk, "now": NOW}

        with pytest.raises(DepositTooLarge):
            payments.simulate_deposit(**give, amount="99999999999999.999999", key="1")
        payments.simulate_deposit(**give, amount="9999999", key="2")
        with pytest.raises(DepositTooLarge):
            payments.simulate_deposit(**give, amount="1.000001", key="3")
        payments.simulate_deposit(**give, amount="1", key="4")
        again = payments.simulate_deposit(**give, amount="9999999", key="2")

        assert again.amount == 9999999
        assert balance(one, "available") == 10000000
        payments.simulate_deposit(platform_id=other.pk, amount="5", key="1", now=NOW)
        assert balance(other, "available") == 5


class TestChainHashes:
    def test_one_chain_hash_in_two_spellings_is_one_deposit(self):
        platform = PlatformFactory()

        first = payments.book_deposit(platform_id=platform.pk, amount="5", tx_hash=HASH, now=NOW)
        for spelling in (HASH.lower(), HASH.upper(), f" {HASH} "):
            again = payments.book_deposit(platform_id=platform.pk, amount="5", tx_hash=spelling, now=NOW)
            assert again == first
        with pytest.raises(ReplayMismatch):
            payments.book_deposit(platform_id=platform.pk, amount="6", tx_hash=HASH.upper(), now=NOW)

        assert (balance(platform, "available"), first.tx_hash) == (5, HASH.lower())


class TestAdjustments:
    def adjust(self, debit, credit):
        return payments.adjust(
            debit_account=debit,
            credit_account=credit,
            amount="1",
            reason="a test",
            requested_by="1",
            approved_by="2",
            key=f"{debit}:{credit}",
            now=NOW,
        )

    def test_adjusted_are_only_what_is_available_and_fees_rewards_and_losses(self):
        worker, platform = WorkerFactory(), PlatformFactory(funds="50")
        of_worker = {name: accounts.of_worker(worker.pk, name) for name in ("in_transit", "loan")}
        escrow, outside = accounts.of_platform(platform.pk, "escrow"), accounts.of_house("outside")
        available = accounts.of_platform(platform.pk, "available")
        entries = LedgerEntry.objects.count()

        for forbidden in (*of_worker.values(), escrow, outside):
            for debit, credit in ((available, forbidden), (forbidden, available)):
                with pytest.raises(NotAdjustable):
                    self.adjust(debit, credit)
                with pytest.raises(NotAdjustable):
                    payments.request_adjustment(
                        debit_account=debit, credit_account=credit, amount="1", reason="a test", now=NOW
                    )

        assert LedgerEntry.objects.count() == entries
        for house in ("fees", "rewards", "losses"):
            self.adjust(available, accounts.of_house(house))
        self.adjust(available, accounts.of_worker(worker.pk, "available"))
        assert (balance(platform, "available"), balance(worker, "available")) == (46, 1)

    def test_the_database_refuses_an_adjustment_of_another_account(self):
        platform = PlatformFactory(funds="50")
        deposit = LedgerEntry.objects.get(kind="deposit", credit_account__platform=platform)
        signed = Adjustment(entry=deposit, requested_by="1", approved_by="2", reason="a test")

        refused = pytest.raises(IntegrityError, match="adjustment_between_adjustable_accounts")
        with refused, transaction.atomic():
            signed.save()
        assert balance(platform, "available") == 50


class TestExplanations:
    def owing(self):
        worker = WorkerFactory()
        loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=NOW)
        approve_by_staff(loan_id=loan.pk, now=NOW)
        disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
        settle(NOW + seconds(60))
        task = started(worker, amount="6", now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW + seconds(200))
        return worker, loan, task

    def test_an_early_repayment_is_explained_by_what_the_worker_chose(self):
        worker, loan, _ = self.owing()
        repayment_services.repay_early(loan_id=loan.pk, amount="1.5", now=NOW + seconds(300))

        movement = Transaction.objects.get(type="repayment", amount=Decimal("1.5"))
        why = explain_transaction(movement, for_worker=worker.pk)

        assert why.formula == "the amount that the worker chose to repay, at most the amount owed"
        assert why.inputs == {
            "loan_id": loan.pk,
            "total_due": Decimal("20.4"),
            "owed_before": Decimal("17.4"),
            "owed_after": Decimal("15.9"),
        }
        assert why.sentence == "1.50 USDC were repaid early towards an advance: 15.90 USDC remained owed."

    def test_a_withheld_repayment_is_explained_by_its_earning(self):
        worker, loan, task = self.owing()

        why = explain_transaction(Transaction.objects.get(type="repayment"), for_worker=worker.pk)

        assert why.formula == (
            "the smallest of the amount owed, a fifth of the whole (at least 1 USDC) and half the earning"
        )
        assert why.inputs == {
            "loan_id": loan.pk,
            "total_due": Decimal("20.4"),
            "owed_before": Decimal("20.4"),
            "owed_after": Decimal("17.4"),
            "earning": f"earning:task:{task.pk}",
            "earned": Decimal("6"),
        }
