"""A node that is away, answers with errors or lies: each ends in a state with a name, nothing is lost."""

from itertools import count

import pytest
from web3 import Web3

from gigstream.remote_calls.models import CircuitBreaker
from payments import services as payments
from payments.models import (
    ChainAttempt,
    ChainOperation,
    CreatorSync,
    GasAlarm,
    GasSpending,
    SignedCall,
    SignerAccount,
)
from payments.oracle.calculations import unpack_numbers
from payments.oracle.services.gas import cost_of_fillers, read_budget
from payments.settlement.provider.units import booked_fee, gas_cost
from tests.support.api.client import Api
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, seconds
from tests.support.oracle.creators import on_chain, played
from tests.support.oracle.distributions import paid_distribution, root_of_proof
from tests.support.oracle.node import NodeChain

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]
LARGEST = hex(2**256 - 1)


@pytest.fixture
def chain(deployed):
    return NodeChain(deployed)


@pytest.fixture
def one(source, chain):
    made = on_chain()
    played(source, made, 1234)
    assert chain.sync() == 1
    return made


def shown(chain, one):
    return unpack_numbers(chain.deployed.packed(one.platform, one.metrics_address))


def breaker():
    return CircuitBreaker.objects.get(pk="oracle")


# --- Outages ------------------------------------------------------------------------------------------------
READ = ("eth_chainId", "eth_call", "eth_estimateGas", "eth_getTransactionReceipt")
NO_LIST = b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "no"}}'
OUTAGES = {
    "status 503": {"status": 503},
    "status 429": {"status": 429},
    "no JSON": {"body": b"<html>the server is restarted</html>"},
    "no list": {"body": NO_LIST},
    "errors of the node": {"errors": dict.fromkeys(READ, (-32603, "Internal error"))},
    "closed connections": {"is_away": True},
}


@pytest.mark.parametrize("kind", OUTAGES)
def test_ten_minutes_without_a_node_lose_nothing(source, chain, proxy, kind):
    """Some records are under way when it begins, others are requested in the middle of it."""
    early, late = ([on_chain(PlatformFactory()) for _ in range(4)] for _ in range(2))
    for place, each in enumerate(early):
        played(source, each, 100 + place)
    chain.sync()
    chain.work()
    assert set(ChainOperation.objects.values_list("status", flat=True)) == {"submitted"}

    before = {name: getattr(proxy, name) for name in OUTAGES[kind]}
    for name, value in OUTAGES[kind].items():
        setattr(proxy, name, value)
    made = ChainAttempt.objects.count()
    states = set()
    for minute in range(10):
        if minute == 5:
            for place, each in enumerate(late):
                played(source, each, 200 + place)
            chain.sync()
        for _ in range(6):
            chain.work(blocks=1)
            states.add(breaker().state)
    assert breaker().state == "open"
    assert breaker().open_seconds == 300
    # Four fail before it opens or with it, and then one of each trial, of which there are five.
    assert 0 < ChainAttempt.objects.count() - made <= 12
    waiting = ChainOperation.objects.exclude(trouble="")
    assert set(waiting.values_list("trouble", flat=True)) == {"service_away"}
    assert not ChainOperation.objects.filter(status__in=["dead", "confirmed"]).exists()

    for name, value in before.items():
        setattr(proxy, name, value)
    for _ in range(40):
        chain.work(blocks=2)

    assert breaker().state == "closed"
    assert set(ChainOperation.objects.values_list("status", "trouble", "round")) == {("confirmed", "", 1)}
    assert [shown(chain, each).plays for each in early + late] == [100, 101, 102, 103, 200, 201, 202, 203]
    assert chain.deployed.count() == GasSpending.objects.count() == 8
    found = payments.reconcile_oracle(now=chain.now, oracle=chain.deployed.oracle())
    assert (found.creators, found.differences, found.is_complete) == (8, 0, True)
    assert violated() == {}


ERRORS = [(-32603, "Internal error"), (-32000, "request timed out"), (-32005, "")]


