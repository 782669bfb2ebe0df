"""The registry contract on a real node: what is compiled is what is kept, and it does each operation once."""

import json
import subprocess
from decimal import Decimal
from uuid import uuid4

import pytest
from eth_account import Account
from web3 import Web3
from web3.exceptions import ContractCustomError

from payments.oracle.calculations import (
    GAS_OF_A_TRANSACTION,
    CreatorNumbers,
    pack_numbers,
    saved_gas,
    unpack_numbers,
)
from payments.oracle.contract import calls
from payments.settlement.provider.abi import selector_of
from tests.support.oracle.contract import FOLDER, abi, bytecode
from tests.support.repository import ROOT

COMPILER = ROOT / "tests" / "provider" / "node"


def compiled():
    command = ["node", "compile.mjs", str(FOLDER / "CreatorRegistry.sol"), "CreatorRegistry"]
    done = subprocess.run(command, cwd=COMPILER, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_source_compiles_to_the_bytecode_and_the_abi_that_are_kept():
    made = compiled()

    assert "0x" + made["bytecode"] == bytecode()
    assert made["abi"] == abi()


def test_the_functions_that_are_called_are_those_of_the_contract():
    own = {
        f"{one['name']}({','.join(given['type'] for given in one['inputs'])})": [
            given["type"] for given in one["outputs"]
        ]
        for one in abi()
        if one["type"] == "function"
    }

    for function in (calls.UPDATE_METRICS, calls.CREATE_TOKEN, calls.RECORD_DISTRIBUTION):
        assert own[function] == []
    for function, results in calls.RESULTS.items():
        assert own[function] == list(results)
    assert len({selector_of(function) for function in own}) == len(own)


class Writer:
    """The writer's account, which sends and mines a call at once."""

    def __init__(self, deployed, key):
        self.deployed, self.account = deployed, Account.from_key(key)

    def __call__(self, call):
        web3 = self.deployed.node.web3
        fields = {
            "from": self.account.address,
            "to": Web3.to_checksum_address(self.deployed.address),
            "data": call.data,
            "nonce": web3.eth.get_transaction_count(self.account.address),
            "gasPrice": 2 * web3.eth.gas_price,
            "chainId": web3.eth.chain_id,
        }
        fields["gas"] = web3.eth.estimate_gas(fields)
        sent = web3.eth.send_raw_transaction(self.account.sign_transaction(fields).raw_transaction)
        self.deployed.node.mine()
        return web3.eth.get_transaction_receipt(sent)


@pytest.fixture
def write(deployed, settings):
    return Writer(deployed, settings.ORACLE_SIGNER_KEY)


def read(deployed, call):
    answer = deployed.node.web3.eth.call(
        {"to": Web3.to_checksum_address(deployed.address), "data": call.data}
    )
    return calls.read_result(call, answer.hex())


def addresses(count):
    return [f"0x{(1 << 150) + number:040x}" for number in range(count)]


def numbers(seed):
    return CreatorNumbers(seed * 7, seed * 5, seed * 3, seed * 2, Decimal(seed).scaleb(-6))


def test_metrics_are_written_and_read_back(deployed, write):
    operation, platform, of = uuid4(), uuid4(), addresses(3)
    values = [(one, pack_numbers(numbers(at + 1))) for at, one in enumerate(of)]

    receipt = write(calls.update_metrics(operation, platform, values))

    done, shown = read(deployed, calls.read_metrics(operation, platform, of))
    assert (done, [unpack_numbers(one) for one in shown]) == (
        receipt["blockNumber"],
        [numbers(1), numbers(2), numbers(3)],
    )
    assert read(deployed, calls.read_metrics(operation, uuid4(), of))[1] == (0, 0, 0)
    assert read(deployed, calls.read_metrics(uuid4(), platform, of[:1]))[0] == 0


def test_an_operation_is_done_once(deployed, write):
    operation, platform, [one] = uuid4(), uuid4(), addresses(1)
    write(calls.update_metrics(operation, platform, [(one, 7)]))

    with pytest.raises(ContractCustomError):
        write(calls.update_metrics(operation, platform, [(one, 8)]))
    with pytest.raises(ContractCustomError):
        write(
            calls.record_distribution(operation, platform, number=1, total=Decimal(1), root="0x" + "ab" * 32)
        )
    assert read(deployed, calls.read_metrics(operation, platform, [one]))[1] == (7,)


@pytest.mark.parametrize("count, values", [(0, 0), (201, 201), (2, 1)])
def test_a_batch_has_one_to_two_hundred_creators_each_with_its_numbers(deployed, write, count, values):
    call = calls.Call(
        calls.UPDATE_METRICS,
        (calls.id_on_chain(uuid4()), calls.id_on_chain(uuid4()), addresses(count), ["1"] * values),
    )

    with pytest.raises(ContractCustomError):
        write(call)


def test_nobody_else_writes(deployed):
    stranger = Writer(deployed, "0x" + "aa" * 32)
    deployed.node.control("anvil_setBalance", stranger.account.address, hex(10**18))

    with pytest.raises(ContractCustomError):
        stranger(calls.update_metrics(uuid4(), uuid4(), [(addresses(1)[0], 1)]))


def test_a_creator_has_one_token_whose_supply_is_the_creators(deployed, write):
    platform, [one], first = uuid4(), addresses(1), uuid4()
    write(calls.create_token(first, platform, one, name="The Band", symbol="BAND"))

    _, token = read(deployed, calls.read_token(first, platform, one))
    erc20 = deployed.node.web3.eth.contract(
        Web3.to_checksum_address(token),
        abi=[
            {
                "type": "function",
                "name": name,
                "stateMutability": "view",
                "inputs": [{"name": "", "type": kind} for kind in given],
                "outputs": [{"name": "", "type": result}],
            }
            for name, given, result in (
                ("name", [], "string"),
                ("symbol", [], "string"),
                ("totalSupply", [], "uint256"),
                ("balanceOf", ["address"], "uint256"),
            )
        ],
    ).functions
    assert (erc20.name().call(), erc20.symbol().call()) == ("The Band", "BAND")
    supply = erc20.totalSupply().call()
    assert supply == erc20.balanceOf(Web3.to_checksum_address(one)).call() == 10**24
    with pytest.raises(ContractCustomError):
        write(calls.create_token(uuid4(), platform, one, name="Another", symbol="TWO"))


def test_a_distribution_is_recorded_once_per_number(deployed, write):
    platform, operation, root = uuid4(), uuid4(), "0x" + "ab" * 32
    write(calls.record_distribution(operation, platform, number=3, total=Decimal("12.345678"), root=root))

    done, total, kept = read(deployed, calls.read_distribution(operation, platform, 3))
    assert (done > 0, total, "0x" + kept.hex()) == (True, 12_345_678, root)
    with pytest.raises(ContractCustomError):
        write(calls.record_distribution(uuid4(), platform, number=3, total=Decimal(1), root=root))


def test_what_a_batch_saves_is_measured(deployed, write):
    """The formula is within a twentieth of the difference between one transaction and fifty."""
    platform, of = uuid4(), addresses(50)
    together = write(calls.update_metrics(uuid4(), platform, [(one, 5 << 192) for one in of]))["gasUsed"]
    alone = sum(
        write(calls.update_metrics(uuid4(), uuid4(), [(one, 5 << 192)]))["gasUsed"] for one in of[:10]
    )

    measured = 5 * alone - together
    assert abs(measured - saved_gas(50)) < measured / 20, (measured, saved_gas(50), GAS_OF_A_TRANSACTION)
