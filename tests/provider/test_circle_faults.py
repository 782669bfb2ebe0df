"""CircleProvider over a real socket, when things go wrong: every fault, before the act and after it."""

import socket
from decimal import Decimal
from uuid import uuid4

import pytest

from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import ServiceBusy, ServiceUnavailable
from payments.settlement.provider import units
from payments.settlement.provider.enums import TransferErrorClass, TransferState
from tests.support.servers.circle import ENTITY_SECRET

WORKER = "0x" + "ab" * 20
# The caller's view of each; whether the simulator has taken the transfer all the same is in its books.
SILENT = ["timeout_before", "timeout_after", "reset_before", "reset_after", "error_before", "error_after"]
JUNK = ["garbage", "redirect", "huge", "drips"]


@pytest.fixture(autouse=True)
def impatient(settings):
    settings.CIRCLE_READ_SECONDS = 1


def pay(circle, key, to=WORKER):
    return circle.transfer(key=key, to_wallet=to, amount=Decimal(10))


@pytest.mark.long_form
@pytest.mark.parametrize("fault", SILENT)
def test_no_answer_is_an_unknown_outcome_and_the_same_key_sends_once(circle, simulator, fault):
    simulator.wrong("transfer", fault=fault)
    key = uuid4()

    with pytest.raises(ServiceUnavailable) as lost:
        pay(circle, key)

    assert (lost.value.sent, lost.value.error_class) == (True, ErrorClass.UNKNOWN_OUTCOME)
    taken = simulator.transactions()
    assert len(taken) == (1 if fault.endswith("_after") else 0)
    found = circle.find(key=key, to_wallet=WORKER)
    assert [found.id] * len(taken) == [one["id"] for one in taken] if found else taken == []

    again = pay(circle, key)
    assert [one["id"] for one in simulator.transactions()] == [again.id]


@pytest.mark.long_form
@pytest.mark.parametrize("fault", JUNK)
def test_junk_is_no_answer(circle, simulator, fault):
    simulator.wrong("transfer", fault=fault)

    with pytest.raises(ServiceUnavailable) as lost:
        pay(circle, uuid4())

    assert lost.value.sent


@pytest.mark.long_form
@pytest.mark.parametrize("fault", [*SILENT, *JUNK])
def test_a_question_without_an_answer_is_asked_again(circle, simulator, fault):
    taken = pay(circle, uuid4())
    simulator.wrong("transaction", fault=fault)

    with pytest.raises(ServiceUnavailable):
        circle.get(taken.id)

    assert circle.get(taken.id).id == taken.id


def test_nothing_was_sent_where_nobody_listens(circle, simulator, settings):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.CIRCLE_API_URL = f"http://127.0.0.1:{closed.getsockname()[1]}"

        with pytest.raises(ServiceUnavailable) as lost:
            pay(circle, uuid4())

    assert (lost.value.sent, lost.value.error_class) == (False, ErrorClass.NETWORK)


def test_a_busy_provider_says_when_to_come_back(circle, simulator):
    simulator.wrong("transfer", fault="busy", seconds=7)

    with pytest.raises(ServiceBusy) as busy:
        pay(circle, uuid4())

    assert (busy.value.retry_after, busy.value.sent) == (7, False)
    assert simulator.transactions() == []


def test_a_fault_waits_for_its_call(circle, simulator):
    simulator.wrong("transfer", fault="error_before", after=1, about=WORKER)

    pay(circle, uuid4(), to="0x" + "11" * 20)
    pay(circle, uuid4())
    with pytest.raises(ServiceUnavailable):
        pay(circle, uuid4())
    pay(circle, uuid4())

    assert len(simulator.transactions()) == 3


@pytest.mark.long_form
def test_nobodys_key_for_the_secret_is_no_answer(circle, simulator):
    circle._connection.forget_keys()
    simulator.wrong("public_key", fault="timeout_before")

    with pytest.raises(ServiceUnavailable):
        pay(circle, uuid4())

    assert simulator.transactions() == []
    pay(circle, uuid4())


