"""Contracts on the simulated chain: each subject registers a simulation of its own, by address."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

GAS_OF_UNKNOWN = 48_000


@dataclass(frozen=True, slots=True)
class ContractCall:
    """A call of a contract's function; the block is that of the chain, 0 while there is none."""

    function: str
    parameters: Sequence[Any]
    block: int = 0


class SimulatedContract(Protocol):
    def gas_used(self, call: ContractCall) -> int:
        """Return the gas that the call uses."""

    def failure(self, call: ContractCall, earlier: Iterable[ContractCall]) -> str:
        """Return the reason for which the contract refuses the call after these, "" for none."""

    def read(self, data: str, calls: Iterable[ContractCall]) -> str:
        """Return the result of a call that changes nothing, in hexadecimal, after these calls, which come
        newest first. Raises NotEncodable."""


_contracts: dict[str, SimulatedContract] = {}


def register(address: str, contract: SimulatedContract) -> str:
    """Put the contract at an address of the simulated chain, and return the address."""
    _contracts[address] = contract
    return address


def contract_at(address: str) -> SimulatedContract | None:
    return _contracts.get(address)


def gas_of(address: str, call: Mapping[str, Any]) -> int:
    """Return the gas of a call as the sandbox keeps it, `{}` for a transfer."""
    contract = contract_at(address) if call else None
    return GAS_OF_UNKNOWN if contract is None else contract.gas_used(as_call(call))


def as_call(call: Mapping[str, Any], block: int = 0) -> ContractCall:
    return ContractCall(call["function"], call["parameters"], block)
