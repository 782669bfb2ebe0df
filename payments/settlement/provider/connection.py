"""Circle's SDK, connected as it must be: to the host of the settings, with limits, and without retries.

The SDK makes the requests and encrypts the entity secret. Its answers are read here: its models refuse
states that are newer than they are; and its start-up functions keep one host and one key for the process.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from threading import Lock
from typing import Any

from circle.web3.configurations.api.developer_account_api import DeveloperAccountApi
from circle.web3.configurations.api.webhook_subscriptions_api import WebhookSubscriptionsApi
from circle.web3.configurations.api_client import ApiClient as EntityClient
from circle.web3.configurations.configuration import Configuration as EntityConfiguration
from circle.web3.configurations.exceptions import ApiException as EntityException
from circle.web3.developer_controlled_wallets.api.transactions_api import TransactionsApi
from circle.web3.developer_controlled_wallets.api.wallet_sets_api import WalletSetsApi
from circle.web3.developer_controlled_wallets.api.wallets_api import WalletsApi
from circle.web3.developer_controlled_wallets.api_client import ApiClient
from circle.web3.developer_controlled_wallets.configuration import Configuration
from circle.web3.developer_controlled_wallets.exceptions import ApiException
from django.conf import settings

from gigstream.remote_calls.connections import CONNECT_SECONDS, BoundedPool, translated_errors
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import CallRefused, CredentialsRefused, ServiceBusy, ServiceUnavailable
from payments.settlement.provider import answers
from payments.settlement.provider.answers import NotAnAnswer
from payments.settlement.provider.protocol import TransferUnknown

LARGEST_ANSWER = 1_000_000
# Circle's numbers for an entity secret that is wrong, was sent before, or is not set.
SECRET_CODES = frozenset({"156013", "156014", "156015", "156016"})
_SECRET = re.compile(r"[0-9a-fA-F]{64}")


@dataclass
class Connection:
    """One host with one key: Circle's calls, and its public keys."""

    host: str
    api_key: str
    entity_secret: str
    seconds: float
    transactions: TransactionsApi = field(init=False)
    wallets: WalletsApi = field(init=False)
    wallet_sets: WalletSetsApi = field(init=False)
    subscriptions: WebhookSubscriptionsApi = field(init=False)
    notification_keys: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        pool = BoundedPool(seconds=self.seconds, largest=LARGEST_ANSWER)
        entity = EntityClient(EntityConfiguration(host=self.host, access_token=self.api_key))
        self._client = ApiClient(
            Configuration(host=self.host, access_token=self.api_key, entity_secret=self.entity_secret)
        )
        client: Any
        for client in (entity, self._client):
            client.rest_client.pool_manager = pool
            client.deserialize = _read_json
        self._account = DeveloperAccountApi(entity)
        self.transactions = TransactionsApi(self._client)
        self.wallets = WalletsApi(self._client)
        self.wallet_sets = WalletSetsApi(self._client)
        self.subscriptions = WebhookSubscriptionsApi(entity)

    def query_contract(self, body: dict[str, Any], **options: Any) -> Any:
        """Read a contract, with a call that the SDK for wallets does not have."""
        return self._client.call_api(
            "/v1/w3s/contracts/query",
            "POST",
            header_params={"Accept": "application/json", "Content-Type": "application/json"},
            body=body,
            response_types_map={"200": "object"},
            auth_settings=["BearerAuth"],
            _return_http_data_only=True,
            **options,
        )

    def ciphertext(self) -> str:
        """Return the entity secret, encrypted afresh. Raises CredentialsRefused for a malformed secret, and
        ServiceUnavailable when Circle's key cannot be had."""
        if not _SECRET.fullmatch(self.entity_secret):
            raise CredentialsRefused("the entity secret must be 64 hex digits")
        with self._lock:
            if self._client.configuration.public_key is None:
                body = call_circle(self._account.get_public_key)
                self._client.configuration.public_key = _part_of(body, "publicKey")
        try:
            return str(self._client.generate_entity_secret_ciphertext())
        except ValueError as error:
            raise ServiceUnavailable("Circle's key is no key", sent=False) from error

    def forget_keys(self) -> None:
        """Forget Circle's public key, so that it is fetched again: it may have been changed."""
        self._client.configuration.public_key = None


@lru_cache(maxsize=4)
def connect_to_circle(host: str, api_key: str, entity_secret: str, seconds: float) -> Connection:
    """Return the connection of this process, which keeps its sockets from call to call."""
    return Connection(host, api_key, entity_secret, seconds)


def call_circle(function: Any, *arguments: Any, **options: Any) -> Any:
    """Call Circle and return the part of its answer under `data`.

    Raises ServiceUnavailable, or a kind of it, or CallRefused; neither carries a secret.
    """
    limits = (CONNECT_SECONDS, settings.CIRCLE_READ_SECONDS)
    with _translate_errors():
        return answers.part_of(function(*arguments, _request_timeout=limits, **options), "data")


@contextmanager
def _translate_errors() -> Iterator[None]:
    with translated_errors(NotAnAnswer):
        try:
            yield
        except (ApiException, EntityException) as error:
            raise _error_for(error) from None


def _error_for(error: Any) -> Exception:
    """Return the error that a status other than 2xx means."""
    status, (code, message) = error.status, _code_and_message(error.body)
    if not status:
        return ServiceUnavailable("no secure connection", sent=False)
    text = f"{status} {code} {message}".strip()[:300]
    if status == 429:
        return ServiceBusy(text, retry_after=_retry_after(error.headers))
    if status in (401, 403) or code in SECRET_CODES:
        return CredentialsRefused(text)
    if status == 404:
        return TransferUnknown(text)
    if status == 409:
        return CallRefused(text, error_class=ErrorClass.KEY_REUSED, code=code, status=status)
    if status in (400, 422):
        kind = answers.error_class(message, otherwise=ErrorClass.INVALID_REQUEST)
        return CallRefused(text, error_class=kind, code=code, status=status)
    return ServiceUnavailable(text)


def _code_and_message(body: object) -> tuple[str, str]:
    """Return the number and the sentence of a refusal."""
    try:
        read = json.loads(body) if isinstance(body, str) else {}
    except ValueError:
        return "", ""
    if not isinstance(read, dict):
        return "", ""
    return str(read.get("code", "")), str(read.get("message", ""))[:200]


def _retry_after(headers: Any) -> int | None:
    text = str((headers or {}).get("Retry-After", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _read_json(response: Any, response_type: object) -> Any:
    """Return the answer as plain JSON, in the place of the SDK's models."""
    try:
        return json.loads(response.data, parse_float=partial(str))
    except ValueError:
        raise NotAnAnswer("it is no JSON") from None


def _part_of(body: object, name: str) -> Any:
    with _translate_errors():
        return answers.part_of(body, name)
