"""The harness, a function for each way to go wrong: it plays a history or a race on the product as it is
and returns the faults, in words. On a sound product each finds nothing."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Sum
from django.utils import timezone

from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.money import to_micro
from gigstream.remote_calls.errors import ServiceUnavailable
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.errors import InsufficientFunds
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.subjects import STREAM, Subject
from payments.ledger.vocabulary import RELEASE
from payments.models import LedgerEntry, SandboxTransfer, Stream, Transaction
from payments.settlement.sandbox.provider import SandboxProvider
from payments.streams.errors import NothingToClaim
from payments.withdrawals.errors import WithdrawalUnderWay
from platforms import services as platforms
from tests.support.books import violated
from tests.support.database.interleaving import LOCKED, acts
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    balance,
    running_stream,
    sandbox,
    seconds,
    settle,
    started,
    withdrawing_platform,
)

Detector = Callable[[], list[str]]


def broken_rules() -> list[str]:
    """Return the names of the invariants that do not hold."""
    return sorted(violated())


def constraint(error: IntegrityError) -> str:
    """Return the name of the constraint that refused."""
    assert isinstance(error.__cause__, psycopg.Error)
    return str(error.__cause__.diag.constraint_name)


def one_of_two(call: Callable[[], Any], *, stop_before: str = "", stop_after: str = "") -> list[Any]:
    """Return the outcomes of a call made twice: the first stops on its way until the second waits or is
    through."""
    with acts() as start:
        first = start(call, stop_before=stop_before, stop_after=stop_after)
        first.wait_until_stopped()
        second = start(call)
        second.wait_until_blocked_or_done()
        return [act.outcome(Refusal, IntegrityError) for act in (first, second)]


def unless_refused_once(outcomes: list[Any], refusal: type[Refusal] | str) -> list[str]:
    """Return the fault when two calls should be a success and a refusal of this type (or with this code)."""
    findings = [f"refused by {constraint(one)}" for one in outcomes if isinstance(one, IntegrityError)]
    refused = [one for one in outcomes if isinstance(one, Refusal)]
    expected = refusal if isinstance(refusal, str) else refusal.code
    findings += [f"refused as {one.code}" for one in refused if one.code != expected]
    if len(outcomes) - len(refused) == 2 and not findings:
        findings.append("both succeeded")
    return findings


# Races


def a_release_comes_while_a_claim_is_under_way() -> list[str]:
    stream = running_stream(total="36", duration=3600, interval=60, now=database_now() - seconds(630))
    with acts() as start:
        claiming = start(
            partial(payments.claim_stream, stream_id=stream.pk), stop_before="INSERT INTO audit_logs"
        )
        claiming.wait_until_stopped()
        releasing = start(payments.release_due_streams)
        releasing.wait_until_blocked_or_done()
        claiming.outcome()
        releasing.outcome()
    return broken_rules()


def two_releasers_meet() -> list[str]:
    running_stream(total="36", duration=3600, interval=60, now=database_now() - seconds(630))
    one_of_two(payments.release_due_streams, stop_after="workers_locked")
    return broken_rules()


def two_claims_meet() -> list[str]:
    stream = running_stream(total="36", duration=3600, interval=60)
    claim = partial(payments.claim_stream, stream_id=stream.pk, now=NOW + seconds(630))
    outcomes = one_of_two(claim, stop_after='FROM "streams"')
    return unless_refused_once(outcomes, NothingToClaim) + broken_rules()


def two_cash_outs_meet() -> list[str]:
    worker = _worker_with("10")
    cash_out = partial(payments.cash_out, worker_id=worker.pk, amount="6", now=NOW)
    outcomes = one_of_two(cash_out, stop_before='UPDATE "accounts" SET "payout_count"')
    return unless_refused_once(outcomes, InsufficientFunds) + broken_rules()


def two_withdrawals_meet() -> list[str]:
    """Withdraw all that the platform has twice. Its accounts are there: opening an account keeps others
    waiting."""
    platform = withdrawing_platform("100")
    accounts.of_platform(platform.pk, AccountName.IN_TRANSIT)
    withdraw = partial(payments.request_withdrawal, platform_id=platform.pk, amount="100", now=NOW)
    outcomes = one_of_two(withdraw, stop_before='UPDATE "accounts" SET "payout_count"')
    return unless_refused_once(outcomes, WithdrawalUnderWay) + broken_rules()


def two_completions_meet() -> list[str]:
    complete = partial(platforms.complete_task, task_id=started(amount="10").pk, now=NOW)
    outcomes = one_of_two(complete, stop_after='FROM "tasks"')
    return unless_refused_once(outcomes, "illegal_status") + broken_rules()


def two_cancellations_meet() -> list[str]:
    payout = payments.cash_out(worker_id=_worker_with("10").pk, now=NOW)
    cancel = partial(payments.cancel_payout, transaction_id=payout.pk, now=NOW)
    outcomes = one_of_two(cancel, stop_after='FROM "transactions"')
    return unless_refused_once(outcomes, "illegal_status") + broken_rules()


def two_tasks_are_posted() -> list[str]:
    post = partial(
        platforms.create_task,
        platform_id=PlatformFactory.create().pk,
        plan=platforms.TaskPlan(title="One of two", amount="10", task_type="fixed"),
        now=NOW,
    )
    one_of_two(post, stop_before=r'UPDATE "?platforms"?')
    return broken_rules()


def two_transfers_cross() -> list[str]:
    """Transfer from the first account to the second, and back."""
    ends = [accounts.of_worker(_worker_with("10").pk, AccountName.AVAILABLE) for _ in range(2)]
    there, back = (
        partial(
            payments.adjust,
            debit_account=debit,
            credit_account=credit,
            amount="1",
            reason="a typing error",
            requested_by="ann",
            approved_by="bob",
            key=f"{debit}",
            now=NOW,
        )
        for debit, credit in (ends, reversed(ends))
    )
    with acts() as start:
        first = start(there, stop_after=f'FROM "accounts".*{LOCKED}')
        first.wait_until_stopped()
        second = start(back)
        second.wait_until_blocked(by=first)
        first.outcome()
        second.outcome()
    return ["deadlock"] * ("40P01" in first.sqlstates + second.sqlstates) + broken_rules()


# The wait of a withdrawal


def a_withdrawal_is_offered_each_hour() -> list[str]:
    """Offer a withdrawal each hour, which is to leave when 24 hours have passed."""
    platform = withdrawing_platform("100")
    payments.request_withdrawal(platform_id=platform.pk, amount="100", now=NOW)
    for hour in range(25):
        at = NOW + timedelta(hours=hour)
        if payments.submit_payouts(now=at, provider=sandbox(at)):
            return [f"left after {hour} hours"] * (hour != 24) + broken_rules()
    return ["never left"]


# Facts recorded twice


def a_release_is_booked_again() -> list[str]:
    """Book the entry of a release again, under its number, past every guard but the database's own."""
    stream = running_stream(total="36", duration=3600, interval=60)
    payments.release_due_streams(now=NOW + seconds(600))
    again = Posting(
        RELEASE,
        stream.escrow_account_id,
        stream.worker_account_id,
        Decimal(6),
        subject=Subject(STREAM, stream.pk),
        sequence=1,
    )
    try:
        with transaction.atomic():
            ledger.post([again], now=NOW + seconds(600))
    except IntegrityError as error:
        refused_by = constraint(error)
        return [refused_by] * (refused_by != "ledger_release_once") + broken_rules()
    return ["nobody refused", *broken_rules()]


