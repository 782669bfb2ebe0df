"""Records on a real chain, signed here, sent over real sockets: each trouble ends in a state with a name."""

from decimal import Decimal

import pytest
from eth_account import Account
from web3 import Web3

from payments import services as payments
from payments.models import (
    ChainAttempt,
    ChainOperation,
    CreatorSync,
    GasSpending,
    LedgerEntry,
    SignedCall,
    SignedVersion,
    SignerAccount,
)
from payments.oracle.calculations import unpack_numbers
from tests.support.factories import PlatformFactory
from tests.support.oracle.creators import many_on_chain, on_chain, played
from tests.support.oracle.node import NodeChain

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]


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


def test_numbers_reach_the_chain_and_are_read_back(chain, one):
    chain.work()
    assert chain.state() == ("submitted", "")
    assert chain.operation().nonce == 0

    chain.work(blocks=1)
    assert chain.state() == ("submitted", "")
    chain.work(blocks=1)

    operation = chain.operation()
    assert (operation.status, operation.nonce, operation.round) == ("confirmed", 0, 1)
    assert operation.block_number == chain.deployed.done_at(operation)
    numbers = shown(chain, one)
    assert (numbers.plays, numbers.likes, numbers.revenue) == (1234, 123, Decimal("1.234"))
    assert CreatorSync.objects.get().numbers == numbers
    spending, receipt = (
        GasSpending.objects.get(),
        chain.node.web3.eth.get_transaction_receipt(operation.tx_hash),
    )
    assert (spending.gas_used, spending.gas_price) == (receipt["gasUsed"], receipt["effectiveGasPrice"])
    done = ChainAttempt.objects.filter(gas_used__isnull=False).latest("id")
    assert (done.gas_used, done.block_number, done.error_class) == (
        receipt["gasUsed"],
        receipt["blockNumber"],
        None,
    )
    assert done.milliseconds is not None
    assert SignedCall.objects.get().data == ""


def test_two_hundred_creators_share_a_transaction(source, chain):
    platform = PlatformFactory()
    made = many_on_chain(platform, 200)
    for at, one in enumerate(made):
        played(source, one, at + 1)
    chain.sync()

    assert chain.work_until_it_ends() == ("confirmed", "")

    assert chain.deployed.count() == 1
    assert [shown(chain, one).plays for one in made] == list(range(1, 201))
    assert GasSpending.objects.get().saved_gas == 199 * 47_000


def test_a_dearer_version_has_the_same_nonce(chain, one):
    chain.work()
    first = chain.operation()
    # Three blocks that leave it out: the node forgets it, and mines.
    for _ in range(3):
        chain.node.control("anvil_dropTransaction", first.tx_hash)
        chain.node.mine()
    chain.work()

    operation, versions = chain.operation(), list(SignedVersion.objects.order_by("number"))
    assert (operation.status, operation.trouble, operation.bumps) == ("submitted", "slow", 1)
    assert [one.number for one in versions] == [1, 2]
    assert versions[1].max_fee == (versions[0].max_fee * Decimal("1.2")).quantize(Decimal("1e-9"))
    sent = chain.node.web3.eth.get_transaction(versions[1].tx_hash)
    assert sent["nonce"] == operation.nonce == 0
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert chain.operation().tx_hash == versions[1].tx_hash
    assert chain.deployed.count() == 1


def test_the_price_stops_at_the_ceiling(chain, one, settings):
    chain.work()
    settings.ORACLE_GAS_CEILING_GWEI = str(chain.operation().max_fee)
    for _ in range(3):
        chain.node.control("anvil_dropTransaction", chain.operation().tx_hash)
        chain.node.mine()
    chain.work()

    assert chain.state() == ("submitted", "price_too_high")
    assert SignedVersion.objects.count() == 1


