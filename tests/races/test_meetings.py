"""A release meets each act that may touch its stream, in both orders: each order has one outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.repayment import services as repayment_services
from loans.repayment.errors import NothingOwed
from payments import services as payments
from payments.models import LedgerEntry, Stream
from payments.streams.errors import NothingToClaim
from platforms import services as platforms
from platforms.tasks.errors import StreamCompleted
from tests.support.books import releases_of
from tests.support.database.interleaving import LOCKED, acts
from tests.support.factories import (
    NOW,
    WorkerFactory,
    approve_by_staff,
    balance,
    fund,
    running_stream,
    seconds,
    settle,
)
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db(transaction=True)

# 0.01 USDC a second, released by the minute: ten whole slots and half of the eleventh have passed.
AT = NOW + seconds(630)
# The statement that pays the picked and locked streams; shards where nothing is due do not come to it.
PAYING = "workers_locked"
STREAM_LOCKED = f'FROM "streams".*{LOCKED}'
WRITTEN_BUT_NOT_LOGGED = "INSERT INTO audit_logs"


def stream_of_36() -> Stream:
    stream = running_stream(total="36", duration=3600, interval=60)
    fund(stream.platform, "100")
    return stream


def release(now=AT) -> Callable[[], int]:
    return partial(payments.release_due_streams, now=now)


@dataclass(frozen=True)
class End:
    """The state of the stream when both are through."""

    status: str
    paid: Decimal
    releases: int


@dataclass(frozen=True)
class Meeting:
    """An act on a stream, and the end for each order."""

    act: Callable[[Stream], Callable[[], Any]]
    release_first: End
    act_first: End


MEETINGS = {
    "claim": Meeting(
        lambda stream: partial(payments.claim_stream, stream_id=stream.pk, now=AT),
        release_first=End("active", Decimal("6.30"), 2),
        act_first=End("active", Decimal("6.30"), 1),
    ),
    "pause": Meeting(
        lambda stream: partial(payments.pause_stream, stream_id=stream.pk, now=AT),
        release_first=End("paused", Decimal("6.30"), 2),
        act_first=End("paused", Decimal("6.30"), 1),
    ),
    "cancel": Meeting(
        lambda stream: partial(payments.cancel_stream, stream_id=stream.pk, now=AT),
        release_first=End("cancelled", Decimal("6.30"), 2),
        act_first=End("cancelled", Decimal("6.30"), 1),
    ),
    "top-up": Meeting(
        lambda stream: partial(payments.top_up_stream, stream_id=stream.pk, amount="3.6", now=AT),
        release_first=End("active", Decimal(6), 1),
        # The running slot's end pays the vested amount so far, too.
        act_first=End("active", Decimal(0), 0),
    ),
    "completion": Meeting(
        lambda stream: partial(platforms.complete_task, task_id=stream.task_id, now=AT),
        release_first=End("completed", Decimal(36), 2),
        act_first=End("completed", Decimal(36), 1),
    ),
    "dispute": Meeting(
        lambda stream: partial(
            platforms.dispute_task, task_id=stream.task_id, severity=1, reason="late", now=AT
        ),
        release_first=End("paused", Decimal("6.30"), 2),
        act_first=End("paused", Decimal("6.30"), 1),
    ),
}


def end_of(stream: Stream) -> End:
    stream.refresh_from_db()
    releases = releases_of(stream).count()
    return End(stream.status, balance(stream.worker, "available"), releases)


@pytest.mark.parametrize("name", spread(MEETINGS, of="waits", one_in=6))
def test_an_act_waits_for_the_release_that_has_its_stream(books_balance, name):
    stream, meeting = stream_of_36(), MEETINGS[name]

    with acts() as start:
        releasing = start(release(), stop_before=PAYING)
        releasing.wait_until_stopped()
        acting = start(meeting.act(stream))
        acting.wait_until_blocked(by=releasing)
        assert releasing.outcome() == 1
        acting.outcome()

    assert end_of(stream) == meeting.release_first
    books_balance()


@pytest.mark.parametrize("name", spread(MEETINGS, of="passes", one_in=6))
def test_a_release_passes_by_a_stream_that_an_act_has(books_balance, name):
    stream, meeting = stream_of_36(), MEETINGS[name]

    with acts() as start:
        acting = start(meeting.act(stream), stop_before=WRITTEN_BUT_NOT_LOGGED)
        acting.wait_until_stopped()
        assert start(release()).outcome() == 0
        acting.outcome()

    assert end_of(stream) == meeting.act_first
    # After a top-up the due amount is due still; the other acts have settled it.
    assert payments.release_due_streams(now=AT) == (name == "top-up")
    books_balance()


def test_a_release_passes_by_a_stream_that_is_being_resumed_and_that_its_pause_has_paid(books_balance):
    stream = stream_of_36()
    payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(300))

    with acts() as start:
        resuming = start(
            partial(payments.resume_stream, stream_id=stream.pk, now=AT), stop_before=WRITTEN_BUT_NOT_LOGGED
        )
        resuming.wait_until_stopped()
        assert start(release()).outcome() == 0
        assert resuming.outcome().status == "active"

    assert payments.release_due_streams(now=AT) == 0
    assert end_of(stream) == End("active", Decimal(3), 1)
    books_balance()


def test_a_resumption_waits_for_the_pause_and_a_release_between_them_finds_nothing(books_balance):
    stream = stream_of_36()

    with acts() as start:
        pausing = start(
            partial(payments.pause_stream, stream_id=stream.pk, now=NOW + seconds(300)),
            stop_before=WRITTEN_BUT_NOT_LOGGED,
        )
        pausing.wait_until_stopped()
        resuming = start(partial(payments.resume_stream, stream_id=stream.pk, now=AT))
        resuming.wait_until_blocked(by=pausing)
        assert start(release()).outcome() == 0
        assert pausing.outcome().status == "paused"
        assert resuming.outcome().status == "active"

    assert payments.release_due_streams(now=AT) == 0
    assert end_of(stream) == End("active", Decimal(3), 1)
    books_balance()


class TestAtTheLastSecond:
    END = NOW + seconds(3600)

    def top_up(self, stream, now=END):
        return partial(payments.top_up_stream, stream_id=stream.pk, amount="3.6", now=now)

    def test_a_released_stream_is_over_and_takes_no_top_up(self, books_balance):
        stream = stream_of_36()
        before = balance(stream.platform, "available")

        with acts() as start:
            releasing = start(release(self.END), stop_before=PAYING)
            releasing.wait_until_stopped()
            topping_up = start(self.top_up(stream))
            topping_up.wait_until_blocked(by=releasing)
            assert releasing.outcome() == 1
            assert isinstance(topping_up.outcome(), StreamCompleted)

        assert end_of(stream) == End("completed", Decimal(36), 1)
        assert balance(stream.platform, "available") == before
        books_balance()

    def test_a_stream_topped_up_just_in_time_goes_on_to_its_new_end(self, books_balance):
        stream = stream_of_36()

        with acts() as start:
            topping_up = start(self.top_up(stream, self.END - seconds(1)), stop_before=WRITTEN_BUT_NOT_LOGGED)
            topping_up.wait_until_stopped()
            assert start(release(self.END)).outcome() == 0
            assert topping_up.outcome().total_amount == Decimal("39.6")

        assert payments.release_due_streams(now=self.END + seconds(360)) == 1
        assert end_of(stream) == End("completed", Decimal("39.6"), 1)
        books_balance()


@pytest.mark.parametrize(
    "act, refused_as, status, paid",
    spread(
        [
            ("claim", NothingToClaim.code, "active", "6.30"),
            ("pause", "illegal_status", "paused", "6.30"),
            ("cancel", "illegal_status", "cancelled", "6.30"),
            ("completion", "illegal_status", "completed", "36"),
            ("dispute", "illegal_status", "paused", "6.30"),
        ],
        of="eight alike",
        one_in=3,
    ),
)
def test_of_eight_alike_one_act_succeeds(at_once, books_balance, act, refused_as, status, paid):
    stream = stream_of_36()

    done, refusals = at_once(*[MEETINGS[act].act(stream)] * 8, behind=stream)

    assert (len(done), [refusal.code for refusal in refusals]) == (1, [refused_as] * 7)
    ended = end_of(stream)
    assert (ended.status, ended.paid, ended.releases) == (status, Decimal(paid), int(paid != "0"))
    books_balance()


def test_of_eight_resumptions_one_succeeds(at_once, books_balance):
    stream = stream_of_36()
    payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(300))

    resumed, refusals = at_once(
        *[partial(payments.resume_stream, stream_id=stream.pk, now=AT)] * 8, behind=stream
    )

    assert (len(resumed), [refusal.code for refusal in refusals]) == (1, ["illegal_status"] * 7)
    stream.refresh_from_db()
    assert (stream.status, stream.paused_for) == ("active", seconds(330))
    books_balance()


def test_eight_top_ups_all_count(at_once, books_balance):
    stream = stream_of_36()

    topped_up, refusals = at_once(*[MEETINGS["top-up"].act(stream)] * 8, behind=stream)

    assert (len(topped_up), refusals) == (8, [])
    stream.refresh_from_db()
    assert (stream.total_amount, stream.duration_seconds) == (Decimal("64.8"), 6480)
    assert LedgerEntry.objects.filter(kind="hold", idempotency_key__startswith="hold:stream:").count() == 8
    books_balance()


class TestEarlyRepayment:
    """An advance of 4 is owed; the release of 30 gives back 1 of it."""

    @pytest.fixture
    def loan(self) -> Loan:
        worker = WorkerFactory()
        loan = loans.request_loan(worker_id=worker.pk, amount="4", fee_bps=0, now=NOW)
        approve_by_staff(loan_id=loan.pk, now=NOW)
        running_stream(worker, total="36", duration=3600, interval=60)
        payments.release_due_streams(now=NOW + seconds(600))
        disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
        settle(NOW)
        return loan

    LOAN_LOCKED = f'FROM "loans".*{LOCKED}'
    END = NOW + seconds(3600)

    def repay(self, loan):
        return partial(repayment_services.repay_early, loan_id=loan.pk, amount="4", now=NOW)

    def test_it_finds_what_the_release_has_repaid_before(self, loan, books_balance):
        with acts() as start:
            releasing = start(release(self.END), stop_after=self.LOAN_LOCKED)
            releasing.wait_until_stopped()
            repaying = start(self.repay(loan))
            repaying.wait_until_blocked(by=releasing)
            assert releasing.outcome() == 1
            refusal = repaying.outcome()

        assert isinstance(refusal, NothingOwed)
        assert refusal.numbers == {"owed": "3.000000", "requested": "4"}
        loan.refresh_from_db()
        assert (loan.status, loan.amount_repaid) == ("repaying", 1)
        assert (balance(loan.worker, "loan"), balance(loan.worker, "available")) == (-3, 35)
        books_balance()

    def test_a_release_takes_nothing_for_a_loan_that_was_repaid_before(self, loan, books_balance):
        with acts() as start:
            repaying = start(self.repay(loan), stop_after=self.LOAN_LOCKED)
            repaying.wait_until_stopped()
            releasing = start(release(self.END))
            releasing.wait_until_blocked(by=repaying)
            assert repaying.outcome().status == "repaid"
            assert releasing.outcome() == 1

        loan.refresh_from_db()
        assert (loan.status, loan.amount_repaid) == ("repaid", 4)
        assert (balance(loan.worker, "loan"), balance(loan.worker, "available")) == (0, 32)
        books_balance()
