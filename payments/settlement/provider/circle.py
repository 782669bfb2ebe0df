"""USDC through Circle's developer-controlled wallets.

Imported only when it is used: Circle's SDK takes most of a second to load.
"""

import base64
import contextlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from circle.web3.developer_controlled_wallets.models import (
    AccelerateTransactionForDeveloperRequest,
    CancelTransactionForDeveloperRequest,
    CreateContractExecutionTransactionForDeveloperRequest,
    CreateTransferTransactionForDeveloperRequest,
    CreateWalletRequest,
    CreateWalletSetRequest,
    EstimateContractExecutionTransactionFeeRequest,
    EstimateTransferTransactionFeeRequest,
)
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings
from django.core.cache import cache

from gigstream.core.postgres.transactions import require_no_transaction
from gigstream.network.redis_cache import redis_errors
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import CallRefused, CredentialsRefused, ServiceUnavailable
from payments.settlement.provider import answers, units
from payments.settlement.provider.answers import NotAnAnswer
from payments.settlement.provider.connection import Connection, call_circle, connect_to_circle
from payments.settlement.provider.enums import FeeLevel
from payments.settlement.provider.protocol import (
    FeeEstimate,
    GasBid,
    Notification,
    NotificationRefused,
    PaymentProvider,
    ProviderTransfer,
    ProviderWallet,
    TransferUnknown,
)

logger = logging.getLogger(__name__)

