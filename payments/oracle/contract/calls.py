"""The registry contract as it is called and read (`CreatorRegistry.sol`); parameters are JSON, as providers
take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from payments.settlement.provider.abi import decode_values, encode_call

UPDATE_METRICS = "updateMetrics(bytes16,bytes16,address[],uint256[])"
CREATE_TOKEN = "createToken(bytes16,bytes16,address,string,string)"  # noqa: S105 - a function's name
RECORD_DISTRIBUTION = "recordDistribution(bytes16,bytes16,uint256,uint256,bytes32)"
READ_METRICS = "readMetrics(bytes16,bytes16,address[])"
READ_TOKEN = "readToken(bytes16,bytes16,address)"  # noqa: S105 - a function's name
READ_DISTRIBUTION = "readDistribution(bytes16,bytes16,uint256)"
RESULTS = {
    READ_METRICS: ("uint256", "uint256[]"),
    READ_TOKEN: ("uint256", "address"),
    READ_DISTRIBUTION: ("uint256", "uint256", "bytes32"),
}
NO_ADDRESS = "0x" + "0" * 40


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the contract, and its parameters."""

    function: str
    parameters: tuple[Any, ...]

    @property
    def data(self) -> str:
        """The call as the chain takes it."""
        return encode_call(self.function, self.parameters)


def id_on_chain(id_: UUID) -> str:
    """Return the id of an operation or a platform as 16 bytes."""
    return "0x" + id_.hex


def update_metrics(operation: UUID, platform: UUID, values: Sequence[tuple[str, int]]) -> Call:
    """Return the call that writes the packed metrics of these addresses."""
    addresses, packed = [address for address, _ in values], [str(value) for _, value in values]
    return Call(UPDATE_METRICS, (id_on_chain(operation), id_on_chain(platform), addresses, packed))


def create_token(operation: UUID, platform: UUID, address: str, *, name: str, symbol: str) -> Call:
    return Call(CREATE_TOKEN, (id_on_chain(operation), id_on_chain(platform), address, name, symbol))


def record_distribution(operation: UUID, platform: UUID, *, number: int, total: Decimal, root: str) -> Call:
    """Return the call that records a distribution; its total is in millionths of a USDC."""
    micro = str(int(total.scaleb(6)))
    parameters = (id_on_chain(operation), id_on_chain(platform), str(number), micro, root)
    return Call(RECORD_DISTRIBUTION, parameters)


def read_metrics(operation: UUID, platform: UUID, addresses: Sequence[str]) -> Call:
    return Call(READ_METRICS, (id_on_chain(operation), id_on_chain(platform), list(addresses)))


def read_token(operation: UUID, platform: UUID, address: str) -> Call:
    return Call(READ_TOKEN, (id_on_chain(operation), id_on_chain(platform), address))


def read_distribution(operation: UUID, platform: UUID, number: int) -> Call:
    return Call(READ_DISTRIBUTION, (id_on_chain(operation), id_on_chain(platform), str(number)))


def read_result(call: Call, data: str) -> tuple[Any, ...]:
    """Return the values in the result of a call that reads. Raises NotEncodable."""
    return decode_values(RESULTS[call.function], data)
