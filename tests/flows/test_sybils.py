"""Accounts that seem to be of one person: what ties them, what it does to rewards, and what staff find."""

import random
import uuid
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from django.db import DatabaseError, connection, transaction

from audit.log.context import Actor, acting, acting_as
from audit.log.enums import ActorType
from audit.log.errors import ReasonMissing
from audit.models import Decision
from reputation.models import Clearing, Cluster, ClusterMember, PointsEntry, QuestEvent, WorkerTie
from reputation.quests import services as quests
from reputation.quests.services import Report
from reputation.submissions.services.handing_in import submit_image
from reputation.sybils import services as sybils
from reputation.sybils.calculations import LINK_NEEDS, MOST_ACCOUNTS_OF_A_KEY, WEIGHTS, factor_of
from reputation.sybils.enums import TieKind
from reputation.sybils.errors import ClusterGone
from reputation.sybils.services import Tie
from tests.support.books import violated
from tests.support.database.snapshots import rows_that_name
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance
from tests.support.long_forms import count
from tests.support.quests import agreed, claim, event_of, open_quest
from tests.support.rewards.images import image
from workers import services as workers
from workers.sign_in.enums import SignInMethod
from workers.sign_in.services.sessions import open_session
from workers.social.oauth import SocialUser
from workers.social.services.linking import link_social_account

pytestmark = pytest.mark.django_db
WALLETS = ("0x" + "a1" * 20, "0x" + "b2" * 20)


def share(kind, *accounts, key="same", now=NOW):
    sybils.note_ties([Tie(worker.pk, kind, key) for worker in accounts], now=now)


def ring(count):
    """Return so many workers who share a device and a network address."""
    accounts = [WorkerFactory() for _ in range(count)]
    share(TieKind.DEVICE, *accounts)
    share(TieKind.NETWORK, *accounts)
    return accounts


def points_quest(amount=25, **given):
    return open_quest(house=True, budget=None, reward_kind="points", reward_amount=amount, **given)


def signed_in_at(address, worker, device_id=""):
    with acting(Actor(ActorType.WORKER, str(worker.pk), ip_address=address)):
        open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=NOW, device_id=device_id)


# --- Ties ---------------------------------------------------------------------------------------------------
def test_a_sign_in_leaves_keyed_hashes_of_its_device_and_its_network():
    worker = WorkerFactory()

    for _ in range(2):
        signed_in_at("203.0.113.7", worker, "a-random-device-0001")

    ties = WorkerTie.objects.filter(worker=worker)
    assert sorted(ties.values_list("kind", flat=True)) == ["device", "network"]
    assert rows_that_name("a-random-device-0001") == {}
    # The log of the sign-in alone has the address.
    assert set(rows_that_name("203.0.113.7")) == {"audit_logs"}


def test_subscribers_of_one_ipv6_network_share_it():
    one, two = WorkerFactory(), WorkerFactory()

    signed_in_at("2001:db8:1:2::1", one)
    signed_in_at("2001:db8:1:2:ffff::9", two)

    assert len(set(WorkerTie.objects.values_list("key_hash", flat=True))) == 1


def test_a_payout_address_ties_who_is_paid_there_later():
    first, second = WorkerFactory(), WorkerFactory()
    workers.set_wallet(worker_id=first.pk, wallet_address=WALLETS[0], now=NOW)
    workers.set_wallet(worker_id=first.pk, wallet_address=WALLETS[1], now=NOW)
    workers.set_wallet(worker_id=second.pk, wallet_address=WALLETS[0], now=NOW)

    assert sybils.find_clusters(now=NOW) == 1
    assert set(ClusterMember.objects.values_list("worker", flat=True)) == {first.pk, second.pk}


def test_a_social_account_ties_who_proves_it_while_it_is_anothers(django_capture_on_commit_callbacks):
    first, second = WorkerFactory(), WorkerFactory()
    user = SocialUser(network="circle", user_id="42", username="ann")
    link_social_account(worker_id=first.pk, user=user, now=NOW)

    with pytest.raises(Exception, match="another worker has linked this account"):
        link_social_account(worker_id=second.pk, user=user, now=NOW)

    assert sybils.find_clusters(now=NOW) == 1