PAGE = 50
# A key id that is not Circle's, and how long that and a key are remembered.
NOBODYS = ""
KEY_NOBODYS_SECONDS, KEY_KNOWN_SECONDS = 86_400, 30 * 86_400
Read = TypeVar("Read")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class CircleProvider(PaymentProvider):
    """Every write carries a key that follows from ours, and the entity secret encrypted for it alone."""

    name = "circle"

    @property
    def simulated(self) -> bool:
        """Whether a server on this machine stands in for Circle: a simulator, whose money is play money."""
        return urlsplit(settings.CIRCLE_API_URL).hostname in LOOPBACK

    @property
    def _connection(self) -> Connection:
        return connect_to_circle(
            settings.CIRCLE_API_URL,
            settings.CIRCLE_API_KEY,
            settings.CIRCLE_ENTITY_SECRET,
            settings.CIRCLE_READ_SECONDS,
        )

    # --- Wallets --------------------------------------------------------------------------------------------
    def create_wallet_set(self, *, key: UUID, name: str) -> str:
        """Make a set that wallets are made in, and return its id, for the settings; the same key never makes
        two."""
        function = self._connection.wallet_sets.create_wallet_set
        made = self._write(function, CreateWalletSetRequest, key, {"name": name})
        return _read_answer(lambda: str(answers.part_of(answers.part_of(made, "walletSet"), "id")))

    def create_wallet(self, *, key: UUID, owner: str) -> ProviderWallet:
        body = {
            "walletSetId": settings.CIRCLE_WALLET_SET_ID,
            "blockchains": [settings.CIRCLE_BLOCKCHAIN],
            "count": 1,
            "accountType": "EOA",
            "metadata": [{"name": owner, "refId": str(key)}],
        }
        made = self._write(self._connection.wallets.create_wallet, CreateWalletRequest, key, body)
        return _read_answer(lambda: answers.read_wallet(_single(answers.part_of(made, "wallets"))))

    def find_wallet(self, *, key: UUID) -> ProviderWallet | None:
        body = self._call(self._connection.wallets.get_wallets, ref_id=str(key), page_size=PAGE)
        found = _read_answer(lambda: answers.part_of(body, "wallets"))
        return _read_answer(lambda: answers.read_wallet(_single(found))) if found else None

    def wallet(self, wallet_id: str = "") -> ProviderWallet:
        body = self._call(self._connection.wallets.get_wallet, _wallet_or_house(wallet_id))
        return _read_answer(lambda: answers.read_wallet(answers.part_of(body, "wallet")))

    def balance(self, wallet_id: str = "") -> Decimal:
        body = self._call(
            self._connection.wallets.list_wallet_balance,
            _wallet_or_house(wallet_id),
            token_address=settings.CIRCLE_USDC_ADDRESS,
        )
        return _read_answer(lambda: answers.read_balance(body, token=settings.CIRCLE_USDC_ADDRESS))

    # --- Transfers ------------------------------------------------------------------------------------------
    def transfer(
        self,
        *,
        key: UUID,
        to_wallet: str,
        amount: Decimal,
        from_wallet: str = "",
        fee: FeeLevel | GasBid = FeeLevel.MEDIUM,
    ) -> ProviderTransfer:
        body = {
            "walletId": _wallet_or_house(from_wallet),
            **_token_fields(),
            "destinationAddress": to_wallet,
            "amounts": [_amount_text(amount)],
            "refId": str(key),
            **_bid_fields(fee),
        }
        function = self._connection.transactions.create_developer_transaction_transfer
        made = self._write(function, CreateTransferTransactionForDeveloperRequest, key, body)
        return _read_answer(
            lambda: answers.read_new_transfer(made, key=key, to_wallet=to_wallet, amount=amount)
        )

    def execute_contract(
        self,
        *,
        key: UUID,
        contract: str,
        function: str,
        parameters: Sequence[Any],
        from_wallet: str = "",
        fee: FeeLevel | GasBid = FeeLevel.MEDIUM,
    ) -> ProviderTransfer:
        body = {
            "walletId": _wallet_or_house(from_wallet),
            "contractAddress": contract,
            "abiFunctionSignature": function,
            "abiParameters": list(parameters),
            "refId": str(key),
            **_bid_fields(fee),
        }
        execute = self._connection.transactions.create_developer_transaction_contract_execution
        made = self._write(execute, CreateContractExecutionTransactionForDeveloperRequest, key, body)
        return _read_answer(lambda: answers.read_new_transfer(made, key=key, to_wallet="", amount=Decimal(0)))

    def estimate_contract(
        self, *, contract: str, function: str, parameters: Sequence[Any], from_wallet: str = ""
    ) -> FeeEstimate:
        body = {
            "walletId": _wallet_or_house(from_wallet),
            "contractAddress": contract,
            "abiFunctionSignature": function,
            "abiParameters": list(parameters),
        }
        estimate = self._connection.transactions.create_transaction_estimate_fee
        answer = self._call(estimate, EstimateContractExecutionTransactionFeeRequest.from_dict(body))
        return _read_answer(lambda: answers.read_estimate(answer))

    def read_contract(self, *, contract: str, data: str) -> str:
        body = {"address": contract, "blockchain": settings.CIRCLE_BLOCKCHAIN, "callData": data}
        answer = self._call(self._connection.query_contract, body)
        return _read_answer(lambda: answers.read_data(answers.part_of(answer, "outputData")))

    def get(self, transfer_id: str) -> ProviderTransfer:
        body = self._call(self._connection.transactions.get_transaction, _to_uuid(transfer_id))
        return _read_answer(lambda: answers.read_transfer(answers.part_of(body, "transaction")))

    def find(
        self, *, key: UUID, to_wallet: str = "", since: datetime | None = None
    ) -> ProviderTransfer | None:
        """Look through the house wallet's transactions, the newest first: Circle finds none by key, but keeps
        our reference."""
        where = {"destination_address": to_wallet} if to_wallet else {}
        found = self._pages(order="DESC", var_from=since, **where)
        return next((one for one in found if one.key == key), None)

    def transfers(self, *, since: datetime, until: datetime | None = None) -> Iterator[ProviderTransfer]:
        return self._pages(order="ASC", var_from=since, to=until)

    def _pages(self, **filters: Any) -> Iterator[ProviderTransfer]:
        last: UUID | None = None
        while True:
            body = self._call(
                self._connection.transactions.list_transactions,
                wallet_ids=_wallet_or_house(""),
                tx_type="OUTBOUND",
                page_size=PAGE,
                page_after=last,
                **filters,
            )
            page = _read_answer(partial(_transfers_of, body))
            yield from page
            if len(page) < PAGE:
                return
            last = UUID(page[-1].id)

    def estimate_fee(self, *, to_wallet: str, amount: Decimal, from_wallet: str = "") -> FeeEstimate:
        body = {
            "walletId": _wallet_or_house(from_wallet),
            **_token_fields(),
            "destinationAddress": to_wallet,
            "amounts": [_amount_text(amount)],
        }
        function = self._connection.transactions.create_transfer_estimate_fee
        answer = self._call(function, EstimateTransferTransactionFeeRequest.from_dict(body))
        return _read_answer(lambda: answers.read_estimate(answer))

    def accelerate(self, *, key: UUID, transfer_id: str, bid: GasBid | None = None) -> None:
        """Have Circle offer the transaction at a higher price, which Circle chooses."""
        function = self._connection.transactions.create_developer_transaction_accelerate
        self._write(function, AccelerateTransactionForDeveloperRequest, key, {}, _to_uuid(transfer_id))

    def cancel(self, *, key: UUID, transfer_id: str) -> None:
        function = self._connection.transactions.create_developer_transaction_cancel
        self._write(function, CancelTransactionForDeveloperRequest, key, {}, _to_uuid(transfer_id))

    # --- Notifications --------------------------------------------------------------------------------------
    def read_notification(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        given = {name.lower(): value for name, value in headers.items()}
        self._verify(body, given.get("x-circle-key-id", ""), given.get("x-circle-signature", ""))
        try:
            return answers.read_notification(json.loads(body))
        except ValueError as error:
            raise NotificationRefused(f"it is signed and no notification: {error}") from error

    def _verify(self, body: bytes, key_id: str, signature: str) -> None:
        known = self._known_key(key_id)
        if known is None:
            raise ServiceUnavailable("the key that signed it is not known yet", sent=False)
        if not known:
            raise NotificationRefused("the key is not Circle's")
        try:
            public = _public_key(known)
            public.verify(base64.b64decode(signature, validate=True), body, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError) as error:
            raise NotificationRefused("the signature is not Circle's") from error

    def knows_notification_key(self, key_id: str) -> bool:
        return self._known_key(key_id) is not None

    def learn_notification_key(self, key_id: str) -> None:
        keys = self._connection.notification_keys
        try:
            body = self._call(self._connection.subscriptions.get_notification_signature, UUID(key_id))
            found = _read_answer(lambda: _encoded_key(answers.part_of(body, "publicKey")))
        except TransferUnknown:
            found = NOBODYS
        except ServiceUnavailable as error:
            logger.warning("the notification key %s cannot be fetched: %s", key_id, error)
            return
        if found:
            keys[key_id] = found
        with contextlib.suppress(*redis_errors()):
            cache.set(_key_name(key_id), found, KEY_KNOWN_SECONDS if found else KEY_NOBODYS_SECONDS)

    def _known_key(self, key_id: str) -> str | None:
        """Return the public key of this id as Circle writes it, NOBODYS, or None before it was fetched."""
        try:
            UUID(key_id)
        except ValueError:
            return NOBODYS
        keys = self._connection.notification_keys
        if key_id not in keys:
            with contextlib.suppress(*redis_errors()):
                known = cache.get(_key_name(key_id))
                if known:
                    keys[key_id] = known
                return known
        return keys.get(key_id)

    # --- How Circle is called -------------------------------------------------------------------------------
    def _call(self, function: Any, *arguments: Any, **options: Any) -> Any:
        require_no_transaction()
        given = {name: value for name, value in options.items() if value is not None}
        return call_circle(function, *arguments, **given)

    def _write(self, function: Any, model: Any, key: UUID, body: dict[str, Any], *before: Any) -> Any:
        """Have Circle do what the body says, once for the key. Raises CallRefused when it will not."""
        require_no_transaction()
        # Circle wants the form of version 4, which our keys do not have.
        sent = {
            **body,
            "idempotencyKey": str(UUID(bytes=key.bytes, version=4)),
            "entitySecretCiphertext": self._connection.ciphertext(),
        }
        try:
            return call_circle(function, *before, model.from_dict(sent))
        except CredentialsRefused:
            self._connection.forget_keys()
            raise
        except TransferUnknown as error:
            if before:
                raise
            raise CallRefused(str(error), error_class=ErrorClass.INVALID_REQUEST, status=404) from error


def _wallet_or_house(wallet_id: str) -> str:
    return wallet_id or settings.CIRCLE_HOUSE_WALLET_ID


def _token_fields() -> dict[str, str]:
    return {"tokenAddress": settings.CIRCLE_USDC_ADDRESS, "blockchain": settings.CIRCLE_BLOCKCHAIN}


def _amount_text(amount: Decimal) -> str:
    """Return the amount as Circle reads it: plain digits, with at most 6 decimals. Raises NotExact."""
    return f"{units.of_token_units(units.token_units(amount)):f}"


def _bid_fields(fee: FeeLevel | GasBid) -> dict[str, str]:
    if isinstance(fee, GasBid):
        return {
            "gasLimit": str(fee.gas_limit),
            "maxFee": f"{fee.max_fee:f}",
            "priorityFee": f"{fee.priority_fee:f}",
        }
    return {"feeLevel": fee.value}


def _to_uuid(transfer_id: str) -> UUID:
    """Return the id as a UUID. Raises TransferUnknown for a text that cannot be an id of Circle's."""
    try:
        return UUID(transfer_id)
    except ValueError:
        raise TransferUnknown(f"{transfer_id!r} is no id of Circle's", sent=False) from None


def _single(found: Any) -> Any:
    if not isinstance(found, list) or len(found) != 1:
        raise NotAnAnswer("it is not exactly one")
    return found[0]


def _transfers_of(body: Any) -> list[ProviderTransfer]:
    found = body.get("transactions") if isinstance(body, Mapping) else None
    if found is not None and not isinstance(found, list):
        raise NotAnAnswer("transactions are a list")
    return [answers.read_transfer(one) for one in found or []]


def _read_answer(read: Callable[[], Read]) -> Read:
    """Return the result of reading an answer. Raises ServiceUnavailable for an answer that cannot be
    understood: the call may well have had its effect."""
    try:
        return read()
    except NotAnAnswer as error:
        raise ServiceUnavailable(f"the answer cannot be understood: {error}") from error


def _key_name(key_id: str) -> str:
    return f"circle:notification_key:{UUID(key_id)}"


def _encoded_key(text: object) -> str:
    """Return the key as Circle writes it, once it could be read."""
    _public_key(text)
    return str(text)


def _public_key(text: object) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(str(text)))
    except ValueError as error:
        raise NotAnAnswer("the key is no key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise NotAnAnswer("the key is of another kind")
    return key
