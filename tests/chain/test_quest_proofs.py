"""Transactions on a real chain that prove acts for quests: shown, not shown, not yet, and by liars."""

from datetime import timedelta

import pytest

from gigstream.core.clock import database_now
from payments.settlement.provider.chain import configured_chain
from payments.settlement.provider.node import Node
from reputation.models import ChainProof, PointsBalance, QuestEvent
from reputation.proofs import services as proofs
from reputation.proofs.errors import InvalidTransaction, NoIdentity
from reputation.quests import services as quests
from reputation.quests.errors import InvalidQuest, NotClaimable
from tests.support.books import violated
from tests.support.factories import WorkerFactory
from tests.support.quests import claim
from tests.support.subjects.proofs import identified, on_chain_quest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sender(node):
    """A worker who has proved an account of the node, with 10 tokens."""
    node.mint(node.wallets[1], "10")
    node.mine()
    return identified(WorkerFactory(now=database_now()), node.wallets[1], now=database_now())


def quest_of(node, **proof):
    return on_chain_quest(now=database_now() - timedelta(hours=1), **{"contract": node.token, **proof})


def name(quest, worker, tx_hash, *, now=None):
    return proofs.name_transaction(quest_id=quest.pk, worker_id=worker.pk, tx_hash=tx_hash, now=now)


def looked_up(proof, *, seconds=30):
    """Look up all that is due in so many seconds, and return the proof."""
    proofs.look_up_transactions(now=database_now() + timedelta(seconds=seconds))
    proof.refresh_from_db()
    return proof


def points_of(worker):
    found = PointsBalance.objects.filter(worker=worker).first()
    return found.balance if found else 0


def test_a_transfer_of_the_worker_is_shown_once_it_lies_deep_enough(node, sender):
    quest = quest_of(node, to=node.wallets[5], min_amount="2500000")
    tx_hash = node.send(node.wallets[1], node.wallets[5], "2.5")
    proof = name(quest, sender, tx_hash.upper().replace("0X", "0x"))

    assert looked_up(proof).status == "received"
    node.mine(2)
    assert looked_up(proof, seconds=60).status == "received"
    node.mine()
    proof = looked_up(proof, seconds=90)

    assert (proof.status, proof.amount) == ("proved", 2_500_000)
    event = QuestEvent.objects.get()
    assert (event.external_id, event.status, event.worker_id) == (tx_hash, "granted", sender.pk)
    assert event.evidence == {
        "block_number": proof.block_number,
        "sender": node.wallets[1],
        "amount": "2500000",
    }
    assert proof.event_id == event.pk
    assert points_of(sender) == 10
    assert violated() == {}


def test_nobody_takes_the_transaction_of_another(node, sender):
    quest = quest_of(node)
    other = identified(WorkerFactory(now=database_now()), node.wallets[2], now=database_now())
    tx_hash = node.send(node.wallets[1], node.wallets[5], "1")
    node.mine(4)
    taken = name(quest, other, tx_hash)

    taken = looked_up(taken)
    own = looked_up(name(quest, sender, tx_hash), seconds=60)

    assert (taken.status, taken.code, taken.numbers) == (
        "refused",
        "transaction_refused",
        {"sender": node.wallets[1]},
    )
    assert own.status == "proved"
    assert (points_of(other), points_of(sender)) == (0, 10)


def test_a_transaction_counts_once_however_often_it_is_named(node, sender):
    quest = quest_of(node)
    tx_hash = node.send(node.wallets[1], node.wallets[5], "1")
    node.mine(4)
    first = looked_up(name(quest, sender, tx_hash))

    again = name(quest, sender, tx_hash)

    assert (again.pk, again.status) == (first.pk, "proved")
    assert looked_up(again).status == "proved"
    assert points_of(sender) == 10


@pytest.mark.parametrize(
    "terms, amount, numbers",
    [
        ({"min_amount": "1000001"}, "1", {"amount": "1000000", "min_amount": "1000001"}),
        ({"to": "0x" + "77" * 20}, "1", None),
        ({"contract": "0x" + "78" * 20}, "1", None),
        ({"event": "Deposited(address,uint256)"}, "1", None),
        ({}, "11", None),
    ],
    ids=["too little", "to another", "another contract", "another event", "failed"],
)
def test_a_transaction_that_shows_something_else_is_refused(node, sender, terms, amount, numbers):
    quest = quest_of(node, **terms)
    tx_hash = node.send(node.wallets[1], node.wallets[5], amount)
    node.mine(4)

    proof = looked_up(name(quest, sender, tx_hash))

    assert (proof.status, proof.code) == ("refused", "transaction_refused")
    assert numbers is None or proof.numbers == numbers
    assert not QuestEvent.objects.exists()
    assert points_of(sender) == 0


