"""Readers of Circle's answers: a malformed answer is no answer at all."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from django.utils.dateparse import parse_datetime

from payments.settlement.provider import states, units
from payments.settlement.provider.enums import FeeLevel, TransferErrorClass, TransferState
from payments.settlement.provider.protocol import (
    FeeEstimate,
    GasBid,
    Notification,
    ProviderTransfer,
    ProviderWallet,
)

SECRETS = frozenset({"entitySecretCiphertext", "walletId", "userId", "authorization", "apiKey"})
_AMOUNT = re.compile(r"\d{1,24}(\.\d{1,18})?", re.ASCII)
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
# Looked for in this order, in reasons of failed transactions and in messages of refused requests.
_WORDS = (
    ("nonce", TransferErrorClass.NONCE),
    ("blocklist", TransferErrorClass.BLOCKED_DESTINATION),
    ("blacklist", TransferErrorClass.BLOCKED_DESTINATION),
    ("blocked", TransferErrorClass.BLOCKED_DESTINATION),
    ("denied", TransferErrorClass.BLOCKED_DESTINATION),
    ("screening", TransferErrorClass.BLOCKED_DESTINATION),
    ("sanction", TransferErrorClass.BLOCKED_DESTINATION),
    ("native_token", TransferErrorClass.GAS),
    ("insufficient", TransferErrorClass.INSUFFICIENT_FUNDS),
    ("holds less", TransferErrorClass.INSUFFICIENT_FUNDS),
    ("revert", TransferErrorClass.EXECUTION),
    ("underpriced", TransferErrorClass.GAS),
    ("gas", TransferErrorClass.GAS),
    ("fee", TransferErrorClass.GAS),
)


class NotAnAnswer(ValueError):
    """The answer cannot be understood."""


def part_of(body: object, name: str) -> Any:
    """Return the part of the answer under the name. Raises NotAnAnswer."""
    if not isinstance(body, Mapping) or name not in body:
        _not_an_answer(f"there is no {name}")
    return body[name]


def redact_secrets(body: Any) -> Any:
    """Return the answer without its secrets, for the log."""
    if isinstance(body, Mapping):
        return {name: redact_secrets(value) for name, value in body.items() if name not in SECRETS}
    if isinstance(body, list):
        return [redact_secrets(one) for one in body]
    return body


def error_class(words: str, *, otherwise: str) -> str:
    """Return the class of error that a reason or a message names."""
    lower = words.lower()
    return next((kind for word, kind in _WORDS if word in lower), otherwise)


def read_transfer(body: object) -> ProviderTransfer:
    """Read a transaction. Raises NotAnAnswer."""
    if not isinstance(body, Mapping):
        _not_an_answer("a transaction is an object")
    raw_state = _read_text(body, "state")
    state = states.read(raw_state)
    fee = body.get("estimatedFee")
    return ProviderTransfer(
        id=_read_id(body),
        state=state,
        to_wallet=(_read_optional(body, "destinationAddress", _is_address) or "").lower(),
        amount=_amount_of(body),
        key=_read_key(body.get("refId")),
        raw_state=raw_state,
        tx_hash=_read_optional(body, "txHash", _HASH.fullmatch),
        block_number=_read_block(body.get("blockHeight")),
        network_fee=_read_decimal(body.get("networkFee")),
        gas_price=_read_decimal(
            (fee.get("maxFee") or fee.get("gasPrice")) if isinstance(fee, Mapping) else None
        ),
        failure=_failure_text(body, state),
        error_class=_failure_class(body, state),
        created_at=read_instant(body.get("createDate")),
        raw=redact_secrets(body),
    )


def read_new_transfer(body: object, *, key: UUID, to_wallet: str, amount: Decimal) -> ProviderTransfer:
    """Read a transaction that was just taken: the answer has its id and its state. Raises NotAnAnswer."""
    if not isinstance(body, Mapping):
        _not_an_answer("a transaction is an object")
    raw_state = _read_text(body, "state")
    return ProviderTransfer(
        id=_read_id(body),
        state=states.read(raw_state),
        to_wallet=to_wallet,
        amount=amount,
        key=key,
        raw_state=raw_state,
        raw=redact_secrets(body),
    )


def read_wallet(body: object) -> ProviderWallet:
    """Read a wallet. Raises NotAnAnswer."""
    if not isinstance(body, Mapping):
        _not_an_answer("a wallet is an object")
    address = _read_optional(body, "address", _is_address)
    if address is None:
        _not_an_answer("the wallet has no address")
    return ProviderWallet(id=_read_id(body), address=address.lower(), owner=str(body.get("name") or ""))


def read_balance(body: object, *, token: str) -> Decimal:
    """Return the wallet's amount of the token; 0 of a token that is not in the list. Raises NotAnAnswer."""
    held = part_of(body, "tokenBalances") if body else []
    if not isinstance(held, list):
        _not_an_answer("balances are a list")
    for one in held:
        kind = part_of(one, "token")
        if not isinstance(kind, Mapping):
            _not_an_answer("a token is an object")
        # The native balance is the same money, and has no address of a contract.
        address = kind.get("tokenAddress") or (token if kind.get("isNative") else "")
        if str(address).lower() == token.lower():
            return units.token_view(_require_amount(_read_decimal(part_of(one, "amount"))))
    return Decimal(0)