@pytest.mark.parametrize(
    ("fate", "state", "kind", "reason"),
    [
        ("failed", "FAILED", TransferErrorClass.EXECUTION, "ESTIMATION_ERROR"),
        ("reverted", "FAILED", TransferErrorClass.EXECUTION, "FAILED_ON_CHAIN"),
        ("no_gas", "FAILED", TransferErrorClass.GAS, "INSUFFICIENT_NATIVE_TOKEN"),
        ("denied", "DENIED", TransferErrorClass.BLOCKED_DESTINATION, "DENIED_BY_RISK_SCREENING"),
    ],
)
def test_a_transfer_that_ends_badly_says_why_and_moves_nothing(circle, simulator, fate, state, kind, reason):
    simulator.wrong("transfer", fate=fate)
    taken = pay(circle, uuid4())
    simulator.advance()

    ended = circle.get(taken.id)

    assert (ended.state, ended.error_class) == (state, kind)
    assert ended.failure.startswith(reason)
    paid = ended.network_fee or Decimal(0)
    assert (paid > 0) is (fate == "reverted")
    assert circle.balance() == units.token_view(1000 - paid)


def states_of(circle, simulator, fate):
    simulator.wrong("transfer", fate=fate)
    taken = pay(circle, uuid4())
    seen = []
    for _ in range(6):
        simulator.advance(1)
        seen.append(circle.get(taken.id))
    return seen


def test_a_confirmed_state_may_be_skipped(circle, simulator):
    seen = states_of(circle, simulator, "skips_confirmed")

    assert [one.state for one in seen[2:4]] == ["SENT", "COMPLETE"]
    assert seen[-1].block_number


def test_a_state_that_nobody_knows_is_kept_as_it_came(circle, simulator):
    seen = states_of(circle, simulator, "unheard_of")

    assert (seen[1].state, seen[1].raw_state) == (TransferState.UNKNOWN, "WARMING_UP")
    assert seen[-1].state == TransferState.COMPLETE


def test_a_state_that_the_sdk_does_not_know_is_read(circle, simulator):
    assert states_of(circle, simulator, "screened")[0].state == TransferState.PENDING_RISK_SCREENING


@pytest.mark.parametrize("fate", ["wrong_amount", "wrong_address"])
def test_another_transfer_under_our_id_is_told_as_it_is(circle, simulator, fate):
    simulator.wrong("transfer", fate=fate)
    told = circle.get(pay(circle, uuid4()).id)

    assert (told.to_wallet, told.amount) != (WORKER, 10)


def test_no_secret_is_in_an_error_an_answer_or_the_log(circle, simulator, settings, caplog):
    caplog.set_level("DEBUG")
    taken = pay(circle, uuid4())
    errors = []
    for fault in [*SILENT[2:], *JUNK]:
        simulator.wrong("transfer", fault=fault)
        with pytest.raises(ServiceUnavailable) as lost:
            pay(circle, uuid4())
        errors.append(repr(lost.value))

    told = f"{errors} {taken.raw} {circle.get(taken.id).raw} {caplog.text}"
    for secret in (ENTITY_SECRET, settings.CIRCLE_API_KEY, settings.CIRCLE_HOUSE_WALLET_ID):
        assert secret not in told


def test_the_house_holds_what_came_in_less_what_went_out_and_what_it_cost(circle, simulator):
    for fate in ("", "reverted", "stuck", "denied"):
        simulator.wrong("transfer", fate=fate)
        pay(circle, uuid4())
    simulator.advance()

    spent = sum(units.gas_units(Decimal(one.get("networkFee", "0"))) for one in simulator.transactions())
    moved = sum(int(one["_units"]) for one in simulator.transactions() if one["state"] == "COMPLETE")
    house = simulator.transactions()[0]["walletId"]
    assert simulator.units(house) == units.gas_units(Decimal(1000)) - moved - spent