def test_gas_above_the_ceiling_is_waited_for(chain, one, settings):
    settings.ORACLE_GAS_CEILING_GWEI = "0.000001"
    settings.ORACLE_GAS_FLOOR_GWEI = "0"
    chain.work()

    assert chain.state() == ("pending", "price_too_high")
    assert not ChainAttempt.objects.exists()
    settings.ORACLE_GAS_CEILING_GWEI = "1000"
    chain.work(seconds=61)
    assert chain.work_until_it_ends() == ("confirmed", "")


def test_what_the_node_has_forgotten_is_sent_again_after_a_minute(chain, one):
    chain.work()
    chain.node.control("anvil_dropTransaction", chain.operation().tx_hash)
    chain.work(seconds=30)
    assert chain.node.web3.eth.get_block("pending")["transactions"] == []

    chain.work(seconds=40)

    pending = chain.node.web3.eth.get_block("pending")["transactions"]
    assert [Web3.to_hex(one) for one in pending] == [chain.operation().tx_hash]
    assert chain.work_until_it_ends() == ("confirmed", "")


def test_a_nonce_that_another_transaction_has_used_begins_another_round(chain, one):
    chain.work()
    first = chain.operation()
    chain.node.control("anvil_dropTransaction", first.tx_hash)
    other = Account.from_key("0x" + "5e" * 32)
    price = 3 * chain.node.web3.eth.gas_price
    raw = other.sign_transaction(
        {
            "to": Web3.to_checksum_address(chain.node.minter),
            "value": 1,
            "nonce": 0,
            "gas": 21_000,
            "gasPrice": price,
            "chainId": chain.node.web3.eth.chain_id,
        }
    ).raw_transaction
    chain.node.send_signed(raw)
    chain.work(blocks=1)

    assert chain.state() == ("pending", "replaced")
    assert chain.operation().round == 2
    chain.work(seconds=5)
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert (chain.operation().round, chain.operation().nonce) == (2, 1)


def test_a_nonce_that_is_replaced_each_time_ends_as_replaced(chain, one):
    for nonce in range(3):
        chain.later(60)
        chain.work()
        chain.node.control("anvil_dropTransaction", chain.operation().tx_hash)
        chain.node.control("anvil_setNonce", chain.deployed.writer, hex(nonce + 1))
        chain.work()

    assert chain.state() == ("dead", "replaced")
    assert CreatorSync.objects.get().operation_id is None
    retried = payments.retry_operation(operation_id=chain.operation().pk, reason="alone again", now=chain.now)
    assert (retried.status, retried.round) == ("pending", 4)
    assert chain.work_until_it_ends() == ("confirmed", "")


def test_a_gap_before_the_nonce_has_its_name_and_is_filled_by_empty_transactions(chain, one):
    """As after a restore, when nonces were given away that the database has no record of."""
    SignerAccount.unguarded.create(address=chain.deployed.writer, next_nonce=2)
    chain.work()
    assert chain.state() == ("submitted", "")
    empty = SignedVersion.objects.filter(is_empty=True)
    assert sorted(empty.values_list("call__nonce", flat=True)) == [0, 1]

    # The node forgets what fills the gap; what waits behind it, it keeps.
    for version in empty:
        chain.node.control("anvil_dropTransaction", version.tx_hash)
    chain.work()
    assert chain.state() == ("submitted", "")

    chain.work(seconds=61)
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert (chain.operation().nonce, chain.deployed.count()) == (2, 3)


def test_a_gap_that_appears_later_has_its_name_until_it_is_filled(chain, one):
    chain.node.control("anvil_setNonce", chain.deployed.writer, "0x1")
    chain.work()
    assert chain.operation().nonce == 1
    chain.node.control("anvil_setNonce", chain.deployed.writer, "0x0")
    chain.work()

    assert chain.state() == ("submitted", "nonce_gap")
    assert chain.operation().error_message == "nonce 1 waits for nonce 0"
    chain.work(seconds=61)
    assert chain.work_until_it_ends() == ("confirmed", "")