def read_estimate(body: object) -> FeeEstimate:
    """Read the estimate of a fee. Raises NotAnAnswer."""
    bids: dict[FeeLevel, GasBid] = {}
    costs: dict[FeeLevel, Decimal] = {}
    for level in FeeLevel:
        one = part_of(body, level.lower())
        bids[level] = GasBid(
            gas_limit=int(_require_amount(_read_decimal(part_of(one, "gasLimit")))),
            max_fee=_require_amount(_read_decimal(part_of(one, "maxFee"))),
            priority_fee=_require_amount(_read_decimal(part_of(one, "priorityFee"))),
        )
        cost = _read_decimal(one.get("networkFee"))
        costs[level] = units.gas_cost(bids[level].gas_limit, bids[level].max_fee) if cost is None else cost
    return FeeEstimate(bids=bids, costs=costs)


def read_data(value: object) -> str:
    """Return the result of a contract's function. Raises NotAnAnswer."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        _not_an_answer("the result is not hexadecimal")
    return value.lower()


def read_notification(body: object) -> Notification:
    """Read a notification. Raises ValueError."""
    content = part_of(body, "notification")
    raw_state = _read_text(content, "state")
    return Notification(
        id=_read_id({"id": part_of(body, "notificationId")}),
        kind=str(part_of(body, "notificationType")),
        transfer_id=_read_id(content),
        state=states.read(raw_state),
        raw_state=raw_state,
        sent_at=read_instant(part_of(body, "timestamp")),
        raw=redact_secrets(body),
    )


def _amount_of(body: Mapping[str, Any]) -> Decimal:
    amounts = body.get("amounts") or ["0"]
    if not isinstance(amounts, list) or len(amounts) != 1:
        _not_an_answer("a transfer has one amount")
    return _require_amount(_read_decimal(amounts[0]))


def _failure_text(body: Mapping[str, Any], state: TransferState) -> str:
    if state not in states.FAILURES:
        return ""
    reasons = [str(body[name]) for name in ("errorReason", "errorDetails") if body.get(name)]
    return ": ".join(reasons) or state.lower()


def _failure_class(body: Mapping[str, Any], state: TransferState) -> str | None:
    if state not in states.FAILURES:
        return None
    if state == TransferState.DENIED:
        return TransferErrorClass.BLOCKED_DESTINATION
    return error_class(str(body.get("errorReason") or ""), otherwise=TransferErrorClass.EXECUTION)


def _read_id(body: Mapping[str, Any]) -> str:
    text = _read_text(body, "id")
    if _read_key(text) is None:
        _not_an_answer("the id is no UUID")
    return text


def _read_text(body: Mapping[str, Any], name: str) -> str:
    value = part_of(body, name)
    if not isinstance(value, str) or not value or len(value) > 100:
        _not_an_answer(f"{name} is no text")
    return value


def _read_optional(body: Mapping[str, Any], name: str, is_right: Callable[[str], object]) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not is_right(value):
        _not_an_answer(f"{name} is malformed")
    return value


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def _read_key(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


def _read_block(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _not_an_answer("blockHeight is no number")
    return value


def _read_decimal(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        _not_an_answer("an amount is no plain decimal")
    return Decimal(value)


def _require_amount(value: Decimal | None) -> Decimal:
    if value is None:
        _not_an_answer("an amount is missing")
    return value


def read_instant(value: object) -> datetime | None:
    """Read a date with a time and a zone. Raises NotAnAnswer."""
    if value is None:
        return None
    try:
        read = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        _not_an_answer("a date is no date with a time and a zone")
    return read


def _not_an_answer(why: str) -> NoReturn:
    raise NotAnAnswer(why)
