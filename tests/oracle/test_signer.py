"""The provider that signs: one nonce for each key, however often it is sent."""

from decimal import Decimal
from uuid import uuid4

import pytest

from gigstream.remote_calls.errors import CallRefused, ServiceUnavailable
from payments.models import SignedCall, SignedVersion, SignerAccount
from payments.oracle.contract import calls
from payments.settlement.provider.enums import TransferErrorClass
from payments.settlement.provider.protocol import GasBid, TransferUnknown
from payments.settlement.signer.services import SigningProvider

pytestmark = pytest.mark.django_db
ROOT = "0x" + "ab" * 32


def recorded(deployed, key, *, number=1, **more):
    call = calls.record_distribution(key, key, number=number, total=Decimal(1), root=ROOT)
    return SigningProvider().execute_contract(
        key=key, contract=deployed.address, function=call.function, parameters=call.parameters, **more
    )


def test_a_call_is_made_once_for_its_key(deployed):
    key = uuid4()
    first, again = recorded(deployed, key), recorded(deployed, key)
    deployed.node.mine(2)

    assert first.id == again.id
    found = SigningProvider().find(key=key)
    assert (found.state, found.confirmations, found.raw["nonce"]) == ("CONFIRMED", 2, 0)
    assert deployed.count() == 1
    assert SignerAccount.objects.get().next_nonce == 1


def test_a_key_makes_no_other_call(deployed):
    key = uuid4()
    recorded(deployed, key)

    with pytest.raises(CallRefused) as refused:
        recorded(deployed, key, number=2)
    assert refused.value.error_class == "key_reused"
    assert SignedCall.objects.count() == 1


def test_what_is_signed_is_the_same_each_time(deployed):
    key = uuid4()
    recorded(deployed, key)
    before = SignedVersion.objects.get().tx_hash
    deployed.node.control("anvil_dropTransaction", before)

    recorded(deployed, key)
    deployed.node.mine()

    assert deployed.node.web3.eth.get_transaction_receipt(before)["status"] == 1


def test_the_data_of_a_call_are_encrypted_and_go_when_it_is_deep_in_the_chain(deployed):
    key = uuid4()
    transfer = recorded(deployed, key)
    stored = SignedCall.objects.values_list("data", flat=True).get()
    assert ROOT[2:] not in str(stored)
    deployed.node.mine(2)

    SigningProvider().get(transfer.id)

    assert SignedCall.objects.get().data == ""


def test_nobody_has_a_call_that_was_not_made(deployed):
    for wanted in (str(uuid4()), "", "17"):
        with pytest.raises(TransferUnknown):
            SigningProvider().get(wanted)
    assert SigningProvider().find(key=uuid4()) is None


def test_without_a_node_nothing_is_sent(deployed, settings):
    settings.CHAIN_RPC_URL = ""
    with pytest.raises(ServiceUnavailable):
        recorded(deployed, uuid4())
    assert not SignedCall.objects.exists()


def test_a_bid_below_the_price_of_the_block_waits_and_is_raised(deployed):
    key = uuid4()
    low = GasBid(200_000, Decimal("0.000000002"), Decimal(0))
    taken = recorded(deployed, key, fee=low)
    assert taken.state == "STUCK"
    assert taken.error_class in (TransferErrorClass.GAS, None)

    bid = GasBid(200_000, Decimal(5), Decimal(1))
    SigningProvider().accelerate(key=uuid4(), transfer_id=taken.id, bid=bid)
    deployed.node.mine(2)

    assert SigningProvider().get(taken.id).state == "CONFIRMED"
    assert SignedVersion.objects.count() == 2
