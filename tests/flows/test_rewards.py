"""Rewards of the house: a single member of staff gives small rewards; a worker's rewards of a day are
added up."""

from datetime import timedelta

import pytest

from audit.models import Approval, AuditLog
from gigstream.staff.roles import FINANCE, roles_operating
from payments.models import LedgerEntry
from payments.services import reward_or_request
from tests.support.books import violated
from tests.support.decisions import suspend_worker
from tests.support.factories import WorkerFactory, balance, house_balance
from tests.support.pages.admin import act, answer, ask, member, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return member("ann", "workers.view_worker", "workers.reward_worker")


@pytest.fixture(autouse=True)
def limit_and_books(settings):
    settings.REWARD_ALONE_UP_TO = "20"
    yield
    assert violated() == {}


def give(one, worker, amount):
    return told(act(one.client, "reward", worker, amount=amount, reason="found a fault"))


def test_one_gives_up_to_the_limit_in_a_day_and_beyond_it_a_second_one_approves(ann):
    worker, other = WorkerFactory(), WorkerFactory()

    assert give(ann, worker, "15") == ["1 worker rewarded."]
    assert give(ann, worker, "5.000001")[0].startswith("Reward beyond the limit waits for a second person")
    assert give(ann, other, "20") == ["1 worker rewarded."]

    assert (balance(worker, "available"), balance(other, "available")) == (15, 20)
    line = AuditLog.objects.filter(action="reward.grant", resource_id=str(worker.pk)).get()
    assert (line.actor_type, line.actor_id) == ("staff", str(ann.user.pk))
    assert line.metadata == {"reason": "found a fault"}
    asked = Approval.objects.get()
    assert (str(asked.amount), asked.parameters) == (
        "5.000001",
        {"given": "15.000000", "moved_alone": "15.000000"},
    )

    bob = member("bob", "audit.view_approval", "audit.approve_approval", "workers.reward_worker")
    assert "was approved and done" in told(act(bob.client, "approve", asked))[0]

    entry = LedgerEntry.objects.get(idempotency_key=f"reward:approval:{asked.pk}")
    assert (str(entry.amount), str(balance(worker, "available"))) == ("5.000001", "20.000001")
    assert str(house_balance("rewards")) == "-40.000001"


def test_a_day_later_the_limit_is_whole_again(ann):
    worker = WorkerFactory()
    first = ann.does(reward_or_request, worker_id=worker.pk, amount="20", reason="thanks")
    later = first.created_at + timedelta(hours=24)
    again = {"worker_id": worker.pk, "amount": "20", "reason": "thanks"}
    assert isinstance(ann.does(reward_or_request, **again, now=later - timedelta(seconds=1)), Approval)
    assert ann.does(reward_or_request, **again, now=later).amount == 20


def test_a_reward_is_given_once_however_often_it_is_sent_with_a_reason_and_to_who_may_be_paid(ann):
    worker = WorkerFactory()
    page = ask(ann.client, "reward", worker)
    for reason, amount in (("", "5"), ("thanks", "")):
        assert answer(ann.client, page, reason=reason, amount=amount).context["form"].errors
    for amount in ("-1", "0", "1e1", "0.0000001"):
        assert "rewarded" not in " ".join(give(ann, worker, amount))
    for _ in range(2):
        answer(ann.client, page, reason="thanks", amount="5")
    assert balance(worker, "available") == 5

    suspend_worker(worker_id=worker.pk, reason="under inquiry")
    assert "suspended" in give(ann, worker, "1")[0]
    assert balance(worker, "available") == 5


def test_only_finance_gives_rewards(ann):
    worker = WorkerFactory()
    clerk = member("clerk", "workers.view_worker", "workers.suspend_worker")
    act(clerk.client, "reward", worker, amount="5")
    assert balance(worker, "available") == 0
    assert roles_operating("workers.worker", "reward") == FINANCE