def test_a_transaction_before_its_quest_began_is_refused_by_the_quest(node, sender):
    tx_hash = node.send(node.wallets[1], node.wallets[5], "1")
    node.mine(4)
    quest = quest_of(node)
    later = database_now() + timedelta(seconds=20)
    quests.change_quest(quest_id=quest.pk, changes={"starts_at": later})

    proof = looked_up(name(quest, sender, tx_hash))

    assert (proof.status, proof.code) == ("refused", "invalid_fact")
    assert points_of(sender) == 0


def test_a_transaction_that_no_block_has_is_refused_after_a_day_and_may_be_named_again(node, sender):
    quest, unknown = quest_of(node), "0x" + "12" * 32
    proof = name(quest, sender, unknown)

    assert looked_up(proof, seconds=86_000).status == "received"
    proof = looked_up(proof, seconds=86_500)

    assert (proof.status, proof.code, proof.numbers) == ("refused", "transaction_refused", {"hours": 24})
    assert name(quest, sender, unknown).status == "received"
    assert ChainProof.objects.count() == 1


def test_while_the_node_is_away_transactions_stay_received_and_are_looked_up_later(node, sender, settings):
    quest = quest_of(node)
    tx_hash = node.send(node.wallets[1], node.wallets[5], "1")
    node.mine(4)
    proof = name(quest, sender, tx_hash)
    away = Node("http://127.0.0.1:9", settings.CHAIN_ID, node.token, 0.3)

    assert proofs.look_up_transactions(now=database_now(), chain=away) == 0
    proof.refresh_from_db()
    assert proof.status == "received"
    settings.CHAIN_RPC_URL = ""
    assert looked_up(proof).status == "received"
    settings.CHAIN_RPC_URL = node.url

    assert looked_up(proof, seconds=120).status == "proved"
    assert points_of(sender) == 10


def test_a_node_of_another_chain_proves_nothing(node, sender, settings):
    quest = quest_of(node)
    tx_hash = node.send(node.wallets[1], node.wallets[5], "1")
    node.mine(4)
    proof = name(quest, sender, tx_hash)
    liar = Node(node.url, settings.CHAIN_ID + 1, node.token, 2)

    assert proofs.look_up_transactions(now=database_now(), chain=liar) == 0

    proof.refresh_from_db()
    assert (proof.status, points_of(sender)) == ("received", 0)
    assert configured_chain() is not None


def test_only_hashes_of_identified_workers_are_taken_and_no_plain_claims(node, sender):
    quest = quest_of(node)

    with pytest.raises(InvalidTransaction):
        name(quest, sender, "0xabc")
    with pytest.raises(NoIdentity):
        name(quest, WorkerFactory(now=database_now()), "0x" + "12" * 32)
    with pytest.raises(NotClaimable, match="name the transaction"):
        claim(quest, sender, "0x" + "12" * 32)

    assert not ChainProof.objects.exists()
    assert not QuestEvent.objects.exists()


@pytest.mark.parametrize(
    "proof",
    [
        None,
        {},
        {"contract": "0x12"},
        {"contract": "0x" + "78" * 20, "other": 1},
        {"contract": "0x" + "78" * 20, "event": "Transfer"},
        {"contract": "0x" + "78" * 20, "event": "Paid(uint256)", "to": "0x" + "79" * 20},
        {"contract": "0x" + "78" * 20, "min_amount": "1.5"},
        {"contract": "0x" + "78" * 20, "min_amount": "9" * 39},
        {"contract": "0x" + "78" * 20, "min_amount": True},
        {"contract": "0x" + "78" * 20, "confirmations": -1},
    ],
)
@pytest.mark.django_db
def test_a_quest_on_the_chain_says_what_a_transaction_must_show(proof):
    metadata = {} if proof is None else {"proof": proof}

    with pytest.raises(InvalidQuest, match=r"metadata\.proof"):
        quests.create_quest(
            platform_id=None,
            terms=quests.QuestTerms(
                slug="chain",
                title="Pay",
                kind="on_chain",
                reward_kind="points",
                reward_amount=1,
                period="once",
                is_claimable=True,
                metadata=metadata,
            ),
        )
