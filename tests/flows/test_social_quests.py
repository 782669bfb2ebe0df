"""Quests that workers claim by a verified account of a social network."""

from datetime import timedelta

import pytest

from reputation.models import QuestEvent, Reservation
from reputation.quests import services as quests
from reputation.quests.errors import AlreadyReported, InvalidQuest, QuestLimitReached, SocialAccountNeeded
from reputation.quests.services import Report
from reputation.quests.services.offers import offers_to
from tests.support.books import violated
from tests.support.factories import NOW, WorkerFactory, balance
from tests.support.quests import DAY, agreed, claim, draft, event_of, open_quest
from workers.models import SocialAccount
from workers.social.oauth import SocialUser
from workers.social.services.linking import (
    link_social_account,
    sweep_social_accounts,
    unlink_social_account,
)

pytestmark = pytest.mark.django_db
NETWORK = "chirp"
POST = "https://chirp.example/@ann/7"


def social_quest(**given):
    return open_quest(kind="social_check", network=NETWORK, **given)


def linked(worker, user_id="4711", *, network=NETWORK, now=NOW):
    link_social_account(worker_id=worker.pk, user=SocialUser(network, user_id, "ann"), now=now)
    return worker


def unlinked(worker, *, now=NOW):
    account = SocialAccount.objects.get(worker=worker, unlinked_at=None)
    unlink_social_account(worker_id=worker.pk, account_id=account.pk, now=now)
    return worker


def test_a_claim_needs_a_verified_account_of_the_quests_network():
    quest = social_quest()
    nobody, elsewhere, formerly = WorkerFactory(), WorkerFactory(), WorkerFactory()
    linked(elsewhere, "1", network="other")
    unlinked(linked(formerly, "2"))

    for worker in (nobody, elsewhere, formerly):
        with pytest.raises(
            SocialAccountNeeded, match=r"verified account of chirp: link yours first"
        ) as refused:
            claim(quest, worker, POST)
        assert refused.value.numbers == {"network": NETWORK}
        assert balance(worker, "available") == 0
    assert not QuestEvent.objects.exists()

    assert claim(quest, linked(nobody), POST).state == "granted"
    assert violated() == {}


def test_the_fact_of_a_claim_is_the_account_and_not_what_the_worker_names():
    quest, worker = social_quest(), linked(WorkerFactory())

    first = claim(quest, worker, POST)
    again = claim(quest, worker, "https://chirp.example/@ann/8")

    event = event_of(first)
    assert (event.external_id, event.evidence) == (
        "4711",
        {"act": POST, "network": NETWORK, "username": "ann"},
    )
    assert (again.event_id, again.replayed) == (first.event_id, True)
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_what_a_worker_gives_as_evidence_does_not_name_another_account():
    quest, worker = social_quest(), linked(WorkerFactory())
    agreed(quest, worker)

    result = quests.claim_reward(
        quest_id=quest.pk, worker_id=worker.pk, evidence={"username": "somebody else", "n": 1}, now=NOW
    )

    assert event_of(result).evidence == {"n": 1, "network": NETWORK, "username": "ann"}


def test_a_second_worker_with_the_same_account_is_refused():
    quest, first, second = social_quest(), linked(WorkerFactory()), WorkerFactory()
    claim(quest, first, POST)
    unlinked(first)
    later = NOW + timedelta(days=31)
    sweep_social_accounts(now=later)
    linked(second, now=later)

    with pytest.raises(AlreadyReported):
        claim(quest, second, "https://chirp.example/@ann/8", now=later)

    assert QuestEvent.objects.get().worker_id == first.pk
    assert balance(second, "available") == 0
    assert violated() == {}


def test_another_account_of_the_same_worker_is_no_second_reward():
    quest, worker = social_quest(), linked(WorkerFactory())
    claim(quest, worker, POST)

    linked(unlinked(worker), "4712")
    with pytest.raises(QuestLimitReached):
        claim(quest, worker, POST)

    assert balance(worker, "available") == 5


def test_where_several_acts_count_each_stands_behind_the_account():
    quest, worker = social_quest(limit_per_worker=2), linked(WorkerFactory())

    results = [claim(quest, worker, external_id) for external_id in ("7", "8", "7")]

    assert [event_of(result).external_id for result in results] == ["4711:7", "4711:8", "4711:7"]
    assert [result.replayed for result in results] == [False, False, True]
    assert balance(worker, "available") == 10


def test_a_daily_quest_counts_an_account_once_a_date():
    quest, worker = social_quest(period="daily"), linked(WorkerFactory())

    results = [claim(quest, worker, now=NOW + after) for after in (0 * DAY, timedelta(hours=1), DAY)]

    assert [result.replayed for result in results] == [False, True, False]
    assert set(QuestEvent.objects.values_list("external_id", flat=True)) == {"4711"}
    assert balance(worker, "available") == 10


def test_a_place_is_kept_for_those_who_can_claim_it():
    quest, worker = social_quest(), WorkerFactory()
    agreed(quest, worker)

    with pytest.raises(SocialAccountNeeded):
        quests.reserve_place(quest_id=quest.pk, worker_id=worker.pk, now=NOW)
    assert not Reservation.objects.exists()

    quests.reserve_place(quest_id=quest.pk, worker_id=linked(worker).pk, now=NOW)
    assert claim(quest, worker, POST).state == "granted"
    assert Reservation.objects.get().status == "used"
    assert violated() == {}


def test_an_offer_says_that_the_account_is_missing(django_assert_num_queries):
    offers, worker = [social_quest(), social_quest(), open_quest()], WorkerFactory()
    for quest in offers:
        agreed(quest, worker)

    with django_assert_num_queries(4):
        shown = offers_to(worker, offers, now=NOW)

    assert [[refusal.code for refusal in offer.obstacles] for offer in shown] == [
        ["social_account_needed"],
        ["social_account_needed"],
        [],
    ]
    assert [offer.obstacles for offer in offers_to(linked(worker), offers, now=NOW)] == [[], [], []]


def test_a_platform_that_reports_the_acts_itself_needs_no_account():
    quest, worker = social_quest(is_claimable=False), WorkerFactory()
    agreed(quest, worker)

    (result,) = quests.report_events(
        quest_id=quest.pk,
        platform_id=quest.platform_id,
        reports=[Report(worker_id=worker.pk, external_id=POST)],
        now=NOW,
    )

    assert (result.state, event_of(result).external_id) == ("granted", POST)


def test_a_claimable_quest_names_a_network_that_can_be_linked(settings):
    with pytest.raises(InvalidQuest, match="network is one of none yet, not empty"):
        draft(kind="social_check")
    settings.SOCIAL_NETWORKS = {
        NETWORK: dict.fromkeys(
            (
                "title",
                "client_id",
                "authorization_url",
                "token_url",
                "userinfo_url",
                "user_id_at",
                "username_at",
            ),
            "Chirp",
        )
    }
    with pytest.raises(InvalidQuest, match="network is one of chirp, not birdsong"):
        draft(kind="social_check", network="birdsong")
    assert draft(kind="social_check", network="birdsong", is_claimable=False).network == "birdsong"

    quest, worker = social_quest(), WorkerFactory()
    with pytest.raises(SocialAccountNeeded, match="a verified account of Chirp"):
        claim(quest, worker)
