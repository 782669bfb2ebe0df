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
    EstimateTransferTransactionFeeRequest,
)
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings
from django.core.cache import cache

from gigstream.lib.cache import redis_away
from gigstream.lib.db import require_no_transaction
from payments.enums import ErrorClass, FeeLevel
from payments.provider import answers, units
from payments.provider.answers import NotAnAnswer
from payments.provider.connection import Connection, call, connected
from payments.provider.protocol import (
    CredentialsRefused,
    FeeEstimate,
    GasBid,
    Notification,
    NotificationRefused,
    PaymentProvider,
    ProviderRefused,
    ProviderTransfer,
    ProviderUnavailable,
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
        """A server on this machine is Circle's twin, whose money is play money."""
        return urlsplit(settings.CIRCLE_API_URL).hostname in LOOPBACK

    @property
    def _connection(self) -> Connection:
        return connected(
            settings.CIRCLE_API_URL,
            settings.CIRCLE_API_KEY,
            settings.CIRCLE_ENTITY_SECRET,
            settings.CIRCLE_READ_SECONDS,
        )

    # --- Wallets --------------------------------------------------------------------------------------------
    def create_wallet_set(self, *, key: UUID, name: str) -> str:
        """A set that wallets are made in; the same key never makes two. Returns its id, for the settings."""
        function = self._connection.wallet_sets.create_wallet_set
        made = self._write(function, CreateWalletSetRequest, key, {"name": name})
        return _read(lambda: str(answers.part(answers.part(made, "walletSet"), "id")))

    def create_wallet(self, *, key: UUID, owner: str) -> ProviderWallet:
        body = {
            "walletSetId": settings.CIRCLE_WALLET_SET_ID,
            "blockchains": [settings.CIRCLE_BLOCKCHAIN],
            "count": 1,
            "accountType": "EOA",
            "metadata": [{"name": owner, "refId": str(key)}],
        }
        made = self._write(self._connection.wallets.create_wallet, CreateWalletRequest, key, body)
        return _read(lambda: answers.wallet(_only(answers.part(made, "wallets"))))

    def find_wallet(self, *, key: UUID) -> ProviderWallet | None:
        body = self._ask(self._connection.wallets.get_wallets, ref_id=str(key), page_size=PAGE)
        found = _read(lambda: answers.part(body, "wallets"))
        return _read(lambda: answers.wallet(_only(found))) if found else None

    def wallet(self, wallet_id: str = "") -> ProviderWallet:
        body = self._ask(self._connection.wallets.get_wallet, _wallet(wallet_id))
        return _read(lambda: answers.wallet(answers.part(body, "wallet")))

    def balance(self, wallet_id: str = "") -> Decimal:
        body = self._ask(
            self._connection.wallets.list_wallet_balance,
            _wallet(wallet_id),
            token_address=settings.CIRCLE_USDC_ADDRESS,
        )
        return _read(lambda: answers.balance(body, token=settings.CIRCLE_USDC_ADDRESS))

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
            "walletId": _wallet(from_wallet),
            **_token(),
            "destinationAddress": to_wallet,
            "amounts": [_written(amount)],
            "refId": str(key),
            **_bid(fee),
        }
        function = self._connection.transactions.create_developer_transaction_transfer
        made = self._write(function, CreateTransferTransactionForDeveloperRequest, key, body)
        return _read(lambda: answers.taken(made, key=key, to_wallet=to_wallet, amount=amount))

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
            "walletId": _wallet(from_wallet),
            "contractAddress": contract,
            "abiFunctionSignature": function,
            "abiParameters": list(parameters),
            "refId": str(key),
            **_bid(fee),
        }
        execute = self._connection.transactions.create_developer_transaction_contract_execution
        made = self._write(execute, CreateContractExecutionTransactionForDeveloperRequest, key, body)
        return _read(lambda: answers.taken(made, key=key, to_wallet="", amount=Decimal(0)))

    def get(self, transfer_id: str) -> ProviderTransfer:
        body = self._ask(self._connection.transactions.get_transaction, _id(transfer_id))
        return _read(lambda: answers.transfer(answers.part(body, "transaction")))

    def find(
        self, *, key: UUID, to_wallet: str = "", since: datetime | None = None
    ) -> ProviderTransfer | None:
        """Circle cannot be asked by key, but it keeps our reference: the house wallet's transactions are gone
        through, the newest first."""
        where = {"destination_address": to_wallet} if to_wallet else {}
        found = self._pages(order="DESC", var_from=since, **where)
        return next((one for one in found if one.key == key), None)

    def transfers(self, *, since: datetime, until: datetime | None = None) -> Iterator[ProviderTransfer]:
        return self._pages(order="ASC", var_from=since, to=until)

    def _pages(self, **filters: Any) -> Iterator[ProviderTransfer]:
        last: UUID | None = None
        while True:
            body = self._ask(
                self._connection.transactions.list_transactions,
                wallet_ids=_wallet(""),
                tx_type="OUTBOUND",
                page_size=PAGE,
                page_after=last,
                **filters,
            )
            page = _read(partial(_page, body))
            yield from page
            if len(page) < PAGE:
                return
            last = UUID(page[-1].id)

    def estimate_fee(self, *, to_wallet: str, amount: Decimal, from_wallet: str = "") -> FeeEstimate:
        body = {
            "walletId": _wallet(from_wallet),
            **_token(),
            "destinationAddress": to_wallet,
            "amounts": [_written(amount)],
        }
        function = self._connection.transactions.create_transfer_estimate_fee
        told = self._ask(function, EstimateTransferTransactionFeeRequest.from_dict(body))
        return _read(lambda: answers.estimate(told))

    def accelerate(self, *, key: UUID, transfer_id: str) -> None:
        function = self._connection.transactions.create_developer_transaction_accelerate
        self._write(function, AccelerateTransactionForDeveloperRequest, key, {}, _id(transfer_id))

    def cancel(self, *, key: UUID, transfer_id: str) -> None:
        function = self._connection.transactions.create_developer_transaction_cancel
        self._write(function, CancelTransactionForDeveloperRequest, key, {}, _id(transfer_id))

    # --- Notifications --------------------------------------------------------------------------------------
    def read_notification(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        given = {name.lower(): value for name, value in headers.items()}
        self._verify(body, given.get("x-circle-key-id", ""), given.get("x-circle-signature", ""))
        try:
            return answers.notification(json.loads(body))
        except ValueError as error:
            raise NotificationRefused(f"it is signed and no notification: {error}") from error

    def _verify(self, body: bytes, key_id: str, signature: str) -> None:
        known = self._known_key(key_id)
        if known is None:
            raise ProviderUnavailable("the key that signed it is not known yet", sent=False)
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
            body = self._ask(self._connection.subscriptions.get_notification_signature, UUID(key_id))
            found = _read(lambda: _encoded_key(answers.part(body, "publicKey")))
        except TransferUnknown:
            found = NOBODYS
        except ProviderUnavailable as error:
            logger.warning("the notification key %s cannot be fetched: %s", key_id, error)
            return
        if found:
            keys[key_id] = found
        with contextlib.suppress(*redis_away()):
            cache.set(_key_name(key_id), found, KEY_KNOWN_SECONDS if found else KEY_NOBODYS_SECONDS)

    def _known_key(self, key_id: str) -> str | None:
        """Return the public key of this id as Circle writes it, NOBODYS, or None before anybody has asked."""
        try:
            UUID(key_id)
        except ValueError:
            return NOBODYS
        keys = self._connection.notification_keys
        if key_id not in keys:
            with contextlib.suppress(*redis_away()):
                known = cache.get(_key_name(key_id))
                if known:
                    keys[key_id] = known
                return known
        return keys.get(key_id)

    # --- How Circle is called -------------------------------------------------------------------------------
    def _ask(self, function: Any, *arguments: Any, **options: Any) -> Any:
        require_no_transaction()
        given = {name: value for name, value in options.items() if value is not None}
        return call(function, *arguments, **given)

    def _write(self, function: Any, model: Any, key: UUID, body: dict[str, Any], *before: Any) -> Any:
        """Circle has done what the body says, once for the key. Raises ProviderRefused when it will not."""
        require_no_transaction()
        # Circle wants the form of version 4, whatever our key was made from.
        sent = {
            **body,
            "idempotencyKey": str(UUID(bytes=key.bytes, version=4)),
            "entitySecretCiphertext": self._connection.ciphertext(),
        }
        try:
            return call(function, *before, model.from_dict(sent))
        except CredentialsRefused:
            self._connection.forget_keys()
            raise
        except TransferUnknown as error:
            if before:
                raise
            raise ProviderRefused(str(error), error_class=ErrorClass.INVALID_REQUEST, status=404) from error


def _wallet(wallet_id: str) -> str:
    return wallet_id or settings.CIRCLE_HOUSE_WALLET_ID


def _token() -> dict[str, str]:
    return {"tokenAddress": settings.CIRCLE_USDC_ADDRESS, "blockchain": settings.CIRCLE_BLOCKCHAIN}


def _written(amount: Decimal) -> str:
    """The amount as Circle reads it: plain digits, with at most 6 decimals. Raises NotExact."""
    return f"{units.of_token_units(units.token_units(amount)):f}"


def _bid(fee: FeeLevel | GasBid) -> dict[str, str]:
    if isinstance(fee, GasBid):
        return {
            "gasLimit": str(fee.gas_limit),
            "maxFee": f"{fee.max_fee:f}",
            "priorityFee": f"{fee.priority_fee:f}",
        }
    return {"feeLevel": fee.value}


def _id(transfer_id: str) -> UUID:
    """Raises TransferUnknown for what cannot be one of Circle's ids."""
    try:
        return UUID(transfer_id)
    except ValueError:
        raise TransferUnknown(f"{transfer_id!r} is no id of Circle's", sent=False) from None


def _only(found: Any) -> Any:
    if not isinstance(found, list) or len(found) != 1:
        raise NotAnAnswer("one was asked for")
    return found[0]


def _page(body: Any) -> list[ProviderTransfer]:
    found = body.get("transactions") if isinstance(body, Mapping) else None
    if found is not None and not isinstance(found, list):
        raise NotAnAnswer("transactions are a list")
    return [answers.transfer(one) for one in found or []]


def _read(read: Callable[[], Read]) -> Read:
    """What was read of an answer. Raises ProviderUnavailable for one that cannot be understood: it may well
    have been done."""
    try:
        return read()
    except NotAnAnswer as error:
        raise ProviderUnavailable(f"the answer cannot be understood: {error}") from error


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
