"""Comparison of an operation with its effect on the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from gigstream.core.money import exact_amount
from gigstream.remote_calls.errors import CallRefused, ServiceUnavailable
from payments.models import ChainOperation, OperationCreator
from payments.oracle.calculations import pack_numbers
from payments.oracle.contract import calls
from payments.oracle.contract.calls import Call
from payments.oracle.enums import OperationKind, Trouble
from payments.oracle.services.providers import Oracle
from payments.settlement.provider.abi import NotEncodable
from payments.settlement.provider.protocol import ProviderTransfer


class Verdict(Enum):
    """Result of a comparison: the chain has not done the operation, shows its values, or shows others."""

    MISSING = "missing"
    EQUAL = "equal"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Showing:
    """Effect of an operation as the chain shows it: the verdict, differences in words, a token's address."""

    verdict: Verdict
    words: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Result of a call: the round's transaction at the provider, its effect where the chain was read, and
    whether the round is lost."""

    transfer: ProviderTransfer | None = None
    showing: Showing | None = None
    is_lost: bool = False


class CreatorHasLeft(Exception):
    """A creator of the operation has left, so that its call cannot be made any more."""

    trouble = Trouble.CREATOR_LEFT


def creators_of(operation: ChainOperation) -> list[OperationCreator]:
    """Return the creators of an operation in their order."""
    return list(operation.creators.order_by("position"))


def writing_call(operation: ChainOperation, creators: Sequence[OperationCreator]) -> Call:
    """Return the call that does the operation. Raises CreatorHasLeft."""
    if any(not row.address for row in creators):
        raise CreatorHasLeft
    details, ids = operation.details, (operation.pk, operation.platform_id)
    if operation.kind == OperationKind.UPDATE_METRICS:
        return calls.update_metrics(*ids, [(row.address, pack_numbers(row.numbers)) for row in creators])
    if operation.kind == OperationKind.CREATE_TOKEN:
        token = {"name": details["name"], "symbol": details["symbol"]}
        return calls.create_token(*ids, creators[0].address, **token)
    return calls.record_distribution(
        *ids, number=details["number"], total=_total(operation), root=details["root"]
    )


def _total(operation: ChainOperation) -> Decimal:
    return exact_amount(operation.details["total"], allow_zero=True)


def read_back(oracle: Oracle, operation: ChainOperation, creators: Sequence[OperationCreator]) -> Showing:
    """Return the effect of the operation that the chain shows, without creators who have left. Raises
    ServiceUnavailable."""
    present = [row for row in creators if row.address]
    call = _reading_call(operation, present)
    done, *values = _read(oracle, operation.contract, call)
    if not done:
        return Showing(Verdict.MISSING, "the chain has not done it")
    if call.function == calls.READ_METRICS:
        return _compare_metrics(present, values[0])
    if call.function == calls.READ_TOKEN:
        token = str(values[0]).lower()
        return Showing(Verdict.DIFFERENT if token == calls.NO_ADDRESS else Verdict.EQUAL, "", token)
    return _compare_distribution(operation, *values)


def read_numbers(oracle: Oracle, operation: ChainOperation, addresses: Sequence[str]) -> list[int]:
    """Return the packed numbers that the chain shows for these addresses. Raises ServiceUnavailable."""
    call = calls.read_metrics(operation.pk, operation.platform_id, addresses)
    _, values = _read(oracle, operation.contract, call)
    return list(values)


def _reading_call(operation: ChainOperation, creators: Sequence[OperationCreator]) -> Call:
    """Return the call that reads the effect; without a creator, it shows only whether it was done."""
    ids = (operation.pk, operation.platform_id)
    if operation.kind == OperationKind.DISTRIBUTE:
        return calls.read_distribution(*ids, operation.details["number"])
    if operation.kind == OperationKind.CREATE_TOKEN and creators:
        return calls.read_token(*ids, creators[0].address)
    return calls.read_metrics(*ids, [row.address for row in creators])


def _read(oracle: Oracle, contract: str, call: Call) -> tuple[Any, ...]:
    try:
        return calls.read_result(call, oracle.reader.read_contract(contract=contract, data=call.data))
    except NotEncodable as error:
        raise ServiceUnavailable(f"the answer cannot be understood: {error}") from error
    except CallRefused as refused:
        raise ServiceUnavailable(f"the contract cannot be read: {refused}") from refused


def _compare_metrics(creators: Sequence[OperationCreator], values: Sequence[int]) -> Showing:
    different = [
        str(row.creator_id)
        for row, value in zip(creators, values, strict=True)
        if value != pack_numbers(row.numbers)
    ]
    if different:
        return Showing(Verdict.DIFFERENT, f"other numbers of {len(different)}: {', '.join(different[:5])}")
    return Showing(Verdict.EQUAL)


def _compare_distribution(operation: ChainOperation, total: int, root: bytes) -> Showing:
    wanted = (int(_total(operation).scaleb(6)), operation.details["root"])
    shown = (total, "0x" + root.hex())
    if shown != wanted:
        return Showing(Verdict.DIFFERENT, f"total and root are {shown}, not {wanted}")
    return Showing(Verdict.EQUAL)
