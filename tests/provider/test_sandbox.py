"""The sandbox answers everything that Circle does, from its own tables, as its clock goes."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4, uuid5

import pytest

from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import CallRefused, CredentialsRefused, ServiceBusy, ServiceUnavailable
from payments.models import SandboxFault, SandboxTransfer, SandboxWallet
from payments.settlement.provider import units
from payments.settlement.provider.enums import FeeLevel, TransferErrorClass, TransferState
from payments.settlement.provider.protocol import GasBid, NotificationRefused, TransferUnknown
from payments.settlement.sandbox.provider import SandboxProvider
from tests.support.factories import NOW, seconds

pytestmark = pytest.mark.django_db
WORKER = "0x" + "ab" * 20
KEY = uuid5(UUID(int=1), "payout:1")


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def provider(clock):
    return SandboxProvider(clock=clock)


def pay(provider, amount="10", *, key=KEY, to=WORKER, **kwargs):
    return provider.transfer(key=key, to_wallet=to, amount=Decimal(amount), **kwargs)


def goes_wrong(call, kind, **fault):
    SandboxFault.objects.create(call=call, kind=kind, **fault)


def watched(provider, clock, transfer_id, steps=(1, 2, 4, 6, 8)):
    seen = []
    for step in steps:
        clock.now = NOW + seconds(step)
        seen.append(provider.get(transfer_id))
    return seen


# --- The chain ----------------------------------------------------------------------------------------------
def test_a_transfer_is_sent_mined_buried_and_paid_for(provider, clock):
    taken = pay(provider)
    assert (taken.state, taken.key, taken.block_number) == ("SENT", KEY, None)

    seen = watched(provider, clock, taken.id)

    assert [one.state for one in seen] == ["SENT", "CONFIRMED", "CONFIRMED", "COMPLETE", "COMPLETE"]
    assert [one.confirmations for one in seen] == [0, 1, 2, 3, 4]
    assert len({one.block_number for one in seen[1:]}) == 1
    done = seen[-1]
    assert done.network_fee == units.gas_cost(done.gas_used, Decimal(162))
    assert provider.balance() == units.token_view(Decimal(1_000_000_000 - 10) - done.network_fee)


def test_everything_follows_from_the_key_and_the_clock(provider, clock):
    first = pay(provider)
    SandboxTransfer.objects.all().delete()

    assert pay(provider).tx_hash == first.tx_hash
    assert pay(provider).id == first.id


def test_nonces_count_what_a_wallet_sends_without_a_gap(provider):
    wallet = provider.create_wallet(key=uuid4(), owner="alice").id
    provider.fund(wallet, Decimal(100))
    for number in range(3):
        pay(provider, key=uuid4())
        if number < 2:
            pay(provider, key=uuid4(), from_wallet=wallet)
    with pytest.raises(CallRefused):
        pay(provider, "80.1", key=uuid4(), from_wallet=wallet)
    pay(provider, "79", key=uuid4(), from_wallet=wallet)

    def nonces(owner):
        rows = SandboxTransfer.objects.filter(from_wallet__owner=owner)
        return sorted(rows.values_list("nonce", flat=True))

    assert (nonces("house"), nonces("alice")) == ([0, 1, 2], [0, 1, 2])


def test_money_between_its_wallets_arrives_when_it_is_mined(provider, clock):
    alice = provider.create_wallet(key=uuid4(), owner="alice")
    pay(provider, to=alice.address)

    assert provider.balance(alice.id) == 0
    clock.now = NOW + seconds(2)
    assert provider.balance(alice.id) == 10
    pay(provider, "9.9", key=uuid4(), from_wallet=alice.id)


def test_a_wallet_sends_no_more_than_it_holds(provider):
    alice = provider.create_wallet(key=uuid4(), owner="alice")
    provider.fund(alice.id, Decimal(10))

    with pytest.raises(CallRefused) as refused:
        pay(provider, from_wallet=alice.id)

    assert refused.value.error_class == TransferErrorClass.INSUFFICIENT_FUNDS
    assert not SandboxTransfer.objects.exists()
    assert SandboxWallet.objects.get(owner="alice").next_nonce == 0


def test_a_blocklisted_address_gets_nothing_and_the_fee_is_paid(provider, clock, settings):
    settings.SANDBOX_BLOCKLIST = [WORKER]

    ended = watched(provider, clock, pay(provider).id)[-1]

    assert (ended.state, ended.error_class, ended.failure) == (
        "FAILED",
        TransferErrorClass.BLOCKED_DESTINATION,
        "blocklisted",
    )
    assert provider.balance() == units.token_view(Decimal(1_000_000_000) - ended.network_fee)


# --- Wallets, fees, contracts, look-ups ---------------------------------------------------------------------
def test_a_wallet_is_made_once_for_its_key(provider):
    key = uuid4()
    made, again = (provider.create_wallet(key=key, owner="alice") for _ in range(2))

    assert made == again == provider.wallet(made.id)
    with pytest.raises(CallRefused):
        provider.create_wallet(key=key, owner="bob")
    with pytest.raises(TransferUnknown):
        provider.wallet(str(uuid4()))


@pytest.mark.parametrize("other", [{"amount": "11"}, {"to": "0x" + "11" * 20}, {"fee": FeeLevel.HIGH}])
def test_a_key_with_another_request_is_refused(provider, other):
    pay(provider)

    with pytest.raises(CallRefused) as refused:
        pay(provider, **other)

    assert refused.value.error_class == ErrorClass.KEY_REUSED


def test_the_fee_is_a_level_or_a_bid_in_figures(provider, clock):
    told = provider.estimate_fee(to_wallet=WORKER, amount=Decimal(10))
    low, bid = (
        pay(provider, key=uuid4(), fee=fee).id
        for fee in (FeeLevel.LOW, GasBid(50_000, Decimal(170), Decimal(20)))
    )
    clock.now = NOW + seconds(2)

    assert told.costs[FeeLevel.LOW] == units.gas_cost(65_000, Decimal(161))
    assert provider.get(low).network_fee == units.gas_cost(48_000, Decimal(161))
    assert provider.get(bid).network_fee == units.gas_cost(48_000, Decimal(170))
    with pytest.raises(CallRefused) as refused:
        pay(provider, key=uuid4(), fee=GasBid(65_000, Decimal(1), Decimal(1)))
    assert refused.value.error_class == TransferErrorClass.GAS


def test_a_contract_is_called_once_for_its_key(provider, clock):
    asked = {"contract": "0x" + "cd" * 20, "function": "open(address)", "parameters": [WORKER]}
    first, again = (provider.execute_contract(key=KEY, **asked) for _ in range(2))

    assert (first.id, first.amount, first.to_wallet) == (again.id, 0, "")
    with pytest.raises(CallRefused):
        provider.execute_contract(key=KEY, **{**asked, "parameters": []})
    assert watched(provider, clock, first.id)[-1].state == "COMPLETE"


def test_transfers_are_found_and_listed(provider, clock):
    made = []
    for second in range(5):
        clock.now = NOW + seconds(second)
        made.append(pay(provider, key=uuid4()))

    assert provider.find(key=made[3].key).id == made[3].id
    assert provider.find(key=uuid4()) is None
    listed = [one.id for one in provider.transfers(since=NOW + seconds(1), until=NOW + seconds(3))]
    assert listed == [one.id for one in made[1:4]]
    for wanted in (str(uuid4()), "", "17"):
        with pytest.raises(TransferUnknown):
            provider.get(wanted)


def test_a_list_of_many_pages_has_each_transfer_once(provider, clock, monkeypatch):
    monkeypatch.setattr("payments.settlement.sandbox.provider.PAGE", 2)
    made = {pay(provider, key=uuid4()).id for _ in range(5)}

    listed = [one.id for one in provider.transfers(since=NOW)]

    assert (len(listed), set(listed)) == (5, made)


# --- Accelerate and cancel ----------------------------------------------------------------------------------
def test_a_stuck_transfer_is_accelerated_and_mined_under_another_hash(provider, clock):
    goes_wrong("transfer", "stuck")
    taken = pay(provider)
    seen = watched(provider, clock, taken.id)
    assert [one.state for one in seen] == ["SENT", "SENT", "STUCK", "STUCK", "STUCK"]

    provider.accelerate(key=uuid4(), transfer_id=taken.id)
    clock.now += timedelta(seconds=6)

    done = provider.get(taken.id)
    assert done.state == TransferState.COMPLETE
    assert done.tx_hash != seen[-1].tx_hash
    assert done.gas_price > seen[-1].gas_price


def test_a_cancelled_transfer_is_never_mined(provider, clock):
    taken = pay(provider)
    clock.now = NOW + seconds(1)
    provider.cancel(key=uuid4(), transfer_id=taken.id)
    provider.cancel(key=uuid4(), transfer_id=taken.id)

    assert watched(provider, clock, taken.id)[-1].state == TransferState.CANCELLED
    assert provider.balance() == 1_000_000_000


def test_what_is_mined_can_neither_be_cancelled_nor_accelerated(provider, clock):
    taken = pay(provider)
    clock.now = NOW + seconds(2)

    for act in (provider.cancel, provider.accelerate):
        with pytest.raises(CallRefused):
            act(key=uuid4(), transfer_id=taken.id)
    assert watched(provider, clock, taken.id)[-1].state == TransferState.COMPLETE


# --- Faults -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "expected", "error_class", "sent", "kept"),
    [
        ("unreachable", ServiceUnavailable, ErrorClass.NETWORK, False, 0),
        ("lost_before", ServiceUnavailable, ErrorClass.UNKNOWN_OUTCOME, True, 0),
        ("lost_after", ServiceUnavailable, ErrorClass.UNKNOWN_OUTCOME, True, 1),
        ("busy", ServiceBusy, ErrorClass.NETWORK, False, 0),
        ("credentials", CredentialsRefused, ErrorClass.CREDENTIALS, False, 0),
        ("refused", CallRefused, TransferErrorClass.EXECUTION, None, 0),
        ("gas", CallRefused, TransferErrorClass.GAS, None, 0),
        ("nonce", CallRefused, TransferErrorClass.NONCE, None, 0),
    ],
)
def test_a_call_goes_wrong_as_it_was_told_and_the_next_does_not(
    provider, kind, expected, error_class, sent, kept
):
    goes_wrong("transfer", kind)

    with pytest.raises(expected) as wrong:
        pay(provider)

    assert wrong.value.error_class == error_class
    assert getattr(wrong.value, "sent", None) is sent
    assert SandboxTransfer.objects.count() == kept
    assert pay(provider).key == KEY
    assert SandboxTransfer.objects.count() == 1


def test_a_fault_waits_for_its_call_and_strikes_so_many_times(provider):
    goes_wrong("transfer", "busy", after=1, times=2, about=WORKER)
    answered = []
    for to in ("0x" + "11" * 20, *[WORKER] * 4):
        try:
            pay(provider, key=uuid4(), to=to)
            answered.append(True)
        except ServiceBusy:
            answered.append(False)

    assert answered == [True, True, False, False, True]
    assert not SandboxFault.objects.exists()


@pytest.mark.parametrize(
    ("fate", "way"),
    [
        ("denied", ["PENDING_RISK_SCREENING", "DENIED"]),
        ("failed", ["QUEUED", "FAILED"]),
        ("screened", ["PENDING_RISK_SCREENING", "CONFIRMED", "COMPLETE"]),
        ("skips_confirmed", ["SENT", "COMPLETE"]),
        ("unheard_of", ["WARMING_UP", "CONFIRMED", "COMPLETE"]),
    ],
)
def test_a_transfer_may_come_to_something_out_of_the_ordinary(provider, clock, fate, way):
    goes_wrong("transfer", fate)

    seen = watched(provider, clock, pay(provider).id)

    assert list(dict.fromkeys(one.raw_state for one in seen)) == way
    assert bool(seen[-1].failure) is (way[-1] in ("DENIED", "FAILED"))


# --- Notifications ------------------------------------------------------------------------------------------
def test_news_are_read_when_they_are_signed(provider):
    taken = pay(provider)
    body, headers = provider.notification(taken.id)

    told = provider.read_notification(body, {name.title(): value for name, value in headers.items()})

    assert (told.transfer_id, told.state, told.kind) == (taken.id, "SENT", "transactions.outbound")
    for other, given in ((body.replace(b"SENT", b"FAIL"), headers), (body, {}), (b"{}", headers)):
        with pytest.raises(NotificationRefused):
            provider.read_notification(other, given)
