"""The harness finds nothing wrong with the product, and finds each bug that is put into it, by its name."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection

from payments.models import Account, Stream, Transaction
from platforms.models import Platform, Task
from tests.support.mutants import detectors, mutations
from tests.support.mutants.detectors import Detector
from tests.support.mutants.mutations import Mutation, no_row_lock, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]

BOOKED_TWICE = [
    "platform_escrow_is_what_is_reserved",
    "stream_released_is_the_sum_of_its_releases",
    "stream_releases_are_numbered_without_a_gap",
    "task_money_is_conserved",
]
# A payout that failed is held, so it is not sent again at once; its earnings count as unpaid.
GIVEN_UP = [
    "1 transfer in one book only",
    "available_is_what_parts_have_left",
    "debit_covers_its_amount",
    "oldest_part_is_the_oldest_free_one",
]
SENT_TWICE = ["the provider has sent 20 for earnings of 10", "1 transfer in one book only"]


@dataclass(frozen=True)
class Case:
    """A bug, the check that is to find it, and the check's messages.

    Where two unique rules are broken, PostgreSQL names that whose index is older: `instead` has the other.
    """

    mutation: Mutation
    detector: Detector
    findings: list[str]
    instead: list[str] | None = None


CASES = {
    "no row lock on release": Case(
        mutations.release_without_row_lock,
        detectors.a_release_comes_while_a_claim_is_under_way,
        ["stream_is_never_paid_early"],
    ),
    "no row lock on release, two releasers in a shard": Case(
        lambda: together(mutations.release_without_row_lock, mutations.no_shard_lock),
        detectors.two_releasers_meet,
        ["stream_is_never_paid_early"],
    ),
    "no row lock on streams": Case(
        no_row_lock(Stream), detectors.two_claims_meet, ["refused by ledger_release_once"]
    ),
    "no unique sequence": Case(
        mutations.no_unique_sequence, detectors.a_release_is_booked_again, ["nobody refused", *BOOKED_TWICE]
    ),
    "no row lock on streams, no unique sequence": Case(
        lambda: together(no_row_lock(Stream), mutations.no_unique_sequence),
        detectors.two_claims_meet,
        ["both succeeded", *BOOKED_TWICE],
    ),
    "no row lock on accounts": Case(
        no_row_lock(Account), detectors.two_cash_outs_meet, ["refused by transactions_idempotency_key_key"]
    ),
    "no row lock on accounts and platforms": Case(
        lambda: together(no_row_lock(Account), no_row_lock(Platform)),
        detectors.two_withdrawals_meet,
        ["refused by transaction_one_withdrawal_under_way"],
        ["refused by transactions_idempotency_key_key"],
    ),
    "withdrawal without its wait": Case(
        mutations.withdrawal_leaves_at_once,
        detectors.a_withdrawal_is_offered_each_hour,
        ["left after 0 hours"],
    ),
    "no row lock on tasks": Case(
        no_row_lock(Task), detectors.two_completions_meet, ["refused by transactions_idempotency_key_key"]
    ),
    "no row lock on transactions": Case(
        no_row_lock(Transaction),
        detectors.two_cancellations_meet,
        ["refused as hold_exceeds_available"],
    ),
    "no row lock on transactions, random ledger key": Case(
        lambda: together(no_row_lock(Transaction), mutations.random_ledger_key),
        detectors.two_cancellations_meet,
        ["refused as insufficient_funds"],
    ),
    "random ledger key": Case(
        mutations.random_ledger_key, detectors.an_adjustment_is_sent_again, ["booked 2 times"]
    ),
    "instalment = floor(total / n)": Case(
        mutations.instalments_rounded_down,
        detectors.an_hour_with_a_pause,
        [
            "release after 70 s: -54 micro-USDC",
            "claim after 477 s: -371 micro-USDC",
            "active at the end",
            "closed_task_paid_what_is_booked",
            "platform_escrow_is_what_is_reserved",
            "stream_ends_with_its_task",
            "task_money_is_conserved",
        ],
    ),
    "float money": Case(
        mutations.float_money,
        detectors.an_hour_with_a_pause,
        ["release after 500 s: +1 micro-USDC", "claim after 1037 s: +1 micro-USDC"],
    ),
    "paused time paid": Case(
        mutations.paused_time_paid,
        detectors.an_hour_with_a_pause,
        ["release after 560 s: -1666667 micro-USDC", "claim after 1037 s: +11111111 micro-USDC"],
    ),
    "repayment outside the transaction": Case(
        mutations.repayment_after_commit,
        detectors.a_crash_after_the_commit_of_an_earning,
        ["repaid 0 of 1"],
    ),
    "unordered locks": Case(mutations.locks_in_the_order_given, detectors.two_transfers_cross, ["deadlock"]),
    "derived column by += in Python, no row lock on platforms": Case(
        lambda: together(mutations.platform_read_without_lock, mutations.added_in_python),
        detectors.two_tasks_are_posted,
        ["platform_statistics_follow_from_tasks"],
    ),
    "status changed on a timeout of the transfer": Case(
        mutations.given_up_on_timeout_of_the_transfer,
        detectors.the_answer_to_a_transfer_is_lost,
        GIVEN_UP,
    ),
    "status changed on a timeout of the question": Case(
        mutations.given_up_on_timeout_of_the_question, detectors.the_answer_to_a_question_is_lost, SENT_TWICE
    ),
    "fresh provider key": Case(
        mutations.fresh_provider_key, detectors.the_answer_to_a_transfer_is_lost, SENT_TWICE
    ),
    "provider asked in a transaction": Case(
        mutations.asked_in_a_transaction,
        detectors.the_answer_to_a_transfer_is_lost,
        ["a provider must not be called inside a database transaction"],
    ),
    "application clock": Case(
        mutations.application_clock,
        detectors.a_machine_whose_clock_is_an_hour_fast,
        ["stream_is_never_paid_early"],
    ),
}

DETECTORS = {case.detector.__name__: case.detector for case in CASES.values()}


def schema() -> set[tuple[str, ...]]:
    """Return every index, constraint, trigger and function of the database, as PostgreSQL would write it
    down."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc
                WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
            """
        )
        return set(cursor.fetchall())


@pytest.fixture(autouse=True)
def schema_is_left_as_it_was(transactional_db: None) -> Iterator[None]:
    before = schema()
    yield
    assert schema() == before


@pytest.mark.parametrize("name", DETECTORS)
def test_the_product_passes(name):
    assert DETECTORS[name]() == []


@pytest.mark.parametrize("name", CASES)
def test_the_bug_is_found(name):
    case = CASES[name]

    with case.mutation() as effects:
        findings = case.detector()

    assert findings in (case.findings, case.instead)
    assert all(effect.reached for effect in effects), "nobody came by the bug"