def test_a_platforms_devices_are_its_own_names():
    workers_of_it = [WorkerFactory(), WorkerFactory()]
    for platform, worker in zip(
        (PlatformFactory(funds="100"), PlatformFactory(funds="100")), workers_of_it, strict=True
    ):
        quest = open_quest(platform)
        agreed(quest, worker)
        report = Report(worker_id=worker.pk, device_id="device-of-the-app-1")
        quests.report_events(quest_id=quest.pk, platform_id=platform.pk, reports=[report], now=NOW)

    hashes = WorkerTie.objects.filter(kind="device").values_list("key_hash", flat=True)
    assert len(set(hashes)) == 2


def test_an_uploaded_file_ties_who_hands_it_in_for_another_quest():
    content = image()
    for _ in range(2):
        quest, worker = open_quest(kind="submission", is_claimable=False), WorkerFactory()
        submit_image(quest_id=quest.pk, worker_id=agreed(quest, worker).pk, content=content, now=NOW)

    assert sybils.find_clusters(now=NOW) == 1
    assert set(WorkerTie.objects.values_list("kind", flat=True)) == {"upload"}


def test_a_refused_report_leaves_no_tie():
    platform, stranger = PlatformFactory(funds="100"), WorkerFactory()
    quest = open_quest(platform)
    report = Report(worker_id=stranger.pk, device_id="device-of-the-app-1")

    (result,) = quests.report_events(quest_id=quest.pk, platform_id=platform.pk, reports=[report], now=NOW)

    assert result.code == "not_found"
    assert not WorkerTie.objects.exists()


# --- Clusters -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "shared, linked",
    [
        ({TieKind.PAYOUT_ADDRESS: 1}, True),
        ({TieKind.SOCIAL: 1}, True),
        ({TieKind.UPLOAD: 1}, True),
        ({TieKind.DEVICE: 1}, False),
        ({TieKind.NETWORK: 1}, False),
        ({TieKind.DEVICE: 1, TieKind.NETWORK: 1}, True),
        # A kind counts once: neighbours share many addresses in a year.
        ({TieKind.NETWORK: 5}, False),
        ({TieKind.DEVICE: 3}, False),
    ],
)
def test_what_links_two_accounts(shared, linked):
    pair = [WorkerFactory(), WorkerFactory()]
    for kind, keys in shared.items():
        for number in range(keys):
            share(kind, *pair, key=str(number))

    assert sybils.find_clusters(now=NOW) == (1 if linked else 0)


@pytest.mark.parametrize("count, clusters", [(20, 1), (21, 0)])
def test_what_more_than_twenty_share_ties_nobody(count, clusters):
    crowd = [WorkerFactory() for _ in range(count)]
    share(TieKind.SOCIAL, *crowd)

    assert sybils.find_clusters(now=NOW) == clusters
    assert claim(points_quest(), crowd[0]).state == "granted"
    assert PointsEntry.objects.get().amount == (2 if clusters else 25)


def components(ties):
    """Return the connected components of accounts by a union of ties, as an independent model."""
    by_key = defaultdict(set)
    for worker, kind, key in ties:
        by_key[kind, key].add(worker)
    weights = defaultdict(dict)
    for (kind, _), accounts in by_key.items():
        if len(accounts) <= MOST_ACCOUNTS_OF_A_KEY:
            for pair in combinations(sorted(accounts), 2):
                weights[pair][kind] = WEIGHTS[kind]
    parent = {worker: worker for worker, _, _ in ties}

    def find(one):
        while parent[one] != one:
            one = parent[one]
        return one

    for (a, b), kinds in weights.items():
        if sum(kinds.values()) >= LINK_NEEDS:
            low, high = sorted((find(a), find(b)))
            parent[high] = low
    groups = defaultdict(set)
    for worker in parent:
        groups[find(worker)].add(worker)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def found_clusters():
    groups = defaultdict(list)
    for cluster, worker in ClusterMember.objects.order_by("worker").values_list("cluster", "worker"):
        groups[cluster].append(worker)
    assert {cluster: len(group) for cluster, group in groups.items()} == dict(
        Cluster.objects.values_list("pk", "accounts")
    )
    assert all(cluster == group[0] for cluster, group in groups.items())
    return sorted(groups.values())


