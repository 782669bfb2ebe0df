"""Pages of staff about quests: every list and row opens, and held rewards are decided there."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse

from gigstream.adminkit import admin_url, list_url
from reputation.models import (
    ChainProof,
    CheckIn,
    PointsEntry,
    Quest,
    QuestCount,
    QuestEvent,
    QuestFunding,
    QuestOutflow,
    Referral,
    Reservation,
    SubmissionReview,
    WorkerOutflow,
)
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance
from tests.support.long_forms import count
from tests.support.pages.addresses import whole_page
from tests.support.pages.admin import act, member
from tests.support.quests import claim, event_of, held_rewards, history_of_quests, open_quest

pytestmark = pytest.mark.django_db
LIVED_EXPORTS = (Quest, QuestEvent, QuestFunding, QuestOutflow, Reservation, WorkerOutflow)
OTHER_EXPORTS = (ChainProof, CheckIn, Referral, SubmissionReview)
MODELS = (Quest, QuestCount, QuestEvent, QuestFunding, QuestOutflow, Reservation, WorkerOutflow)


@pytest.fixture(scope="module")
def lived(module_transaction):
    times = iter(NOW + timedelta(minutes=number) for number in range(1000))
    return history_of_quests(PlatformFactory(funds="1000"), at=lambda: next(times))


@pytest.mark.shortened
@pytest.mark.usefixtures("without_the_menu")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lists_and_rows_open(lived, model):
    client = member("root").client

    assert client.get(list_url(model)).status_code == 200
    for row in model.objects.all()[: count(short=3, long=8)]:
        assert client.get(admin_url(row)).status_code == 200


def exported(model):
    """Return the rows of the list as a file."""
    address = reverse(f"admin:reputation_{model._meta.model_name}_export_csv")
    answer = member("root").client.post(address, follow=True)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


@pytest.mark.parametrize("model", LIVED_EXPORTS, ids=lambda model: model.__name__)
def test_lists_about_quests_are_taken_as_files(lived, model):
    keys = {str(key) for key in model.objects.values_list("pk", flat=True)}

    rows = exported(model)

    assert {row["id"] for row in rows} == keys
    assert len(rows) == len(keys) > 0


def test_the_file_of_fundings_has_what_each_quest_got_and_gave_back(lived):
    rows = [row for row in exported(QuestFunding) if row["quest_id"] == str(lived.paying.pk)]

    assert [(row["quest_title"], row["amount"], row["fee"]) for row in rows] == [
        ("Say hello", "40.000001", "0.800000")
    ]


@pytest.mark.parametrize("model", OTHER_EXPORTS, ids=lambda model: model.__name__)
def test_lists_of_what_workers_did_are_taken_as_files(model):
    row = insert(valid(model))

    assert [one["id"] for one in exported(model)] == [str(row.pk)]


@pytest.mark.parametrize("model", [Quest, PointsEntry], ids=lambda model: model.__name__)
def test_what_belongs_to_no_platform_is_of_the_house(model):
    house = open_quest(house=True, budget=None, reward_kind="points", reward_amount=5)
    claim(house, WorkerFactory())
    client = member("root").client
    row = house if model is Quest else model.objects.get(platform=None)

    for page in (list_url(model), admin_url(row)):
        shown = client.get(page).content.decode()
        assert "the house" in shown, page


def test_the_page_of_a_quest_says_how_much_of_its_budget_is_used(lived):
    page = whole_page(member("root").client, lived.paying)

    # Three rewards are granted, one is held, and one place is reserved; five of eight.
    assert '<progress max="100" value="62">' in page
    assert "open reservations" in page


def test_staff_let_a_held_reward_go_from_its_page():
    quest, worker = open_quest(), WorkerFactory()
    with held_rewards():
        result = claim(quest, worker)

    act(member("root").client, "let_go", event_of(result), reason="two sisters")

    assert event_of(result).status == "granted"
    assert balance(worker, "available") == 5