def test_a_node_that_is_away_is_waited_for(chain, one, proxy):
    proxy.is_away = True
    for _ in range(4):
        chain.work(seconds=1)
    assert chain.state() == ("pending", "service_away")
    waits = list(ChainAttempt.objects.order_by("number").values_list("error_class", flat=True))
    assert set(waits) <= {"network", "unknown_outcome"}

    proxy.is_away = False
    chain.work(seconds=400)
    chain.work(seconds=60)
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert chain.deployed.count() == 1


@pytest.mark.parametrize("moment", ["lost_before", "lost_after"])
def test_an_answer_that_is_lost_sends_nothing_twice(chain, one, proxy, moment):
    getattr(proxy, moment).add("eth_sendRawTransaction")
    chain.work()
    assert chain.state() == ("pending", "service_away")
    getattr(proxy, moment).clear()

    chain.work(seconds=60)
    chain.work(seconds=61)
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert (chain.deployed.count(), chain.operation().round) == (1, 1)


def test_a_chain_that_shows_other_values_is_not_believed(chain, one, proxy):
    """The receipt says that it succeeded; the numbers that are read are others."""

    def other_numbers(call, result):
        return result[:-1] + ("0" if result[-1] != "0" else "1")

    proxy.lies["eth_call"] = other_numbers

    assert chain.work_until_it_ends() == ("dead", "differs")
    assert CreatorSync.objects.get().synced_at is None


def test_a_receipt_of_what_was_never_done_is_not_believed(chain, one, proxy):
    """The node says that it is mined, and shows nothing of it."""
    chain.node.mine(8)
    chain.work()
    operation = chain.operation()
    head = chain.node.head
    proxy.lies["eth_getTransactionReceipt"] = lambda call, result: {
        "transactionHash": call["params"][0],
        "status": "0x1",
        "blockNumber": hex(head - 3),
        "logs": [],
        "gasUsed": hex(60_000),
        "effectiveGasPrice": hex(10**9),
    }
    chain.work()
    assert chain.state() == ("submitted", "not_shown")
    chain.work(seconds=599)
    assert chain.state() == ("submitted", "not_shown")

    chain.work(seconds=31)

    assert chain.state() == ("dead", "differs")
    assert chain.deployed.done_at(operation) == 0


def test_a_call_that_the_chain_reverts_is_given_up_and_its_gas_counted(chain, one):
    chain.work()
    code = chain.node.web3.eth.get_code(Web3.to_checksum_address(chain.deployed.address))
    chain.node.control("anvil_setCode", chain.deployed.address, "0x60006000fd")
    chain.node.mine(2)
    chain.node.control("anvil_setCode", chain.deployed.address, Web3.to_hex(code))
    chain.work()

    assert chain.state() == ("dead", "reverted")
    assert GasSpending.objects.get().fee > 0
    assert (GasSpending.objects.get().saved_gas, CreatorSync.objects.get().synced_at) == (0, None)
    payments.retry_operation(operation_id=chain.operation().pk, reason="mended", now=chain.now)
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert GasSpending.objects.count() == 2


def test_a_call_that_would_revert_is_not_sent(chain, one):
    """The account is not the contract's writer: an estimate says so."""
    chain.node.control("anvil_setCode", chain.deployed.address, "0x60006000fd")
    chain.work()
    assert chain.state() == ("pending", "service_away")
    assert chain.deployed.count() == 0


def test_a_writer_without_rights_is_refused_before_anything_is_sent(chain, one, settings):
    settings.ORACLE_SIGNER_KEY = "0x" + "77" * 32
    stranger = Account.from_key(settings.ORACLE_SIGNER_KEY).address
    chain.node.control("anvil_setBalance", stranger, hex(10**18))
    chain.work()

    assert chain.state() == ("dead", "reverted")
    assert not SignedCall.objects.exists()