@pytest.mark.parametrize(("code", "words"), ERRORS)
def test_an_error_of_the_node_is_none_of_the_call(chain, one, proxy, code, words):
    """Everything else is answered, so that only this error says what is wrong."""
    proxy.errors["eth_estimateGas"] = (code, words)
    chain.work()
    assert chain.state() == ("pending", "service_away")

    proxy.errors.clear()
    chain.work(seconds=31)
    assert chain.work_until_it_ends() == ("confirmed", "")


def test_a_node_of_another_chain_is_not_written_to(chain, one, proxy):
    proxy.lies["eth_chainId"] = lambda call, result: "0x1"
    chain.work()

    assert chain.state() == ("pending", "service_away")
    assert "the node is of chain 1" in chain.operation().error_message
    assert (SignedCall.objects.count(), chain.deployed.count()) == (0, 0)
    proxy.lies.clear()
    chain.work(seconds=31)
    assert chain.work_until_it_ends() == ("confirmed", "")


# --- Lies ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("lie", [hex(1_000_000), LARGEST, "0x", "17", None])
def test_a_count_of_transactions_that_jumps_gives_no_nonce_away(source, chain, one, proxy, lie):
    assert chain.work_until_it_ends() == ("confirmed", "")
    played(source, one, 5)
    chain.sync()
    proxy.lies["eth_getTransactionCount"] = lambda call, result: lie
    for _ in range(3):
        chain.work(seconds=31)

    assert chain.state() == ("pending", "service_away")
    assert SignerAccount.objects.get().next_nonce == 1
    proxy.lies.clear()
    chain.work(seconds=301)
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert (chain.operation().nonce, chain.deployed.count()) == (1, 2)


@pytest.mark.parametrize("lie", [hex(10**12), LARGEST, "0x", [], None])
def test_an_estimate_that_no_block_has_room_for_is_none(chain, one, proxy, lie):
    proxy.lies["eth_estimateGas"] = lambda call, result: lie
    chain.work()

    assert chain.state() == ("pending", "service_away")
    assert (chain.operation().reserved, GasAlarm.objects.count()) == (0, 0)
    proxy.lies.clear()
    chain.work(seconds=31)
    assert chain.work_until_it_ends() == ("confirmed", "")


@pytest.mark.parametrize("lie", [hex(10**30), LARGEST, "a lot"])
def test_a_price_beyond_all_chains_is_none(chain, one, proxy, lie):
    proxy.lies["eth_maxPriorityFeePerGas"] = lambda call, result: lie
    chain.work()

    assert chain.state() == ("pending", "service_away")
    proxy.lies.clear()
    chain.work(seconds=31)
    assert chain.work_until_it_ends() == ("confirmed", "")


RECEIPTS = [
    {"gasUsed": hex(10**9)},
    {"effectiveGasPrice": hex(10**15)},
    {"gasUsed": LARGEST},
    {"effectiveGasPrice": LARGEST},
    {"blockNumber": LARGEST},
    {"blockNumber": hex(10**9)},
    {"status": "yes"},
    {"logs": None},
]


@pytest.mark.parametrize("lie", RECEIPTS)
def test_a_receipt_that_cannot_be_uses_up_no_budget(chain, one, proxy, lie):
    proxy.lies["eth_getTransactionReceipt"] = lambda call, result: {**result, **lie} if result else result
    chain.work()
    chain.work(blocks=2)

    assert chain.state() == ("submitted", "service_away")
    assert not GasSpending.objects.exists()
    proxy.lies.clear()
    chain.work(seconds=31)
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert read_budget(chain.now).spent < 1


def test_a_head_that_runs_away_raises_the_price_up_to_the_ceiling_and_no_further(chain, one, proxy, settings):
    settings.ORACLE_GAS_CEILING_GWEI = "6"
    chain.work()
    heads = count(10**12, 10)
    proxy.lies["eth_getBlockByNumber"] = lambda call, result: (
        {**result, "number": hex(next(heads))} if result else result
    )
    for _ in range(12):
        chain.work(seconds=61)

    assert chain.state() == ("submitted", "price_too_high")
    proxy.lies.clear()
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert chain.deployed.count() == 1


