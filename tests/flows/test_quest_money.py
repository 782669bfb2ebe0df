"""Rewards of quests in everything that shows money: each figure is compared with a recount of the ledger."""

import csv
import json
from decimal import Decimal
from io import StringIO

import pytest
from django.db.models import Sum

from gigstream.core.clock import database_now
from loans.policy.reports import WorkerEarnings
from payments import services as payments
from payments.figures.reports import PlatformPerformance
from payments.models import LedgerEntry, Transaction
from payments.statements.selectors.statements import read_statement
from payments.statements.statement_pdf import as_pdf
from platforms import services as platforms
from platforms.platforms.scopes import scope_names
from reputation.quests import services as quests
from tests.support.api.client import Api
from tests.support.books import violated
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    balance,
    owes,
    seconds,
    settle,
    started,
)
from tests.support.histories import bonus, days, in_the_ledger
from tests.support.quests import claim, open_quest

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return database_now()


@pytest.fixture
def platform(now):
    return PlatformFactory(funds="1000", name="Shelves", now=now)


@pytest.fixture(autouse=True)
def _books():
    yield
    assert violated() == {}


def read(api, path, **query):
    answer = api.get(path, **query)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def booked(kind, **accounts):
    entries = LedgerEntry.objects.filter(kind=kind, **accounts)
    return entries.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def rewarded_everywhere(platform, now):
    """Return a worker with pay, a bonus, a gift, two rewards of a platform's quest and one of the house's."""
    worker = WorkerFactory(now=now)
    task = started(worker, platform=platform, amount="20", now=now)
    platforms.complete_task(task_id=task.pk, now=now)
    bonus(task, "2.5", at=now)
    payments.grant_reward(worker_id=worker.pk, amount="1.25", reason="thanks", key="thanks", now=now)
    terms = {"reward_amount": "3.000001", "limit_per_worker": 2, "title": "Scan a shelf"}
    quest = open_quest(platform, budget="40", now=now, **terms)
    for post in ("first", "second"):
        claim(quest, worker, post, now=now)
    claim(open_quest(house=True, budget="5", reward_amount="0.5", now=now), worker, now=now)
    return worker, quest


def test_the_earnings_of_a_worker_have_a_column_for_rewards_of_quests_and_add_up(platform, now):
    worker, _ = rewarded_everywhere(platform, now)

    row = WorkerEarnings.objects.get(worker=worker)
    mine = read(Api.as_worker(worker), "me/earnings")

    assert (row.reward_amount, row.quest_amount) == (Decimal("3.75"), Decimal("6.500002"))
    assert row.earned_amount == 20 + row.reward_amount + row.quest_amount == in_the_ledger(worker)
    assert row.available_amount == balance(worker, "available") == row.earned_amount
    assert (mine["reward_amount"], mine["quest_amount"]) == ("3.750000", "6.500002")


def test_a_statement_names_each_quest_and_its_totals_are_the_ledger(platform, now):
    worker, quest = rewarded_everywhere(platform, now)

    found = read_statement(worker.pk, now - days(1), now + days(1))

    rewards = [line for line in found.lines if line.words == "Quest reward"]
    assert [(line.about, line.change.available) for line in rewards] == [
        ("Scan a shelf (Shelves)", Decimal("3.000001")),
        ("Scan a shelf (Shelves)", Decimal("3.000001")),
        ("Say hello (GigStream)", Decimal("0.5")),
    ]
    assert [line.quest_id for line in rewards[:2]] == [quest.pk, quest.pk]
    totals = {total.words: (total.entries, total.change.available) for total in found.totals}
    assert totals["Quest reward"] == (3, Decimal("6.500002"))
    assert totals["Reward"] == (2, Decimal("3.75"))
    assert sum(amount for _, amount in totals.values()) == balance(worker, "available")
    assert found.closing.available == balance(worker, "available")
    assert as_pdf(found, name="Ann", identity=str(worker.pk), made_at=now).startswith(b"%PDF")
    month = read(Api.as_worker(worker), f"me/statements/{now:%Y-%m}")
    assert [line["quest_id"] for line in month["lines"]].count(str(quest.pk)) == 2


def test_transactions_say_which_quest_they_belong_to_to_both_sides(platform, now):
    worker, quest = rewarded_everywhere(platform, now)
    mine, theirs = Api.as_worker(worker), Api.of(platform, scopes=scope_names())

    of_worker = read(mine, "me/transactions", type="reward")["items"]
    rows = list(csv.DictReader(StringIO(mine.get("me/transactions", format="csv").content.decode())))
    of_platform = read(theirs, "transactions", quest_id=str(quest.pk))["items"]

    assert [row["quest_id"] for row in of_worker].count(str(quest.pk)) == 2
    assert sum(Decimal(row["amount"]) for row in of_worker) == Decimal("10.250002")
    assert sum(Decimal(row["amount"]) for row in rows if row["quest_id"] == str(quest.pk)) == 2 * Decimal(
        "3.000001"
    )
    assert {row["quest_id"] for row in of_platform} == {str(quest.pk)}
    sums = {
        type_: sum(Decimal(row["amount"]) for row in of_platform if row["type"] == type_)
        for type_ in ("reward", "fee")
    }
    # Both rewards carry the fee of 2 % on their sum, 6.000002, rounded down.
    assert sums == {"reward": Decimal("6.000002"), "fee": Decimal("0.12")}
    assert read(theirs, "transactions", quest_id=str(quest.pk), type="payout")["items"] == []