def an_adjustment_is_sent_again() -> list[str]:
    """Send an adjustment again whose requester never saw that it was committed."""
    worker = _worker_with("10")
    for _ in range(2):
        payments.adjust(
            debit_account=accounts.of_house(AccountName.LOSSES),
            credit_account=accounts.of_worker(worker.pk, AccountName.AVAILABLE),
            amount="5",
            reason="a lost bonus",
            requested_by="ann",
            approved_by="bob",
            key="ticket 1",
            now=NOW,
        )
    booked = LedgerEntry.objects.filter(kind="adjustment").count()
    return [f"booked {booked} times"] * (booked != 1) + broken_rules()


# Arithmetic

TOTAL, DURATION = 100, 3600


def an_hour_with_a_pause() -> list[str]:
    """Release 100 USDC in an hour, every 70 s, on a pause from 500 to 900: each release and claim leaves
    paid exactly the earnings of the seconds of work that it counts, rounded down."""
    stream = running_stream(total=str(TOTAL), duration=DURATION, interval=70)
    wrong: dict[str, str] = {}
    for second, act, counted in (
        (70, _release, 70),
        (400, _release, 350),
        (477, _claim, 477),
        (500, _pause, 500),
        (700, _release, 500),
        (900, _resume, 500),
        (960, _release, 560),
        (1437, _claim, 1037),
        (3599, _release, 3150),
        (3999, _claim, 3599),
        (4000, _release, 3600),
    ):
        act(stream, NOW + seconds(second))
        off = to_micro(balance(stream.worker, "available")) - TOTAL * 10**6 * counted // DURATION
        if off and act in (_release, _claim):
            wrong.setdefault(act.__name__, f"{act.__name__[1:]} after {counted} s: {off:+} micro-USDC")
    stream.refresh_from_db()
    unended = [f"{stream.status} at the end"] * (stream.status != "completed")
    return [*wrong.values(), *unended, *broken_rules()]


