"""CircleProvider over a real socket, against the simulator of Circle: every operation."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4, uuid5

import pytest
from django.db import transaction

from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import CallRefused, CredentialsRefused, ServiceUnavailable
from payments.settlement.provider import units
from payments.settlement.provider.circle import CircleProvider
from payments.settlement.provider.enums import FeeLevel, TransferErrorClass, TransferState
from payments.settlement.provider.protocol import GasBid, TransferUnknown
from tests.support.servers.circle import START

WORKER = "0x" + "ab" * 20
KEY = uuid5(UUID(int=1), "payout:1")
AT_START = datetime.fromtimestamp(START, UTC)


def pay(circle, amount="10", *, key=KEY, to=WORKER, **kwargs):
    return circle.transfer(key=key, to_wallet=to, amount=Decimal(amount), **kwargs)


# --- Wallets ------------------------------------------------------------------------------------------------
def test_a_wallet_is_made_once_for_its_key(circle):
    key = uuid4()

    made, again = (circle.create_wallet(key=key, owner="alice") for _ in range(2))

    assert made == again == circle.wallet(made.id)
    assert (made.owner, made.address) == ("alice", made.address.lower())
    assert circle.create_wallet(key=uuid4(), owner="alice").id != made.id


def test_a_balance_is_read_in_usdc(circle, simulator, settings):
    empty = circle.create_wallet(key=uuid4(), owner="bob").id

    assert circle.balance() == Decimal("1000.000000")
    assert circle.balance(empty) == 0
    simulator.control("fund", walletId=empty, amount="0.000001")
    assert circle.balance(empty) == Decimal("0.000001")


def test_a_wallet_of_nobody_is_unknown(circle):
    with pytest.raises(TransferUnknown):
        circle.wallet(str(uuid4()))


# --- Transfers ----------------------------------------------------------------------------------------------
def test_a_transfer_is_taken_sent_mined_and_paid_for(circle, simulator):
    taken = pay(circle, "10.5")
    assert (taken.state, taken.raw_state, taken.key) == (TransferState.INITIATED, "INITIATED", KEY)
    assert (taken.to_wallet, taken.amount) == (WORKER, Decimal("10.5"))

    seen = []
    for _ in range(5):
        simulator.advance(1)
        seen.append(circle.get(taken.id))
    assert [one.state for one in seen] == ["QUEUED", "CLEARED", "SENT", "CONFIRMED", "COMPLETE"]
    assert [one.tx_hash is None for one in seen] == [True, True, False, False, False]

    done = seen[-1]
    assert (done.to_wallet, done.amount, done.key) == (WORKER, Decimal("10.5"), KEY)
    assert done.block_number == seen[-2].block_number > START
    assert done.network_fee == units.gas_cost(48_000, Decimal(162))
    assert done.created_at == AT_START
    assert (done.failure, done.error_class) == ("", None)
    assert circle.balance() == units.token_view(Decimal("989.5") - done.network_fee)


def test_a_key_sends_once_however_often_it_is_used(circle, simulator):
    first = pay(circle)
    simulator.advance(60)

    assert pay(circle).id == first.id
    assert len(simulator.transactions()) == 1


@pytest.mark.parametrize("other", [{"amount": "11"}, {"to": "0x" + "11" * 20}, {"fee": FeeLevel.HIGH}])
def test_a_key_with_another_request_is_refused(circle, simulator, other):
    pay(circle)

    with pytest.raises(CallRefused) as refused:
        pay(circle, **other)

    assert (refused.value.error_class, refused.value.status) == (ErrorClass.KEY_REUSED, 409)
    assert len(simulator.transactions()) == 1


def test_a_key_of_any_version_becomes_one_of_version_4_and_stays_our_reference(circle, simulator):
    assert KEY.version == 5

    taken = pay(circle)

    assert circle.get(taken.id).key == KEY
    assert simulator.transactions()[0]["refId"] == str(KEY)


@pytest.mark.parametrize("fee", [FeeLevel.LOW, FeeLevel.HIGH, GasBid(65_000, Decimal(400), Decimal("2.5"))])
def test_the_fee_is_a_level_or_a_bid_in_figures(circle, simulator, fee):
    taken = pay(circle, fee=fee)
    simulator.advance()

    bid = simulator.transactions()[0]["estimatedFee"]
    tip = {FeeLevel.LOW: "1", FeeLevel.HIGH: "5"}.get(fee, "2.5") if isinstance(fee, FeeLevel) else "2.5"
    assert bid["priorityFee"] == tip
    assert circle.get(taken.id).network_fee == units.gas_cost(48_000, 160 + Decimal(tip))


def test_a_bid_below_the_networks_is_refused_as_gas(circle, simulator):
    with pytest.raises(CallRefused) as refused:
        pay(circle, fee=GasBid(65_000, Decimal(1), Decimal(1)))

    assert refused.value.error_class == TransferErrorClass.GAS
    assert simulator.transactions() == []


def test_more_than_the_wallet_holds_is_refused(circle, simulator):
    with pytest.raises(CallRefused) as refused:
        pay(circle, "1000")

    assert refused.value.error_class == TransferErrorClass.INSUFFICIENT_FUNDS
    assert simulator.transactions() == []


def test_an_amount_with_more_than_six_decimals_never_leaves(circle, simulator):
    with pytest.raises(units.NotExact):
        pay(circle, "0.0000001")

    assert simulator.transactions() == []


def test_a_transfer_of_nobody_is_unknown(circle):
    for wanted in (str(uuid4()), "", "17"):
        with pytest.raises(TransferUnknown):
            circle.get(wanted)


def test_a_fee_is_estimated_for_each_level(circle):
    told = circle.estimate_fee(to_wallet=WORKER, amount=Decimal(10))

    assert told.bids[FeeLevel.MEDIUM] == GasBid(65_000, Decimal(322), Decimal(2))
    assert told.costs[FeeLevel.MEDIUM] == units.gas_cost(65_000, Decimal(162))
    assert sorted(told.costs) == sorted(told.bids) == sorted(FeeLevel)


def test_a_contract_is_called_once_for_its_key(circle, simulator):
    contract = "0x" + "cd" * 20
    for _ in range(2):
        called = circle.execute_contract(
            key=KEY, contract=contract, function="open(address,uint256)", parameters=[WORKER, "60"]
        )
    simulator.advance()

    done = circle.get(called.id)
    assert (done.state, done.amount, done.to_wallet) == ("COMPLETE", 0, "")
    [kept] = simulator.transactions()
    assert (kept["contractAddress"], kept["abiFunctionSignature"], kept["abiParameters"]) == (
        contract,
        "open(address,uint256)",
        [WORKER, "60"],
    )


# --- Look-ups -----------------------------------------------------------------------------------------------
def test_a_transfer_is_found_by_our_key(circle, simulator):
    keys = [uuid4() for _ in range(3)]
    made = [pay(circle, "1", key=key).id for key in keys]

    assert [circle.find(key=key, to_wallet=WORKER).id for key in keys] == made
    assert circle.find(key=keys[1], since=AT_START).id == made[1]
    assert circle.find(key=uuid4()) is None
    assert circle.find(key=keys[0], to_wallet="0x" + "11" * 20) is None
    assert circle.find(key=keys[0], since=AT_START + timedelta(seconds=1)) is None


def test_transfers_are_listed_page_by_page_oldest_first(circle, simulator):
    made = []
    for _ in range(101):
        made.append(pay(circle, "0.01", key=uuid4()).id)
        simulator.advance(1)

    assert [one.id for one in circle.transfers(since=AT_START)] == made
    later = AT_START + timedelta(seconds=60)
    assert [one.id for one in circle.transfers(since=later)] == made[60:]
    assert [one.id for one in circle.transfers(since=AT_START, until=later)] == made[:61]


def test_exactly_one_full_page_is_listed_once(circle, simulator):
    made = [pay(circle, "0.01", key=uuid4()).id for _ in range(50)]

    assert [one.id for one in circle.transfers(since=AT_START)] == made


# --- Accelerate and cancel ----------------------------------------------------------------------------------
def test_a_stuck_transfer_is_accelerated_and_mined_under_another_hash(circle, simulator):
    simulator.wrong("transfer", fate="stuck")
    taken = pay(circle)
    simulator.advance()
    stuck = circle.get(taken.id)
    assert (stuck.state, stuck.block_number) == ("STUCK", None)

    circle.accelerate(key=uuid4(), transfer_id=taken.id)
    simulator.advance()

    done = circle.get(taken.id)
    assert (done.state, done.amount) == ("COMPLETE", 10)
    assert done.tx_hash != stuck.tx_hash


def test_a_transfer_that_is_not_yet_sent_cannot_be_accelerated(circle):
    taken = pay(circle)

    with pytest.raises(CallRefused):
        circle.accelerate(key=uuid4(), transfer_id=taken.id)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_cancelled_transfer_moves_no_money(circle, simulator, steps):
    taken = pay(circle)
    simulator.advance(steps)
    key = uuid4()

    for _ in range(2):
        circle.cancel(key=key, transfer_id=taken.id)
    simulator.advance()

    done = circle.get(taken.id)
    assert done.state == TransferState.CANCELLED
    assert circle.balance() == units.token_view(Decimal(1000) - (done.network_fee or 0))


def test_a_transfer_may_be_mined_although_it_was_cancelled(circle, simulator):
    simulator.wrong("transfer", fate="mined_anyway")
    taken = pay(circle)
    simulator.advance(3)

    circle.cancel(key=uuid4(), transfer_id=taken.id)
    simulator.advance()

    assert circle.get(taken.id).state == TransferState.COMPLETE


def test_what_is_mined_cannot_be_cancelled(circle, simulator):
    taken = pay(circle)
    simulator.advance()

    with pytest.raises(CallRefused):
        circle.cancel(key=uuid4(), transfer_id=taken.id)


# --- Credentials --------------------------------------------------------------------------------------------
def test_an_api_key_that_is_not_ours_takes_nothing(circle, simulator, settings):
    settings.CIRCLE_API_KEY = "TEST_API_KEY:some:other"

    with pytest.raises(CredentialsRefused) as refused:
        pay(circle)

    assert (refused.value.error_class, refused.value.sent) == (ErrorClass.CREDENTIALS, False)
    assert simulator.transactions() == []


def test_another_entity_secret_takes_nothing_and_is_not_told(circle, simulator, settings, caplog):
    settings.CIRCLE_ENTITY_SECRET = "77" * 32

    with pytest.raises(CredentialsRefused) as refused:
        pay(circle)

    assert simulator.transactions() == []
    assert "7777" not in f"{refused.value!r} {caplog.text}"


@pytest.mark.parametrize("secret", ["", "zz", "ab"])
def test_an_entity_secret_that_is_none_never_leaves(circle, simulator, settings, secret):
    settings.CIRCLE_ENTITY_SECRET = secret

    with pytest.raises(ServiceUnavailable) as refused:
        pay(circle)

    assert not refused.value.sent
    assert simulator.transactions() == []


def test_every_write_encrypts_the_secret_afresh(circle, simulator):
    connection = circle._connection

    assert len({connection.ciphertext() for _ in range(20)}) == 20


@pytest.mark.django_db
def test_the_provider_is_never_asked_inside_a_transaction(circle, simulator):
    with transaction.atomic(), pytest.raises(RuntimeError):
        pay(circle)

    assert simulator.transactions() == []


def test_money_of_a_server_on_this_machine_is_play_money(circle, settings):
    assert CircleProvider().simulated
    settings.CIRCLE_API_URL = "https://api.circle.com"
    assert not CircleProvider().simulated
