"""Calls of contracts in the form in which the chain takes them, and their results.

The packages behind it are imported with the first call: they take a tenth of every command's start.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

SELECTOR_DIGITS = 8


class NotEncodable(ValueError):
    """The parameters are not those of the function, or the data are no result of it."""


def parameter_types(function: str) -> list[str]:
    """Return the types of a function's parameters, as in "pay(address,uint256)"; none of them is a tuple."""
    inside = function[function.index("(") + 1 : -1]
    return inside.split(",") if inside else []


@cache
def selector_of(function: str) -> str:
    """Return the first four bytes of a call of the function, in hexadecimal."""
    from eth_utils.abi import function_signature_to_4byte_selector

    return function_signature_to_4byte_selector(function).hex()


def encode_call(function: str, parameters: Sequence[Any]) -> str:
    """Return the data of a call. Parameters are JSON: whole numbers may be texts, and bytes are hexadecimal.
    Raises NotEncodable."""
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError

    types = parameter_types(function)
    if len(types) != len(parameters):
        raise NotEncodable(f"{function} takes {len(types)} parameters, not {len(parameters)}")
    try:
        values = [_from_json(kind, value) for kind, value in zip(types, parameters, strict=True)]
        return "0x" + selector_of(function) + encode(types, values).hex()
    except (EncodingError, ValueError, TypeError) as error:
        raise NotEncodable(f"{function}: {error}") from error


def decode_call(function: str, data: str) -> tuple[Any, ...]:
    """Return the parameters in the data of a call of the function. Raises NotEncodable."""
    return decode_values(parameter_types(function), "0x" + data.removeprefix("0x")[SELECTOR_DIGITS:])


def encode_values(types: Sequence[str], values: Sequence[Any]) -> str:
    """Return the result of a function, as a node shows it."""
    from eth_abi.abi import encode

    return "0x" + encode(types, values).hex()


def decode_values(types: Sequence[str], data: str) -> tuple[Any, ...]:
    """Return the values in the result of a function. Raises NotEncodable."""
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    try:
        return tuple(decode(types, bytes.fromhex(data.removeprefix("0x"))))
    except (DecodingError, ValueError, TypeError, OverflowError) as error:
        raise NotEncodable(f"these are no {', '.join(types)}: {error}") from error


def _from_json(kind: str, value: Any) -> Any:
    if kind.endswith("[]"):
        return [_from_json(kind[:-2], one) for one in value]
    if kind.startswith(("uint", "int")):
        return int(value)
    if kind.startswith("bytes"):
        return bytes.fromhex(value.removeprefix("0x"))
    return value