@pytest.mark.shortened
@pytest.mark.parametrize("seed", range(count(short=2, long=6)))
def test_clusters_are_the_connected_components_of_the_ties(seed):
    chance = random.Random(seed)
    accounts = [WorkerFactory().pk for _ in range(30)]
    kinds = list(TieKind)
    for run in range(3):
        # Later runs also lose links that earlier runs had.
        WorkerTie.objects.all().delete()
        ties = {
            (chance.choice(accounts), chance.choice(kinds), str(chance.randrange(12 + 6 * run)))
            for _ in range(45)
        }
        sybils.note_ties([Tie(*tie) for tie in ties], now=NOW)

        sybils.find_clusters(now=NOW + timedelta(hours=run))

        assert found_clusters() == components(ties)
    assert violated() == {}


@pytest.mark.long_form
def test_a_long_chain_is_one_cluster_within_ten_rounds(caplog):
    ids = many_workers(2_000)
    chain = [
        Tie(one, TieKind.SOCIAL, str(number // 2 if side else (number + 1) // 2 + 10_000))
        for number, one in enumerate(ids)
        for side in (0, 1)
    ]
    sybils.note_ties(chain, now=NOW)

    assert sybils.find_clusters(now=NOW) == 1

    assert Cluster.objects.get().accounts == 2_000
    assert "not joined" not in caplog.text


def many_workers(count):
    """Insert so many workers by a single statement, with short numbers of their own; return their ids."""
    with connection.cursor() as cursor:
        columns = [field.column for field in WorkerFactory()._meta.concrete_fields if not field.generated]
        kept = [column for column in columns if column not in ("id", "email", "short_number")]
        cursor.execute(
            f"INSERT INTO workers (id, email, {', '.join(kept)})"
            " SELECT gen_random_uuid(), n || '@crowd.example', "
            + ", ".join("NULL" if column == "wallet_address" else column for column in kept)
            + " FROM (SELECT * FROM workers ORDER BY id LIMIT 1) w, generate_series(1, %s) n RETURNING id",
            [count],
        )
        return [row[0] for row in cursor.fetchall()]


def test_devices_and_addresses_are_forgotten_after_ninety_days():
    pair = ring(2)
    share(TieKind.SOCIAL, *pair, key="other", now=NOW)
    later = NOW + timedelta(days=90, seconds=1)

    sybils.find_clusters(now=later)

    assert set(WorkerTie.objects.values_list("kind", flat=True)) == {"social"}


# --- Effects ------------------------------------------------------------------------------------------------
def test_the_register_of_factors():
    assert [factor_of(accounts) for accounts in (1, 2, 3, 4, 100)] == [
        Decimal(1),
        Decimal("0.5"),
        Decimal("0.5"),
        Decimal("0.1"),
        Decimal("0.1"),
    ]


def test_linked_accounts_get_a_part_of_the_points_and_read_why():
    quest, (worker, _) = points_quest(25), ring(2)

    result = claim(quest, worker)

    event = event_of(result)
    assert (event.status, event.amount, event.factor, event.granted_amount) == (
        "granted",
        25,
        Decimal("0.5"),
        12,
    )
    reason = (
        "Your account and 1 more seem to be of one person: 1 other account uses the same device, 1 other"
        " account uses the same network address. If the others are other people, tell the support: a member"
        " of staff looks at it and decides. It ends by itself when the accounts no longer share these."
    )
    assert event.factor_reason == reason
    assert event.factor_evidence == {
        "accounts": 2,
        "payout_address": 0,
        "social": 0,
        "upload": 0,
        "device": 1,
        "network": 1,
    }
    entry = PointsEntry.objects.get(worker=worker)
    assert (entry.amount, entry.reason) == (12, f"Quest: Say hello: 12 of 25 points. {reason}")
    quest.refresh_from_db()
    assert quest.granted == 12
    decision = Decision.objects.get(rule="sybils.factor")
    assert (decision.outcome, decision.worker_id, decision.subject_id) == (
        "reduced",
        worker.pk,
        str(event.pk),
    )
    assert decision.inputs == {
        "quest": quest.slug,
        "amount": 25,
        "points": 12,
        "factor": "0.5",
        **event.factor_evidence,
    }
    assert violated() == {}


def test_the_smallest_reward_may_come_to_nothing_and_is_told_so():
    worker, *_ = ring(4)

    event = event_of(claim(points_quest(5), worker))

    assert (event.status, event.factor, event.granted_amount) == ("granted", Decimal("0.1"), 0)
    assert PointsEntry.objects.get().amount == 0
    assert violated() == {}


def test_a_payout_of_linked_accounts_is_held_with_the_evidence_and_granted_after_fourteen_days():
    quest, (worker, _) = open_quest(), ring(2)

    event = event_of(claim(quest, worker))

    assert (event.status, event.held_until) == ("held", NOW + timedelta(days=14))
    assert event.hold_reason.startswith("Your account and 1 more seem to be of one person")
    assert (event.hold_evidence["accounts"], event.hold_evidence["device"]) == (2, 1)
    assert balance(worker, "available") == 0
    decision = Decision.objects.get(rule="quest.hold")
    assert (decision.outcome, decision.inputs["evidence"]) == ("held", event.hold_evidence)
    assert violated() == {}
    assert quests.end_due_holds(now=NOW + timedelta(days=14)) == 1
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_a_grant_sees_links_that_are_younger_than_the_last_run():
    ring(3)
    sybils.find_clusters(now=NOW)
    late = WorkerFactory()
    share(TieKind.DEVICE, late)
    share(TieKind.NETWORK, late)

    event = event_of(claim(points_quest(100), late))

    # Three by the last run, and this one.
    assert (event.factor, event.factor_evidence["accounts"]) == (Decimal("0.1"), 4)


def test_a_grant_counts_those_whom_the_last_run_found_behind_the_others():
    a, b, c, d = (WorkerFactory() for _ in range(4))
    for key, pair in (("1", (a, b)), ("2", (b, c)), ("3", (c, d))):
        share(TieKind.SOCIAL, *pair, key=key)
    assert event_of(claim(points_quest(100), a)).factor == Decimal("0.5")

    sybils.find_clusters(now=NOW)

    event = event_of(claim(points_quest(100), a))
    assert (event.factor, event.factor_evidence["accounts"], event.factor_evidence["social"]) == (
        Decimal("0.1"),
        4,
        1,
    )


def test_who_shares_nothing_gets_all():
    ring(3)
    alone = WorkerFactory()
    share(TieKind.NETWORK, alone)

    assert event_of(claim(points_quest(25), alone)).granted_amount == 25
    assert not Decision.objects.exists()


def test_an_assessment_takes_one_statement_for_any_number(django_assert_num_queries):
    accounts = ring(6)
    events = [
        QuestEvent(pk=number, worker=worker, reward_kind="points", amount=10)
        for number, worker in enumerate(accounts)
    ]

    with django_assert_num_queries(1):
        found = sybils.assess_events(events, NOW)

    assert {effect.factor for effect in found.values()} == {Decimal("0.1")}


# --- Staff --------------------------------------------------------------------------------------------------
def test_staff_find_different_people_and_their_rewards_are_whole_until_more_are_linked():
    pair = ring(2)
    sybils.find_clusters(now=NOW)
    cluster = Cluster.objects.get()

    with acting_as(ActorType.STAFF, "4"):
        sybils.clear_cluster(cluster_id=cluster.pk, reason="two sisters", now=NOW)

    assert event_of(claim(points_quest(25), pair[0])).granted_amount == 25
    assert event_of(claim(open_quest(), pair[1])).status == "granted"
    found = Decision.objects.filter(rule="sybils.clearing").order_by("worker_id")
    assert [(one.worker_id, one.outcome, one.reason, one.decided_by) for one in found] == [
        (worker.pk, "different_people", "two sisters", "staff:4")
        for worker in sorted(pair, key=lambda w: w.pk)
    ]
    share(TieKind.DEVICE, third := WorkerFactory())
    share(TieKind.NETWORK, third)
    assert event_of(claim(points_quest(25), pair[0])).factor == Decimal("0.5")
    assert violated() == {}


def test_a_finding_of_staff_is_ended_by_staff():
    worker, _ = ring(2)
    sybils.find_clusters(now=NOW)
    cluster = Cluster.objects.get()
    with acting_as(ActorType.STAFF, "4"):
        sybils.clear_cluster(cluster_id=cluster.pk, reason="two sisters", now=NOW)
        sybils.end_clearing(cluster_id=cluster.pk, reason="one passport", now=NOW)

    assert not Clearing.objects.exists()
    assert event_of(claim(points_quest(), worker)).factor == Decimal("0.5")


@pytest.mark.parametrize("verb", [sybils.clear_cluster, sybils.end_clearing])
def test_a_finding_needs_a_reason_and_a_cluster(verb):
    ring(2)
    sybils.find_clusters(now=NOW)

    with acting_as(ActorType.STAFF, "4"):
        with pytest.raises(ReasonMissing):
            verb(cluster_id=Cluster.objects.get().pk, reason=" ")
        with pytest.raises(ClusterGone):
            verb(cluster_id=uuid.uuid4(), reason="two sisters")

    assert not Clearing.objects.exists()
    assert not Decision.objects.exists()


# --- Leaving ------------------------------------------------------------------------------------------------
def test_a_worker_who_leaves_takes_all_ties_and_all_evidence_along():
    worker, other = ring(2)
    workers.set_wallet(worker_id=worker.pk, wallet_address=WALLETS[0], now=NOW)
    user = SocialUser(network="circle", user_id="user-4711", username="erasmus.erased")
    link_social_account(worker_id=worker.pk, user=user, now=NOW)
    signed_in_at("203.0.113.7", worker, "a-random-device-0001")
    sybils.find_clusters(now=NOW)
    quest = points_quest(25)
    quests.claim_reward(
        quest_id=quest.pk, worker_id=worker.pk, evidence={"url": "https://posts.example/erasmus"}, now=NOW
    )
    hashes = list(WorkerTie.objects.filter(worker=worker).values_list("key_hash", flat=True))
    values = (WALLETS[0], "user-4711", "erasmus", *hashes[:1])
    assert set(rows_that_name(*values)) >= {"workers", "social_accounts", "quest_events", "worker_ties"}

    workers.delete_worker(worker_id=worker.pk)

    # What the other account shares is that account's own.
    own = set(hashes) - set(WorkerTie.objects.values_list("key_hash", flat=True))
    assert len(own) == len(hashes) - 2
    assert rows_that_name(WALLETS[0], "user-4711", "erasmus", *own) == {}
    assert not WorkerTie.objects.filter(worker=worker.pk).exists()
    assert not Cluster.objects.exists()
    assert not ClusterMember.objects.exists()
    event = QuestEvent.objects.get(worker=worker.pk)
    assert (event.evidence, event.factor_evidence, event.granted_amount) == ({}, {}, 12)
    assert event_of(claim(points_quest(), other)).factor == Decimal(1)
    assert violated() == {}


def test_a_cluster_of_three_is_of_two_when_one_leaves():
    worker, *others = ring(3)
    sybils.find_clusters(now=NOW)

    workers.delete_worker(worker_id=worker.pk)

    assert Cluster.objects.get().accounts == 2
    assert set(ClusterMember.objects.values_list("worker", flat=True)) == {other.pk for other in others}
    assert violated() == {}


@pytest.mark.parametrize(
    "change", ["evidence = '{\"a\": 1}'", "factor_reason = 'other'", "factor_evidence = '{\"a\": 1}'"]
)
def test_the_evidence_of_an_event_stays_while_its_worker_does(change):
    worker, _ = ring(2)
    event = event_of(claim(points_quest(25), worker))

    with (
        pytest.raises(DatabaseError, match="Cannot update"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE quest_events SET {change} WHERE id = %s", [event.pk])