def test_what_a_node_denies_to_have_mined_is_found_by_reading_and_not_done_twice(chain, one, proxy):
    """It takes what is sent, counts it, and says that it has nothing."""
    proxy.lies["eth_getTransactionByHash"] = lambda call, result: None
    proxy.lies["eth_getTransactionReceipt"] = lambda call, result: None
    chain.work()
    assert chain.state() == ("submitted", "")
    chain.work(blocks=1, seconds=61)

    assert (chain.state(), chain.operation().round) == (("confirmed", ""), 1)
    assert (chain.deployed.count(), GasSpending.objects.count()) == (1, 0)
    assert shown(chain, one).plays == CreatorSync.objects.get().plays == 1234
    assert violated() == {}


@pytest.mark.parametrize("kind", ["update_metrics", "distribute"])
def test_an_answer_of_nothing_to_a_reading_is_not_believed(source, chain, one, proxy, kind):
    if kind == "distribute":
        assert chain.work_until_it_ends() == ("confirmed", "")
        payments.record_distribution(
            platform_id=one.platform_id,
            number=1,
            total="1",
            root="0x" + "ab" * 32,
            now=chain.now,
            oracle=chain.deployed.oracle(),
        )
    proxy.lies["eth_call"] = lambda call, result: "0x"
    chain.work()
    chain.work(blocks=2)

    assert chain.state() == ("submitted", "service_away")
    proxy.lies.clear()
    chain.work(seconds=31)
    assert chain.work_until_it_ends() == ("confirmed", "")


# --- Nonces that others have taken --------------------------------------------------------------------------
def test_what_fills_a_gap_counts_in_the_budget(chain, one):
    SignerAccount.unguarded.create(address=chain.deployed.writer, next_nonce=3)
    chain.work()

    empty = SignedCall.objects.filter(function="").order_by("nonce")
    assert list(empty.values_list("nonce", flat=True)) == [0, 1, 2]
    price = empty[0].versions.get().max_fee
    signed = empty[0].versions.get().signed_at
    cost = cost_of_fillers(signed - seconds(60), signed + seconds(60))
    assert cost == booked_fee(gas_cost(63_000, price)) > 0
    assert cost_of_fillers(signed + seconds(60), signed + seconds(120)) == 0
    assert chain.work_until_it_ends() == ("confirmed", "")


def test_a_gap_too_wide_to_be_filled_at_once_is_filled_step_by_step(chain, one, monkeypatch):
    monkeypatch.setattr("payments.settlement.signer.services.MOST_FILLERS", 2)
    SignerAccount.unguarded.create(address=chain.deployed.writer, next_nonce=5)
    chain.work()
    assert SignedCall.objects.filter(function="").count() == 2
    assert chain.state() == ("submitted", "nonce_gap")

    for _ in range(3):
        chain.work(blocks=2, seconds=61)

    assert chain.work_until_it_ends() == ("confirmed", "")
    assert (chain.operation().nonce, chain.deployed.count()) == (5, 6)


# --- Distributions ------------------------------------------------------------------------------------------
def test_the_root_on_the_chain_is_the_one_that_every_proof_leads_to(chain):
    found = paid_distribution(plays={"A": 5, "B": 2, "C": 1})
    payments.record_distributions(now=chain.now, oracle=chain.deployed.oracle())
    assert chain.work_until_it_ends() == ("confirmed", "")

    read = chain.deployed.contract.functions.readDistribution
    done, total, root = read(chain.operation().pk.bytes, found.platform_id.bytes, found.number).call()
    assert (done > 0, total) == (True, 10_000_000)
    for share in found.shares.all():
        proof = Api.as_worker(share.creator.worker).get(f"me/distributions/{share.pk}/proof").json()
        assert root_of_proof(proof) == Web3.to_hex(root)
    again = payments.reconcile_oracle(now=chain.now, oracle=chain.deployed.oracle())
    assert (again.records, again.differences) == (1, 0)
    assert chain.now > NOW
