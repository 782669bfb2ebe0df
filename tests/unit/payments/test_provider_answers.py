"""Circle's answers, read strictly: each is understood or refused, and nothing else happens."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments.settlement.provider import answers
from payments.settlement.provider.answers import NotAnAnswer
from payments.settlement.provider.enums import TransferErrorClass

TRANSACTION = {
    "id": "6c1a7b2e-0000-4000-8000-000000000001",
    "state": "COMPLETE",
    "amounts": ["10.5"],
    "destinationAddress": "0x" + "AB" * 20,
    "refId": "6c1a7b2e-0000-5000-8000-000000000002",
    "txHash": "0x" + "12" * 32,
    "blockHeight": 7,
    "networkFee": "0.007776",
    "estimatedFee": {"maxFee": "322"},
    "createDate": "2026-03-02T09:00:00Z",
    "walletId": "secret",
}
USDC = "0x3600000000000000000000000000000000000000"
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
READERS = [
    answers.read_transfer,
    answers.read_wallet,
    answers.read_estimate,
    answers.read_notification,
    lambda body: answers.read_balance(body, token=USDC),
]


def understood_or_refused(read, body):
    with suppress(NotAnAnswer):
        read(body)


def test_a_transaction_is_read_whole():
    read = answers.read_transfer(TRANSACTION)

    assert (read.to_wallet, read.amount, read.network_fee) == (
        "0x" + "ab" * 20,
        Decimal("10.5"),
        Decimal("0.007776"),
    )
    assert (str(read.key), read.block_number, read.gas_price) == (TRANSACTION["refId"], 7, 322)
    assert "walletId" not in read.raw


@pytest.mark.parametrize("read", READERS)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(JUNK)
def test_junk_is_refused(read, body):
    understood_or_refused(read, body)


@given(st.sampled_from(sorted(TRANSACTION)), JUNK)
def test_a_transaction_with_one_wrong_part_is_understood_or_refused(name, junk):
    understood_or_refused(answers.read_transfer, {**TRANSACTION, name: junk})


@given(st.sampled_from(["tokenBalances", "token", "amount"]), JUNK)
def test_a_balance_with_one_wrong_part_is_understood_or_refused(name, junk):
    one = {"token": {"tokenAddress": USDC}, "amount": "1"}
    body = {"tokenBalances": junk} if name == "tokenBalances" else {"tokenBalances": [{**one, name: junk}]}
    understood_or_refused(lambda body: answers.read_balance(body, token=USDC), body)


@pytest.mark.parametrize("amount", ["-1", "1e3", "NaN", " 1", "1_000", "٣", 1, 1.5, "0.1234567890123456789"])
def test_an_amount_that_is_no_plain_decimal_is_refused(amount):
    with pytest.raises(NotAnAnswer):
        answers.read_transfer({**TRANSACTION, "amounts": [amount]})


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("INSUFFICIENT_NATIVE_TOKEN", TransferErrorClass.GAS),
        ("INSUFFICIENT_TOKEN_BALANCE", TransferErrorClass.INSUFFICIENT_FUNDS),
        ("nonce too low", TransferErrorClass.NONCE),
        ("address is on a blocklist", TransferErrorClass.BLOCKED_DESTINATION),
        ("FAILED_ON_CHAIN", TransferErrorClass.EXECUTION),
        ("the blockchain is forbidden", TransferErrorClass.EXECUTION),
        ("insufficient funds for gas", TransferErrorClass.INSUFFICIENT_FUNDS),
        ("maxFee is too low", TransferErrorClass.GAS),
    ],
)
def test_a_reason_has_a_class(words, kind):
    assert answers.error_class(words, otherwise=TransferErrorClass.EXECUTION) == kind


def test_the_native_balance_is_the_same_money():
    native = {"tokenBalances": [{"token": {"isNative": True}, "amount": "1.000000999"}]}

    assert answers.read_balance(native, token=USDC) == Decimal("1.000000")
    assert answers.read_balance({"tokenBalances": []}, token=USDC) == 0
