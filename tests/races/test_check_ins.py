"""The daily claim, tapped twice and more, and beside a sign-in."""

from functools import partial

import pytest

from reputation.models import CheckIn, PointsBalance, QuestEvent
from reputation.streaks.services import claim_check_in
from tests.support.factories import NOW, WorkerFactory
from tests.support.rewards.check_ins import DAY, bonus_quest, claim_dates, daily_quest
from workers.sign_in.enums import SignInMethod
from workers.sign_in.services.sessions import open_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_double_tap_grants_once(at_once, books_balance, signed_in):
    daily_quest()
    worker = WorkerFactory(now=NOW)
    if signed_in:
        open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=NOW)

    results, refusals = at_once(*[partial(claim_check_in, worker_id=worker.pk, now=NOW)] * 8)

    assert refusals == []
    assert sorted(claim.replayed for claim in results) == [False] + [True] * 7
    assert (CheckIn.objects.count(), QuestEvent.objects.count()) == (1, 1)
    assert PointsBalance.objects.get().balance == 10
    books_balance()


def test_a_bonus_claimed_twice_at_once_is_granted_once(at_once, books_balance):
    bonus_quest(7)
    worker = WorkerFactory(now=NOW)
    claim_dates(worker, 6)

    results, refusals = at_once(*[partial(claim_check_in, worker_id=worker.pk, now=NOW + 6 * DAY)] * 8)

    assert (len(results), refusals) == (8, [])
    assert QuestEvent.objects.get().external_id == f"{worker.pk}:{NOW.date()}:7"
    assert PointsBalance.objects.get().balance == 50
    books_balance()


def test_claims_and_sign_ins_at_once_make_one_check_in(at_once, books_balance):
    daily_quest()
    worker = WorkerFactory(now=NOW)
    sign_in = partial(open_session, worker_id=worker.pk, method=SignInMethod.PASSWORD, now=NOW)
    claim = partial(claim_check_in, worker_id=worker.pk, now=NOW)

    results, refusals = at_once(*[sign_in, claim] * 6)

    assert (len(results), refusals) == (12, [])
    assert CheckIn.objects.get().claimed_at == NOW
    assert PointsBalance.objects.get().balance == 10
    books_balance()


def test_many_workers_claim_at_once_and_each_has_the_reward(at_once, books_balance):
    daily_quest()
    crowd = WorkerFactory.create_batch(16, now=NOW)

    results, refusals = at_once(*[partial(claim_check_in, worker_id=one.pk, now=NOW) for one in crowd])

    assert (len(results), refusals) == (16, [])
    assert CheckIn.objects.filter(claimed_at=NOW).count() == 16
    assert QuestEvent.objects.count() == 16
    books_balance()
