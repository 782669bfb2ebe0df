"""Reservations of places, holds on rewards, and rewards that wait, are paid out or are refused late."""

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.models import Decision
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.repayment import services as repayment_services
from payments import services as payments
from reputation.models import QuestCount, Reservation
from reputation.quests import services as quests
from reputation.quests.errors import (
    AlreadyReserved,
    EventNotHeld,
    QuestExhausted,
    QuestNotOpen,
    ReservationExpired,
)
from reputation.quests.services import settling
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, approve_by_staff, balance, settle
from tests.support.quests import DAY, agreed, claim, event_of, held_rewards, open_quest

pytestmark = pytest.mark.django_db


def reserve(quest, worker, *, now=NOW):
    return quests.reserve_place(quest_id=quest.pk, worker_id=agreed(quest, worker).pk, now=now)


def owed_loan():
    """Return an advance of 30 USDC that its worker has received."""
    loan = loans.request_loan(worker_id=WorkerFactory().pk, amount="30", fee_bps=0, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    return loan


@pytest.fixture
def wary():
    with held_rewards():
        yield


def test_a_reservation_keeps_the_last_place_and_its_money():
    quest, worker, other = open_quest(budget="5"), WorkerFactory(), WorkerFactory()

    reservation = reserve(quest, worker)

    quest.refresh_from_db()
    assert (quest.reserved, quest.granted, quest.places_taken, quest.status) == (5, 0, 1, "exhausted")
    assert reservation.expires_at == NOW + DAY
    with pytest.raises(QuestExhausted):
        claim(quest, other)
    with pytest.raises(AlreadyReserved):
        reserve(quest, worker)
    assert claim(quest, worker).state == "granted"
    quest.refresh_from_db()
    assert (quest.reserved, quest.granted, quest.places_taken) == (0, 5, 1)
    assert Reservation.objects.get().status == "used"
    assert QuestCount.objects.get(worker=worker).n == 1
    assert violated() == {}


def test_an_expired_reservation_gives_back_count_place_and_money():
    quest, worker = open_quest(budget="5", limit_total=1), WorkerFactory()
    reserve(quest, worker)

    assert quests.expire_reservations(now=NOW + DAY - timedelta(seconds=1)) == 0
    with pytest.raises(ReservationExpired):
        claim(quest, worker, now=NOW + DAY)
    assert quests.expire_reservations(now=NOW + DAY) == 1
    assert quests.expire_reservations(now=NOW + DAY) == 0

    quest.refresh_from_db()
    assert (quest.reserved, quest.places_taken, quest.status) == (0, 0, "open")
    assert QuestCount.objects.get(worker=worker).n == 0
    assert claim(quest, worker, now=NOW + DAY).state == "granted"
    assert violated() == {}


def test_a_lease_ends_with_its_quest():
    quest = open_quest(ends_at=NOW + timedelta(hours=2))

    assert reserve(quest, WorkerFactory()).expires_at == NOW + timedelta(hours=2)


def test_a_closed_quest_keeps_what_is_reserved_and_gives_it_back_when_the_lease_is_over():
    platform = PlatformFactory(funds="100")
    quest = open_quest(platform, budget="10")
    worker, late = WorkerFactory(), WorkerFactory()
    reserve(quest, worker)
    reserve(quest, late)
    quests.close_quest(quest_id=quest.pk, now=NOW)
    assert balance(platform, "escrow") == Decimal("10.2")

    assert claim(quest, worker).state == "granted"
    with pytest.raises(QuestNotOpen):
        claim(quest, WorkerFactory())
    quests.expire_reservations(now=NOW + DAY)

    assert balance(worker, "available") == 5
    assert balance(platform, "escrow") == 0
    assert balance(platform, "available") == Decimal("94.9")
    assert violated() == {}


def test_a_held_reward_stays_reserved_until_a_person_lets_it_go(wary):
    quest, worker = open_quest(), WorkerFactory()

    result = claim(quest, worker)

    event = event_of(result)
    assert (event.status, event.held_until, event.hold_evidence) == ("held", NOW + 14 * DAY, {"accounts": 2})
    assert balance(worker, "available") == 0
    quest.refresh_from_db()
    assert (quest.reserved, quest.granted, quest.places_taken) == (5, 0, 1)
    assert violated() == {}
    with acting_as(ActorType.STAFF, "4"):
        quests.let_go(event_id=event.pk, reason="two sisters", now=NOW)
        with pytest.raises(EventNotHeld):
            quests.let_go(event_id=event.pk, reason="again", now=NOW)
    assert balance(worker, "available") == 5
    assert event_of(result).status == "granted"
    outcomes = Decision.objects.filter(worker_id=worker.pk).order_by("decided_at", "pk")
    assert [(one.rule, one.outcome) for one in outcomes] == [
        ("quest.hold", "held"),
        ("quest.held_reward", "let_go"),
    ]
    assert violated() == {}


def test_a_held_reward_that_is_refused_frees_its_money_and_keeps_its_place(wary):
    quest, worker = open_quest(), WorkerFactory()
    result = claim(quest, worker)

    with acting_as(ActorType.STAFF, "4"):
        quests.keep_held(event_id=result.event_id, reason="the same person", now=NOW)

    event = event_of(result)
    assert (event.status, event.code, event.message) == (
        "rejected",
        "quest_reward_refused",
        "the same person",
    )
    quest.refresh_from_db()
    assert (quest.reserved, quest.granted, quest.places_taken) == (0, 0, 1)
    assert QuestCount.objects.get(worker=worker).n == 1
    again = claim(quest, worker)
    assert (again.state, again.replayed) == ("rejected", True)
    assert violated() == {}


def test_a_hold_without_a_decision_ends_in_a_grant(wary):
    quest, worker = open_quest(), WorkerFactory()
    result = claim(quest, worker)

    assert quests.end_due_holds(now=NOW + 14 * DAY - timedelta(seconds=1)) == 0
    assert quests.end_due_holds(now=NOW + 14 * DAY) == 1

    assert event_of(result).status == "granted"
    assert balance(worker, "available") == 5
    assert Decision.objects.filter(rule="quest.hold", outcome="timed_out").count() == 1
    assert violated() == {}


def test_a_held_reward_outlives_its_quest(wary):
    platform = PlatformFactory(funds="100")
    quest, worker = open_quest(platform, budget="50"), WorkerFactory()
    result = claim(quest, worker)

    quests.close_quest(quest_id=quest.pk, now=NOW)

    assert balance(platform, "escrow") == Decimal("5.1")
    with acting_as(ActorType.STAFF, "4"):
        quests.keep_held(event_id=result.event_id, reason="the same person", now=NOW)
    assert balance(platform, "escrow") == 0
    assert balance(platform, "available") == 100
    assert violated() == {}


def test_a_reward_is_settled_when_its_payout_is_confirmed():
    quest, worker = open_quest(), WorkerFactory()
    result = claim(quest, worker)

    payments.cash_out(worker_id=worker.pk, now=NOW)

    assert event_of(result).status == "granted"
    settle(NOW)
    event = event_of(result)
    assert (event.status, event.settled_at is not None) == ("settled", True)
    assert violated() == {}


@pytest.mark.parametrize("at_most", [20_000, 1], ids=["in one run", "in turn"])
def test_rewards_that_an_early_repayment_took_are_settled_by_the_job(monkeypatch, at_most):
    monkeypatch.setattr(settling, "LOOKED_AT_IN_A_RUN", at_most)
    quest, loan = open_quest(limit_per_worker=None), owed_loan()
    results = [claim(quest, loan.worker, external_id) for external_id in ("a", "b")]
    left = claim(quest, WorkerFactory())
    assert quests.settle_quest_events(now=NOW) == 0

    repayment_services.repay_early(loan_id=loan.pk, amount=balance(loan.worker, "available"), now=NOW)

    minutes = [NOW + timedelta(minutes=number) for number in range(3)]
    settled = [quests.settle_quest_events(now=minute) for minute in minutes]
    assert sum(settled) == 2
    assert settled.count(0) == (2 if at_most > 1 else 1)
    assert [event_of(result).status for result in (*results, left)] == ["settled", "settled", "granted"]
    assert violated() == {}
