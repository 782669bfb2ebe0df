"""Circle's answers, read strictly: what is not as it should be is no answer at all."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from django.utils.dateparse import parse_datetime

from payments.enums import ErrorClass, FeeLevel, TransferState
from payments.provider import states, units
from payments.provider.protocol import FeeEstimate, GasBid, Notification, ProviderTransfer, ProviderWallet

SECRETS = frozenset({"entitySecretCiphertext", "walletId", "userId", "authorization", "apiKey"})
_AMOUNT = re.compile(r"\d{1,24}(\.\d{1,18})?", re.ASCII)
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
# Looked for in this order, in reasons of failed transactions and in messages of refused requests.
_WORDS = (
    ("nonce", ErrorClass.NONCE),
    ("blocklist", ErrorClass.BLOCKED_DESTINATION),
    ("blacklist", ErrorClass.BLOCKED_DESTINATION),
    ("blocked", ErrorClass.BLOCKED_DESTINATION),
    ("denied", ErrorClass.BLOCKED_DESTINATION),
    ("screening", ErrorClass.BLOCKED_DESTINATION),
    ("sanction", ErrorClass.BLOCKED_DESTINATION),
    ("native_token", ErrorClass.GAS),
    ("insufficient", ErrorClass.INSUFFICIENT_FUNDS),
    ("holds less", ErrorClass.INSUFFICIENT_FUNDS),
    ("gas", ErrorClass.GAS),
    ("fee", ErrorClass.GAS),
)


class NotAnAnswer(ValueError):
    """The answer cannot be understood."""


def part(body: object, name: str) -> Any:
    """What the answer holds under the name."""
    if not isinstance(body, Mapping) or name not in body:
        _not_an_answer(f"there is no {name}")
    return body[name]


def redacted(body: Any) -> Any:
    """The answer without what a log must not hold."""
    if isinstance(body, Mapping):
        return {name: redacted(value) for name, value in body.items() if name not in SECRETS}
    if isinstance(body, list):
        return [redacted(one) for one in body]
    return body


def error_class(words: str, *, otherwise: ErrorClass) -> ErrorClass:
    """The class that a reason or a message speaks of."""
    lower = words.lower()
    return next((kind for word, kind in _WORDS if word in lower), otherwise)


def transfer(body: object) -> ProviderTransfer:
    """A transaction as Circle shows it. Raises NotAnAnswer."""
    if not isinstance(body, Mapping):
        _not_an_answer("a transaction is an object")
    raw_state = _text(body, "state")
    state = states.read(raw_state)
    fee = body.get("estimatedFee")
    return ProviderTransfer(
        id=_id(body),
        state=state,
        to_wallet=(_optional(body, "destinationAddress", _is_address) or "").lower(),
        amount=_amount_of(body),
        key=_key(body.get("refId")),
        raw_state=raw_state,
        tx_hash=_optional(body, "txHash", _HASH.fullmatch),
        block_number=_block(body.get("blockHeight")),
        network_fee=_decimal(body.get("networkFee")),
        gas_price=_decimal((fee.get("maxFee") or fee.get("gasPrice")) if isinstance(fee, Mapping) else None),
        failure=_failure(body, state),
        error_class=_failure_class(body, state),
        created_at=instant(body.get("createDate")),
        raw=redacted(body),
    )


def taken(body: object, *, key: UUID, to_wallet: str, amount: Decimal) -> ProviderTransfer:
    """A transaction that was just taken: the answer has its id and its state. Raises NotAnAnswer."""
    if not isinstance(body, Mapping):
        _not_an_answer("a transaction is an object")
    raw_state = _text(body, "state")
    return ProviderTransfer(
        id=_id(body),
        state=states.read(raw_state),
        to_wallet=to_wallet,
        amount=amount,
        key=key,
        raw_state=raw_state,
        raw=redacted(body),
    )


def wallet(body: object) -> ProviderWallet:
    """Raises NotAnAnswer."""
    if not isinstance(body, Mapping):
        _not_an_answer("a wallet is an object")
    address = _optional(body, "address", _is_address)
    if address is None:
        _not_an_answer("the wallet has no address")
    return ProviderWallet(id=_id(body), address=address.lower(), owner=str(body.get("name") or ""))


def balance(body: object, *, token: str) -> Decimal:
    """What the wallet holds of the token; nothing of a token that is not in the list. Raises NotAnAnswer."""
    held = part(body, "tokenBalances") if body else []
    if not isinstance(held, list):
        _not_an_answer("balances are a list")
    for one in held:
        kind = part(one, "token")
        if not isinstance(kind, Mapping):
            _not_an_answer("a token is an object")
        # The native balance is the same money, and has no address of a contract.
        address = kind.get("tokenAddress") or (token if kind.get("isNative") else "")
        if str(address).lower() == token.lower():
            return units.token_view(_required(_decimal(part(one, "amount"))))
    return Decimal(0)


def estimate(body: object) -> FeeEstimate:
    """Raises NotAnAnswer."""
    bids: dict[FeeLevel, GasBid] = {}
    costs: dict[FeeLevel, Decimal] = {}
    for level in FeeLevel:
        one = part(body, level.lower())
        bids[level] = GasBid(
            gas_limit=int(_required(_decimal(part(one, "gasLimit")))),
            max_fee=_required(_decimal(part(one, "maxFee"))),
            priority_fee=_required(_decimal(part(one, "priorityFee"))),
        )
        told = _decimal(one.get("networkFee"))
        costs[level] = units.gas_cost(bids[level].gas_limit, bids[level].max_fee) if told is None else told
    return FeeEstimate(bids=bids, costs=costs)


def notification(body: object) -> Notification:
    """Raises ValueError."""
    told = part(body, "notification")
    raw_state = _text(told, "state")
    return Notification(
        id=_id({"id": part(body, "notificationId")}),
        kind=str(part(body, "notificationType")),
        transfer_id=_id(told),
        state=states.read(raw_state),
        raw_state=raw_state,
        sent_at=instant(part(body, "timestamp")),
        raw=redacted(body),
    )


def _amount_of(body: Mapping[str, Any]) -> Decimal:
    amounts = body.get("amounts") or ["0"]
    if not isinstance(amounts, list) or len(amounts) != 1:
        _not_an_answer("a transfer has one amount")
    return _required(_decimal(amounts[0]))


def _failure(body: Mapping[str, Any], state: TransferState) -> str:
    if state not in states.FAILURES:
        return ""
    told = [str(body[name]) for name in ("errorReason", "errorDetails") if body.get(name)]
    return ": ".join(told) or state.lower()


def _failure_class(body: Mapping[str, Any], state: TransferState) -> ErrorClass | None:
    if state not in states.FAILURES:
        return None
    if state == TransferState.DENIED:
        return ErrorClass.BLOCKED_DESTINATION
    return error_class(str(body.get("errorReason") or ""), otherwise=ErrorClass.EXECUTION)


def _id(body: Mapping[str, Any]) -> str:
    text = _text(body, "id")
    if _key(text) is None:
        _not_an_answer("the id is no UUID")
    return text


def _text(body: Mapping[str, Any], name: str) -> str:
    value = part(body, name)
    if not isinstance(value, str) or not value or len(value) > 100:
        _not_an_answer(f"{name} is no text")
    return value


def _optional(body: Mapping[str, Any], name: str, is_right: Callable[[str], object]) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not is_right(value):
        _not_an_answer(f"{name} is not what it should be")
    return value


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def _key(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


def _block(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _not_an_answer("blockHeight is no number")
    return value


def _decimal(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        _not_an_answer("an amount is no plain decimal")
    return Decimal(value)


def _required(value: Decimal | None) -> Decimal:
    if value is None:
        _not_an_answer("an amount is missing")
    return value


def instant(value: object) -> datetime | None:
    """Raises NotAnAnswer."""
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