def test_a_platform_sees_what_its_quests_cost_and_what_they_hold(platform, now):
    _, quest = rewarded_everywhere(platform, now)
    api = Api.of(platform, scopes=scope_names())
    escrow = {"debit_account__platform": platform, "debit_account__name": "escrow"}

    row = PlatformPerformance.objects.get(platform=platform)
    figures, money = read(api, "analytics"), read(api, "balance")

    assert row.quest_amount == Decimal("6.000002")
    assert row.fee_amount == booked("fee", **escrow) == Decimal("0.4") + Decimal("0.05") + Decimal("0.12")
    assert row.paid_amount + row.bonus_amount + row.quest_amount == booked("earning", **escrow) + booked(
        "reward", **escrow
    )
    assert (figures["quest_amount"], figures["fee_amount"]) == ("6.000002", "0.570000")
    # Nothing else is reserved: 33.999998 of the budget, and of its fee of 0.80 what was not yet taken.
    assert Decimal(money["quest_budgets"]) == Decimal("33.999998") + Decimal("0.68")
    assert money["escrow"] == money["quest_budgets"]
    quests.close_quest(quest_id=quest.pk, now=now)
    assert read(api, "balance")["quest_budgets"] == "0.000000"


def explained(api, movement):
    return read(api, f"payments/{movement.pk}/explain")


def test_a_reward_its_fee_and_what_came_back_are_explained(platform, now):
    worker, quest = rewarded_everywhere(platform, now)
    quests.close_quest(quest_id=quest.pk, now=now)
    api = Api.of(platform, scopes=scope_names())
    own = Transaction.objects.filter(quest_id=quest.pk)
    reward = own.filter(type="reward").latest("amount", "idempotency_key")
    event = reward.idempotency_key.rpartition(":")[2]

    assert explained(Api.as_worker(worker), reward)["sentence"] == (
        f"A reward of 3.000001 USDC for the quest “Scan a shelf (Shelves)” was granted on {now:%Y-%m-%d},"
        f" for event {event}."
    )
    assert sorted(explained(api, fee)["sentence"] for fee in own.filter(type="fee")) == [
        "The fee on rewards of the quest “Scan a shelf” is 2 % of the 3.000001 USDC that workers were given:"
        " 0.06 USDC.",
        "The fee on rewards of the quest “Scan a shelf” is 2 % of the 6.000002 USDC that workers were given,"
        " less the 0.06 USDC taken before: 0.06 USDC.",
    ]
    back = explained(api, own.get(type="refund"))
    assert back["sentence"] == (
        "Of the 40.80 USDC that was held for the quest “Scan a shelf”, 6.000002 USDC was paid to workers and"
        " 0.12 USDC was the fee on that. The quest was closed, and 34.679998 USDC came back."
    )
    numbers = {name: Decimal(value) for name, value in back["inputs"].items()}
    left = numbers["held"] - numbers["paid"] - numbers["fee"] - numbers["came_back_before"] - numbers["kept"]
    assert left == Decimal(back["payment"]["amount"])
    assert [(entry["debit"], entry["credit"]) for entry in back["entries"]] == [("escrow", "available")]


def test_what_an_advance_takes_of_a_reward_is_explained_to_the_worker_alone(platform, now):
    worker = WorkerFactory(now=now)
    owes(worker, "20")
    quest = open_quest(platform, budget="40", reward_amount="10", now=now)
    claim(quest, worker, now=now + seconds(1))
    reward = Transaction.objects.get(quest_id=quest.pk, type="reward")

    of_worker = explained(Api.as_worker(worker), reward)
    of_platform = explained(Api.of(platform, scopes=scope_names()), reward)

    (withheld,) = of_worker["deductions"]
    assert Decimal(withheld["amount"]) == 10 - balance(worker, "available") > 0
    assert of_platform["deductions"] == []
    assert WorkerEarnings.objects.get(worker=worker).quest_amount == 10


def test_a_payout_that_carries_rewards_names_them(platform, now):
    worker, _ = rewarded_everywhere(platform, now)
    payout = payments.cash_out(worker_id=worker.pk, now=now)
    settle(now)

    carried = explained(Api.as_worker(worker), payout)["inputs"]["parts"]

    assert sum(Decimal(part["paid_out"]) for part in carried) == payout.amount == in_the_ledger(worker)
    assert sum(part["earning"].startswith("reward:quest_event:") for part in carried) == 3
