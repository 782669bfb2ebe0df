"""The simulator as a process: its memory outlives it, and wrong requests are refused."""

import signal
import subprocess
import sys
from decimal import Decimal
from uuid import uuid4

import pytest
import urllib3

from gigstream.simulators.circle_settings import HOUSE_HOLDS
from payments.settlement.provider.circle import CircleProvider
from tests.support.servers.circle import API_KEY, START, house_of, run_simulator

WORKER = "0x" + "ab" * 20
TRANSFER = "/v1/w3s/developer/transactions/transfer"


def ask(simulator, method, path, **body):
    answer = urllib3.request(
        method,
        f"{simulator.url}{path}",
        headers={"Authorization": f"Bearer {API_KEY}"},
        **({"json": body} if body else {}),
    )
    return answer.status, answer.json() if answer.data else {}


@pytest.mark.long_form
def test_a_killed_simulator_comes_back_with_all_that_it_knew(tmp_path, settings):
    circle, arguments = CircleProvider(), ("--still", "--start", str(START))
    with run_simulator(tmp_path, *arguments) as simulator:
        house_of(simulator, circle, settings)
        key = uuid4()
        taken = circle.transfer(key=key, to_wallet=WORKER, amount=Decimal(10))
        connection = circle._connection
        public_key = connection.ciphertext() and connection._client.configuration.public_key
        simulator.process.send_signal(signal.SIGKILL)
        simulator.process.wait(timeout=10)

    with run_simulator(tmp_path, *arguments) as simulator:
        settings.CIRCLE_API_URL = simulator.url
        assert circle.get(taken.id).state == "INITIATED"
        assert circle.transfer(key=key, to_wallet=WORKER, amount=Decimal(10)).id == taken.id
        simulator.advance()
        assert circle.get(taken.id).state == "COMPLETE"
        assert circle._connection._client.configuration.public_key == public_key


@pytest.mark.long_form
def test_the_command_runs_it_and_says_which_settings_use_it(tmp_path, settings):
    process = subprocess.Popen(
        [sys.executable, "manage.py", "circle_simulator", "--port", "0", "--home", tmp_path],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = dict(process.stdout.readline().strip().split("=", 1) for _ in range(5))
        settings.CIRCLE_API_URL = process.stdout.readline().split()[-1]
        for name in set(said) - {"CIRCLE_API_URL"}:
            setattr(settings, name, said[name])

        assert CircleProvider().balance() == Decimal(HOUSE_HOLDS)
        assert CircleProvider().transfer(key=uuid4(), to_wallet=WORKER, amount=Decimal(1)).id
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_its_clock_may_run(tmp_path, settings):
    circle = CircleProvider()
    with run_simulator(tmp_path, "--step", "0.01") as simulator:
        house_of(simulator, circle, settings)
        taken = circle.transfer(key=uuid4(), to_wallet=WORKER, amount=Decimal(10))

        while circle.get(taken.id).state != "COMPLETE":
            pass


def test_a_ciphertext_is_good_once(circle, simulator, settings):
    body = {
        "walletId": settings.CIRCLE_HOUSE_WALLET_ID,
        "destinationAddress": WORKER,
        "tokenAddress": settings.CIRCLE_USDC_ADDRESS,
        "blockchain": settings.CIRCLE_BLOCKCHAIN,
        "amounts": ["1"],
        "feeLevel": "LOW",
        "entitySecretCiphertext": circle._connection.ciphertext(),
    }

    assert ask(simulator, "POST", TRANSFER, idempotencyKey=str(uuid4()), **body)[0] == 201
    assert ask(simulator, "POST", TRANSFER, idempotencyKey=str(uuid4()), **body)[0] == 403
    assert len(simulator.transactions()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amounts": ["0"]},
        {"amounts": [1]},
        {"amounts": ["1", "2"]},
        {"amounts": ["0.0000001"]},
        {"destinationAddress": "0x12"},
        {"tokenAddress": "0x" + "1" * 40},
        {"blockchain": "ETH"},
        {"feeLevel": "MOST"},
        {"feeLevel": None},
        {"idempotencyKey": "1"},
        {"idempotencyKey": "00000000-0000-5000-8000-000000000001"},
        {"entitySecretCiphertext": "AAAA"},
        {"entitySecretCiphertext": None},
        {"walletId": None},
    ],
)
def test_a_wrong_request_is_refused_with_a_number_and_a_sentence(circle, simulator, settings, change):
    body = {
        "walletId": settings.CIRCLE_HOUSE_WALLET_ID,
        "destinationAddress": WORKER,
        "tokenAddress": settings.CIRCLE_USDC_ADDRESS,
        "blockchain": settings.CIRCLE_BLOCKCHAIN,
        "amounts": ["1"],
        "feeLevel": "LOW",
        "idempotencyKey": str(uuid4()),
        "entitySecretCiphertext": circle._connection.ciphertext(),
    }

    status, told = ask(simulator, "POST", TRANSFER, **{**body, **change})

    assert (status, sorted(told)) == (400, ["code", "message"])
    assert simulator.transactions() == []


def test_other_paths_and_methods_are_refused(circle, simulator):
    assert ask(simulator, "GET", "/v1/w3s/nothing")[0] == 404
    assert ask(simulator, "DELETE", "/v1/w3s/transactions")[0] == 405
    assert ask(simulator, "GET", "/v1/w3s/transactions?pageSize=51")[0] == 400
    assert ask(simulator, "GET", f"/v1/w3s/transactions?pageAfter={uuid4()}")[0] == 400
    assert ask(simulator, "GET", "/v1/w3s/transactions?from=yesterday")[0] == 400
    assert ask(simulator, "POST", "/_simulator/faults", call="transfer", fault="an earthquake")[0] == 400
    assert ask(simulator, "POST", "/_simulator/clock", advance=-1)[0] == 400
    assert ask(simulator, "GET", "/ping") == (200, {"message": "pong"})


def test_a_request_that_makes_no_sense_at_all_gets_an_answer_and_changes_nothing(circle, simulator, settings):
    body = {
        "walletSetId": settings.CIRCLE_WALLET_SET_ID,
        "blockchains": [["ARC"]],
        "idempotencyKey": str(uuid4()),
        "entitySecretCiphertext": circle._connection.ciphertext(),
    }

    assert ask(simulator, "POST", "/v1/w3s/developer/wallets", **body)[0] == 500
    assert circle.balance() == 1000


def test_wallets_are_listed_and_filtered(circle, simulator, settings):
    made = [circle.create_wallet(key=uuid4(), owner=f"worker {number}") for number in range(3)]

    status, told = ask(simulator, "GET", "/v1/w3s/wallets?order=ASC&pageSize=2")
    assert (status, len(told["data"]["wallets"])) == (200, 2)
    _, told = ask(simulator, "GET", f"/v1/w3s/wallets?address={made[1].address.upper().replace('X', 'x', 1)}")
    assert [one["id"] for one in told["data"]["wallets"]] == [made[1].id]
    _, told = ask(simulator, "GET", f"/v1/w3s/wallets?walletSetId={uuid4()}")
    assert told["data"]["wallets"] == []


def test_money_between_its_own_wallets_arrives(circle, simulator):
    worker = circle.create_wallet(key=uuid4(), owner="alice")

    circle.transfer(key=uuid4(), to_wallet=worker.address, amount=Decimal("2.5"))
    simulator.advance()

    assert circle.balance(worker.id) == Decimal("2.5")
