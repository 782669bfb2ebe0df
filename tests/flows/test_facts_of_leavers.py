"""Facts of workers who have left: nobody can read them any more, and none is rewarded a second time."""

import hashlib
from datetime import timedelta

import pytest

from payments import services as payments
from reputation.models import ChainProof, QuestEvent, Submission
from reputation.proofs import services as proofs
from reputation.quests import services as quests
from reputation.quests.errors import AlreadyReported
from reputation.quests.services.facts import erased_forms
from reputation.submissions import services as submissions
from tests.support.books import violated
from tests.support.database.snapshots import rows_that_name
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import NOW, WorkerFactory, balance, settle
from tests.support.quests import DAY, claim, fact, open_quest, record
from tests.support.rewards.submissions import approve, hand_in, pending, quest_of_submissions
from workers import services as workers
from workers.models import ChainIdentity
from workers.social.oauth import SocialUser
from workers.social.services.linking import link_social_account

pytestmark = pytest.mark.django_db
POST = "https://chirp.example/@erasmus/1"
LINK = "https://example.com/erasmus"


def points_quest(**given):
    return open_quest(reward_kind="points", budget=None, **given)


def left(worker):
    """Have the worker leave, with all that is paid."""
    payments.create_due_payouts(now=NOW + DAY)
    settle(NOW + DAY)
    workers.delete_worker(worker_id=worker.pk)
    return worker


def test_a_post_is_not_rewarded_again_when_its_reporter_has_left():
    quest, gone, other = (
        points_quest(kind="social_check", is_claimable=False),
        WorkerFactory(),
        WorkerFactory(),
    )
    record(quest, fact(gone, POST))

    left(gone)

    event = QuestEvent.objects.get()
    assert event.external_id == erased_forms(quest.pk, POST)[0]
    # What was published to the platform before is the platform's.
    assert set(rows_that_name(POST)) <= {"events"}
    (result,) = record(quest, fact(other, POST))
    assert (result.state, result.code) == ("refused", "fact_already_reported")
    assert QuestEvent.objects.count() == 1
    assert violated() == {}


def test_an_account_is_not_rewarded_again_when_its_worker_has_left():
    quest = points_quest(kind="social_check", network="chirp", house=True)
    gone, other = WorkerFactory(), WorkerFactory()
    user = SocialUser("chirp", "user-4711", "erasmus")
    link_social_account(worker_id=gone.pk, user=user, now=NOW)
    claim(quest, gone, POST)
    assert set(rows_that_name("user-4711", POST)) >= {"quest_events", "social_accounts"}

    left(gone)
    assert rows_that_name("user-4711", POST) == {}
    link_social_account(worker_id=other.pk, user=user, now=NOW)

    with pytest.raises(AlreadyReported):
        claim(quest, other, POST)
    assert violated() == {}


def test_a_hash_under_a_former_key_is_still_known(settings):
    quest, gone = points_quest(kind="on_chain", is_claimable=False), WorkerFactory()
    record(quest, fact(gone, "0xabc"))
    left(gone)
    settings.FORMER_SECRET_KEYS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-the-tests-that-is-long-enough-to-be-one"

    (result,) = record(quest, fact(WorkerFactory(), "0xabc"))

    assert result.code == "fact_already_reported"


def test_the_same_fact_in_two_quests_is_not_seen_to_be_the_same():
    gone = WorkerFactory()
    for _ in range(2):
        record(points_quest(kind="on_chain", is_claimable=False), fact(gone, "0xabc"))

    left(gone)

    assert len(set(QuestEvent.objects.values_list("external_id", flat=True))) == 2


def test_what_a_platform_calls_a_workers_own_act_goes_as_well():
    quest, gone = points_quest(limit_per_worker=None), WorkerFactory()
    results = [claim(quest, gone, external_id) for external_id in ("erasmus-1", "erasmus-2", "")]

    left(gone)

    found = dict(QuestEvent.objects.values_list("pk", "external_id"))
    assert [found[result.event_id][:7] for result in results[:2]] == ["erased:", "erased:"]
    # It names no more than the row does.
    assert found[results[2].event_id] == str(gone.pk)
    assert len(set(found.values())) == 3
    assert set(rows_that_name("erasmus-")) <= {"events"}
    assert violated() == {}


def test_proof_that_was_rewarded_is_not_handed_in_again_when_its_worker_has_left():
    quest, gone, other = quest_of_submissions(), WorkerFactory(), WorkerFactory()
    approve(pending(quest, gone, link=LINK))
    left(gone)
    # The job that erases the submission comes within a minute, and changes nothing about that.
    assert violated() == {}

    with pytest.raises(AlreadyReported):
        hand_in(quest, other, link=LINK, now=NOW + 2 * DAY)
    assert submissions.erase_submissions(now=NOW + 2 * DAY) == 1
    with pytest.raises(AlreadyReported):
        hand_in(quest, other, link=LINK, now=NOW + 2 * DAY)

    assert Submission.objects.get().worker_id == gone.pk
    assert balance(other, "available") == 0
    assert violated() == {}


def test_transactions_that_a_worker_has_named_go_with_them():
    quest = points_quest(
        kind="on_chain", house=True, metadata={"proof": {"contract": "0x" + "c0" * 20}}, is_claimable=True
    )
    gone, stays = WorkerFactory(), WorkerFactory()
    digest = "0x" + hashlib.sha256(b"erasmus").hexdigest()
    for worker in (gone, stays):
        insert(valid(ChainIdentity, worker=worker, chain="eip155:1"))
        proofs.name_transaction(quest_id=quest.pk, worker_id=worker.pk, tx_hash=digest, now=NOW)

    left(gone)

    assert list(ChainProof.objects.values_list("worker", flat=True)) == [stays.pk]
    assert set(rows_that_name(digest[2:])) == {"chain_proofs"}


def test_a_worker_who_stays_keeps_their_facts():
    quest, gone, stays = points_quest(kind="on_chain", is_claimable=False), WorkerFactory(), WorkerFactory()
    record(quest, fact(gone, "0xabc"), fact(stays, "0xdef"))

    left(gone)
    (again,) = quests.record_events(
        quest_id=quest.pk, facts=[fact(stays, "0xdef")], now=NOW + timedelta(hours=1)
    )

    assert (again.replayed, again.state) == (True, "granted")
    assert QuestEvent.objects.get(worker=stays).external_id == "0xdef"