def _release(stream: Stream, at: Any) -> None:
    payments.release_due_streams(now=at)


def _claim(stream: Stream, at: Any) -> None:
    payments.claim_stream(stream_id=stream.pk, now=at)


def _pause(stream: Stream, at: Any) -> None:
    payments.pause_stream(stream_id=stream.pk, now=at)


def _resume(stream: Stream, at: Any) -> None:
    payments.resume_stream(stream_id=stream.pk, now=at)


def a_machine_whose_clock_is_an_hour_fast() -> list[str]:
    running_stream(total="72", duration=7200, interval=60, now=database_now() - seconds(630))
    here = timezone.now
    with patch.object(timezone, "now", lambda: here() + timedelta(hours=1)):
        payments.release_due_streams()
    return broken_rules()


# Crashes and lost answers


class Killed(BaseException):
    """The process is gone."""


def a_crash_after_the_commit_of_an_earning() -> list[str]:
    """Crash after the commit of an earning. The worker owes 4 and is released 6: the committed part has
    repaid the instalment of 1 already."""
    worker = WorkerFactory.create()
    loan = loans.request_loan(worker_id=worker.pk, amount="4", fee_bps=0, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    running_stream(worker, total="36", duration=3600, interval=60)

    try:
        with connection.execute_wrapper(_die_once_it_is_paid):
            payments.release_due_streams(now=NOW + seconds(600))
    except Killed:
        loan.refresh_from_db()
        return [f"repaid {loan.amount_repaid:.0f} of 1"] * (loan.amount_repaid != 1) + broken_rules()
    raise AssertionError("the process was to die")


def _die_once_it_is_paid(execute: Callable[..., Any], statement: str, *arguments: Any) -> Any:
    """Let the process die when a transaction that picked streams is committed, before its consequences."""
    if "owing_earnings" in statement:
        transaction.on_commit(_die_if_paid)
    return execute(statement, *arguments)


def _die_if_paid() -> None:
    if LedgerEntry.objects.filter(kind="release").exists():
        raise Killed


class LosesAnswers(SandboxProvider):
    """A provider that acts, while its first answer to a kind of call is lost."""

    def __init__(self, lost: str) -> None:
        super().__init__(clock=lambda: NOW)
        self._lost = lost

    def transfer(self, **kwargs: Any) -> Any:
        return self._answer("transfer", super().transfer(**kwargs))

    def get(self, transfer_id: str) -> Any:
        return self._answer("get", super().get(transfer_id))

    def _answer(self, kind: str, answer: Any) -> Any:
        if kind == self._lost:
            raise ServiceUnavailable("timed out")
        return answer


def the_answer_to_a_transfer_is_lost() -> list[str]:
    return _answer_lost("transfer")


def the_answer_to_a_question_is_lost() -> list[str]:
    return _answer_lost("get")


def _answer_lost(kind: str) -> list[str]:
    """Lose an answer. The worker has earned 10: at every loss on the way, the provider sends 10, and both
    books agree."""
    worker = _worker_with("10")
    provider = LosesAnswers(kind)
    payments.create_due_payouts(now=NOW)
    try:
        payments.submit_payouts(now=NOW, provider=provider)
    except RuntimeError as error:
        return [str(error)]
    payments.poll_settlements(now=NOW + seconds(2), provider=provider)

    for minutes in range(60, 63):
        now = NOW + timedelta(minutes=minutes)
        payments.create_due_payouts(now=now)
        payments.submit_payouts(now=now, provider=sandbox(now))
        payments.poll_settlements(now=now, provider=sandbox(now))
    return _compare_with_the_provider(worker) + broken_rules()


def _compare_with_the_provider(worker: models.Model) -> list[str]:
    sent = SandboxTransfer.objects.all()
    amount = sent.aggregate(sum=Sum("amount"))["sum"]
    known = Transaction.objects.filter(status="confirmed", type="payout").values_list(
        "circle_tx_id", flat=True
    )
    unknown = {str(transfer.pk) for transfer in sent} ^ set(known)
    findings = [f"the provider has sent {amount.normalize():f} for earnings of 10"] * (amount != 10)
    return findings + [f"{len(unknown)} transfer in one book only"] * bool(unknown)


def _worker_with(amount: str) -> Any:
    """Return a worker who has earned so much with a fixed task."""
    worker = WorkerFactory.create()
    platforms.complete_task(task_id=started(worker, amount=amount).pk, now=NOW)
    return worker
