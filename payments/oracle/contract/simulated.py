"""Simulation of the registry contract on the sandbox's chain."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from payments.oracle.contract import calls
from payments.settlement.provider.abi import NotEncodable, decode_call, encode_values, selector_of
from payments.settlement.sandbox import contracts
from payments.settlement.sandbox.contracts import ContractCall, SimulatedContract

# Measured of the real contract: of each call, and of each creator whose metrics are written.
GAS_OF_A_CALL, GAS_OF_A_CREATOR = 52_000, 8_300
GAS_OF_A_TOKEN, GAS_OF_A_DISTRIBUTION = 760_000, 95_000
_ZERO = bytes(32)


class SimulatedRegistry(SimulatedContract):
    def gas_used(self, call: ContractCall) -> int:
        if call.function == calls.UPDATE_METRICS:
            return GAS_OF_A_CALL + GAS_OF_A_CREATOR * len(call.parameters[2])
        return GAS_OF_A_TOKEN if call.function == calls.CREATE_TOKEN else GAS_OF_A_DISTRIBUTION

    def failure(self, call: ContractCall, earlier: Iterable[ContractCall]) -> str:
        operation = call.parameters[0]
        done = any(other.parameters[0] == operation for other in earlier)
        return "execution reverted: DoneAlready" if done else ""

    def read(self, data: str, calls_: Iterable[ContractCall]) -> str:
        reader = _readers().get(data.removeprefix("0x")[:8])
        if reader is None:
            raise NotEncodable("the contract has no such function")
        function, read = reader
        operation, platform, *wanted = decode_call(function, data)
        known = list(calls_)
        done = next((one.block for one in known if one.parameters[0] == _hex(operation)), 0)
        of_platform = [one for one in known if one.parameters[1] == _hex(platform)]
        return encode_values(calls.RESULTS[function], (done, *read(of_platform, *wanted)))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _read_metrics(known: list[ContractCall], addresses: Iterable[str]) -> tuple[list[int]]:
    values: dict[str, int] = {}
    for call in known:
        if call.function == calls.UPDATE_METRICS:
            for address, value in zip(call.parameters[2], call.parameters[3], strict=True):
                values.setdefault(address, int(value))
    return ([values.get(address, 0) for address in addresses],)


def _read_token(known: list[ContractCall], creator: str) -> tuple[str]:
    made = [one for one in known if one.function == calls.CREATE_TOKEN and one.parameters[2] == creator]
    # The address of a token follows from the operation that has made it.
    return ("0x" + made[-1].parameters[0][2:].rjust(40, "7") if made else calls.NO_ADDRESS,)


def _read_distribution(known: list[ContractCall], number: int) -> tuple[Any, ...]:
    recorded = [one for one in known if one.function == calls.RECORD_DISTRIBUTION]
    for call in reversed(recorded):
        if int(call.parameters[2]) == number:
            return int(call.parameters[3]), bytes.fromhex(call.parameters[4][2:])
    return 0, _ZERO


@cache
def _readers() -> dict[str, tuple[str, Any]]:
    """Return the functions that read, each with its simulation, by their selectors."""
    reading = {
        calls.READ_METRICS: _read_metrics,
        calls.READ_TOKEN: _read_token,
        calls.READ_DISTRIBUTION: _read_distribution,
    }
    return {selector_of(function): (function, read) for function, read in reading.items()}


ADDRESS = contracts.register("0x5a4db0c000000000000000000000000000000001", SimulatedRegistry())