def test_an_empty_account_waits_for_funds(chain, one):
    chain.node.control("anvil_setBalance", chain.deployed.writer, "0x0")
    chain.work()
    assert chain.state() == ("submitted", "no_funds")
    chain.work(seconds=61)
    assert chain.state() == ("submitted", "no_funds")

    chain.node.control("anvil_setBalance", chain.deployed.writer, hex(10**19))
    chain.work(seconds=61)
    assert chain.state() == ("submitted", "")
    assert chain.work_until_it_ends() == ("confirmed", "")


def test_a_cancelled_call_takes_its_nonce_and_does_nothing(chain, one):
    chain.work()
    provider, operation = chain.deployed.oracle().provider, chain.operation()
    provider.cancel(key=operation.pk, transfer_id=operation.transfer_id)
    chain.work(blocks=2)

    assert (chain.state(), chain.operation().round) == (("pending", "replaced"), 2)
    assert chain.deployed.count() == 1
    chain.work(seconds=5)
    assert chain.work_until_it_ends() == ("confirmed", "")


def test_the_numbers_of_a_chain_that_was_reorganised_are_written_again(chain, one, source):
    assert chain.work_until_it_ends() == ("confirmed", "")
    chain.node.reorganise(3)

    found = payments.reconcile_oracle(now=chain.now, oracle=chain.deployed.oracle())

    assert (found.creators, found.differing_creators, found.is_complete) == (1, [one.pk], True)
    assert chain.sync() == 1
    assert chain.work_until_it_ends() == ("confirmed", "")
    assert shown(chain, one).plays == 1234
    again = payments.reconcile_oracle(now=chain.now, oracle=chain.deployed.oracle())
    assert (again.differences, CreatorSync.objects.get().differs_at) == (0, None)


def test_a_token_is_made_and_entered_at_its_creator(chain, one):
    operation = payments.create_creator_token(
        creator_id=one.pk, name="The Band", symbol="BAND", now=chain.now, oracle=chain.deployed.oracle()
    )
    assert chain.work_until_it_ends() == ("confirmed", "")
    chain.work(blocks=2)

    operation.refresh_from_db()
    one.refresh_from_db()
    assert operation.status == "confirmed"
    assert one.token_address == operation.details["token"]
    code = chain.node.web3.eth.get_code(Web3.to_checksum_address(one.token_address))
    assert len(code) > 100
    same = payments.create_creator_token(
        creator_id=one.pk, name="The Band", symbol="BAND", now=chain.now, oracle=chain.deployed.oracle()
    )
    assert same.pk == operation.pk


def test_a_distribution_is_recorded_and_moves_no_money(chain):
    platform, root = PlatformFactory(funds="100"), "0x" + "ab" * 32
    entries = LedgerEntry.objects.count()
    operation = payments.record_distribution(
        platform_id=platform.pk,
        number=7,
        total="12.5",
        root=root,
        now=chain.now,
        oracle=chain.deployed.oracle(),
    )
    assert chain.work_until_it_ends() == ("confirmed", "")

    shown = chain.deployed.contract.functions.readDistribution(
        operation.pk.bytes, platform.pk.bytes, 7
    ).call()
    assert shown == [chain.operation().block_number, 12_500_000, bytes.fromhex(root[2:])]
    assert LedgerEntry.objects.count() == entries


def test_sixteen_are_in_flight_at_most(chain, settings):
    platform = PlatformFactory()
    for number in range(1, 20):
        payments.record_distribution(
            platform_id=platform.pk,
            number=number,
            total="1",
            root=f"0x{number:064x}",
            now=chain.now,
            oracle=chain.deployed.oracle(),
        )
    chain.work()
    assert ChainOperation.objects.filter(status="submitted").count() == 16
    assert ChainOperation.objects.filter(is_in_flight=True).count() == 16
    chain.work(blocks=2)
    chain.work()

    assert ChainOperation.objects.filter(status="confirmed").count() == 16
    assert ChainOperation.objects.filter(status="submitted").count() == 3
    nonces = sorted(ChainOperation.objects.values_list("nonce", flat=True))
    assert nonces == list(range(19))
