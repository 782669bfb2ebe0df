"""Endpoints of Circle's API, with authentication and idempotency."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from gigstream.simulators.circle import chain, errors
from gigstream.simulators.circle.clock import Clock, parse_instant
from gigstream.simulators.circle.custody import (
    BLOCKCHAINS,
    SET,
    TRANSACTION,
    WALLET,
    Custody,
    list_page,
    public_object,
    token_of,
)
from gigstream.simulators.circle.errors import ApiError, invalid_request, not_found
from gigstream.simulators.circle.faults import Fault, Faults
from gigstream.simulators.circle.keys import ALGORITHM, Keys, Unreadable
from gigstream.simulators.circle.notifications import SUBSCRIPTION, Notifications
from gigstream.simulators.circle.store import Body, Store
from gigstream.simulators.circle.transfers import Transfers, is_uuid4, public_transaction
from gigstream.simulators.evm import Evm, call_data

ENTITY_SECRET = "entity secret"  # noqa: S105 - the name it is kept under


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Body:
        """Return the body. Raises ApiError unless it is a JSON object."""
        try:
            read = json.loads(self.body or b"{}")
        except ValueError as error:
            raise invalid_request("the body is not JSON") from error
        if not isinstance(read, dict):
            raise invalid_request("the body is not a JSON object")
        return read


@dataclass(frozen=True)
class Answer:
    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[["Api", Request, list[str], list[Fault]], Answer]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    call: str
    handler: Handler
    # A writing call needs an idempotency key and the entity secret's ciphertext.
    writes: bool = False


ROUTES: list[Route] = []


def register_route(
    method: str, path: str, call: str, *, writes: bool = False
) -> Callable[[Handler], Handler]:
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, pattern, call, handler, writes))
        return handler

    return register


class Api:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        api_key: str,
        step: float,
        block: float,
        evm: Evm | None = None,
    ) -> None:
        self.store, self.clock, self.api_key, self.evm = store, clock, api_key, evm
        self.keys, self.faults = Keys(store), Faults()
        self.custody = Custody(store, clock)
        self.notifications = Notifications(store, clock, self.keys, self.faults)
        self.transfers = Transfers(
            store, clock, self.custody, self.notifications.notify, step=step, block=block, evm=evm
        )

    def route_of(self, request: Request) -> tuple[Route, list[str]]:
        """Return the route of a request with the parts of its path. Raises ApiError 404 or 405."""
        known = False
        for candidate in ROUTES:
            match = candidate.pattern.fullmatch(request.path)
            if match and candidate.method == request.method:
                return candidate, list(match.groups())
            known = known or match is not None
        raise ApiError(405, errors.INVALID, "not with this method") if known else not_found("resource")

    def answer(self, request: Request, found: Route, parts: list[str], fates: list[Fault]) -> Answer:
        """Handle a request in a transaction and return Circle's answer. Raises ApiError."""
        self._check_key(request)
        with self.store.transaction():
            self.transfers.advance()
            if not found.writes:
                return found.handler(self, request, parts, fates)
            return self._once(request, found, parts, fates)

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.api_key}".encode()):
            raise ApiError(401, errors.UNAUTHORIZED, "the API key is missing or not known")

    def _once(self, request: Request, found: Route, parts: list[str], fates: list[Fault]) -> Answer:
        """Handle a writing request once: a repetition returns the stored answer, another body is refused."""
        body = request.json()
        self._check_secret(body.pop("entitySecretCiphertext", None))
        key = body.pop("idempotencyKey", None)
        if not is_uuid4(key):
            raise invalid_request("idempotencyKey must be a UUID of version 4")
        written = json.dumps([request.path, body], sort_keys=True)
        before = self.store.answer(key)
        if before is not None:
            if before[0] != written:
                raise ApiError(409, errors.CONFLICT, "the idempotency key was used for another request")
            return Answer(200, before[2])
        done = found.handler(
            self, Request(request.method, request.path, body=json.dumps(body).encode()), parts, fates
        )
        self.store.remember(key, written, done.status, done.body)
        return done

    def _check_secret(self, ciphertext: object) -> None:
        secret = self.store.fact(ENTITY_SECRET)
        if not isinstance(ciphertext, str) or secret is None:
            raise ApiError(400, errors.SECRET_INVALID, "the entity secret's ciphertext is missing")
        try:
            given = self.keys.decrypt(ciphertext)
        except Unreadable as error:
            raise ApiError(400, errors.SECRET_INVALID, "the ciphertext cannot be decrypted") from error
        if not hmac.compare_digest(given, bytes.fromhex(secret)):
            raise ApiError(403, errors.SECRET_INVALID, "the entity secret is wrong")
        if not self.store.first_use(hashlib.sha256(ciphertext.encode()).hexdigest()):
            raise ApiError(403, errors.SECRET_REUSED, "the ciphertext was used before: encrypt afresh")


def _data_answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {"data": body})


def _page_answer(
    request: Request, name: str, objects: list[Body], **filters: Callable[[Body], bool]
) -> Answer:
    """Return a page of objects, with the address of the next page in the header Link."""
    page = list_page(objects, dict(request.query), filters)
    headers = {}
    if page:
        query = {**request.query, "pageAfter": page[-1]["id"]}
        query.pop("pageBefore", None)
        host = request.headers.get("host", "127.0.0.1")
        headers["Link"] = f'<http://{host}{request.path}?{urlencode(query)}>; rel="next"'
    return Answer(200, {"data": {name: [public_transaction(item) for item in page]}}, headers)


def _property_filters(request: Request, *names: str) -> dict[str, Callable[[Body], bool]]:
    """Return a filter for each of these properties that is a parameter of the query."""
    return {
        name: lambda item, name=name: str(item.get(name, "")).lower() == request.query[name].lower()  # type: ignore[misc]
        for name in names
        if name in request.query
    }


# --- The entity ---------------------------------------------------------------------------------------------
@register_route("GET", "/ping", "ping")
def answer_ping(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return Answer(200, {"message": "pong"})


@register_route("GET", "/v1/w3s/config/entity", "entity")
def show_entity(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer({"appId": str(uuid5(NAMESPACE_URL, "the simulator's entity"))})


@register_route("GET", "/v1/w3s/config/entity/publicKey", "public_key")
def show_public_key(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer({"publicKey": api.keys.entity_public_key})


@register_route("POST", "/v1/w3s/config/entity/entitySecret", "register_secret")
def register_secret(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    if api.store.fact(ENTITY_SECRET) is not None:
        raise ApiError(409, errors.SECRET_TAKEN, "the entity has a secret")
    try:
        secret = api.keys.decrypt(str(request.json().get("entitySecretCiphertext")))
    except Unreadable as error:
        raise ApiError(400, errors.SECRET_INVALID, "the ciphertext cannot be decrypted") from error
    if len(secret) != 32:
        raise ApiError(400, errors.SECRET_INVALID, "the entity secret must have 32 bytes")
    api.store.set_fact(ENTITY_SECRET, secret.hex())
    return _data_answer({"recoveryFile": ""}, 201)


# --- Wallets ------------------------------------------------------------------------------------------------
@register_route("POST", "/v1/w3s/developer/walletSets", "create_wallet_set", writes=True)
def create_wallet_set(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer(api.custody.create_set(request.json()), 201)


@register_route("GET", "/v1/w3s/walletSets", "wallet_sets")
def list_wallet_sets(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _page_answer(request, "walletSets", api.store.all(SET))


@register_route("GET", "/v1/w3s/walletSets/{id}", "wallet_set")
def show_wallet_set(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    found = api.store.get(SET, parts[0])
    if found is None:
        raise not_found("wallet set")
    return _data_answer({"walletSet": public_object(found)})


@register_route("POST", "/v1/w3s/developer/wallets", "create_wallets", writes=True)
def create_wallets(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer(api.custody.create_wallets(request.json()), 201)


@register_route("GET", "/v1/w3s/wallets", "wallets")
def list_wallets(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    filters = _property_filters(request, "address", "blockchain", "walletSetId", "refId")
    return _page_answer(request, "wallets", api.store.all(WALLET), **filters)


@register_route("GET", "/v1/w3s/wallets/{id}", "wallet")
def show_wallet(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer({"wallet": public_object(api.custody.wallet(parts[0]))})


@register_route("GET", "/v1/w3s/wallets/{id}/balances", "balances")
def show_balances(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer(api.custody.balances(parts[0]))


@register_route("GET", "/v1/w3s/tokens/{id}", "token")
def show_token(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    found = [token_of(blockchain, api.clock.now()) for blockchain in BLOCKCHAINS]
    for usdc in found:
        if usdc["id"] == parts[0]:
            return _data_answer({"token": usdc})
    raise not_found("token")


# --- Transactions -------------------------------------------------------------------------------------------
@register_route("POST", "/v1/w3s/developer/transactions/transfer", "transfer", writes=True)
def create_transfer(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    body = request.json()
    amount = _read_amount(body)
    if not body.get("walletId") and not body.get("walletAddress"):
        raise invalid_request("walletId is missing")
    made = api.transfers.create(
        body, fates, operation="TRANSFER", to=body["destinationAddress"].lower(), amount=amount
    )
    return _data_answer(made, 201)


def _read_amount(body: Body) -> int:
    """Return the amount in units. Raises ApiError unless the body has an amount of USDC and a destination."""
    amounts = body.get("amounts")
    amount = chain.parse_units(amounts[0]) if isinstance(amounts, list) and len(amounts) == 1 else None
    if not amount:
        raise invalid_request("amounts must be a single amount above 0 with at most 6 decimals, as a text")
    if not chain.is_address(body.get("destinationAddress")):
        raise invalid_request("destinationAddress is not an address")
    by_id = body.get("tokenId") in {token_of(blockchain, 0)["id"] for blockchain in BLOCKCHAINS}
    by_address = (
        str(body.get("tokenAddress", "")).lower() in ("", chain.USDC_ADDRESS)
        and body.get("blockchain") in BLOCKCHAINS
    )
    if by_id == by_address:
        raise invalid_request("name the token by tokenId, or by tokenAddress and blockchain")
    return amount


@register_route("POST", "/v1/w3s/developer/transactions/contractExecution", "execute_contract", writes=True)
def execute_contract(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    body = request.json()
    _check_contract(body)
    amount = chain.parse_units(body["amount"]) if body.get("amount") else 0
    if amount is None:
        raise invalid_request("amount is not an amount")
    made = api.transfers.create(
        body, fates, operation="CONTRACT_EXECUTION", to=body["contractAddress"].lower(), amount=amount
    )
    return _data_answer(made, 201)


def _check_contract(body: Body) -> None:
    if not chain.is_address(body.get("contractAddress")):
        raise invalid_request("contractAddress is not an address")
    if bool(body.get("abiFunctionSignature")) == bool(body.get("callData")):
        raise invalid_request("give abiFunctionSignature with abiParameters, or callData")


@register_route("POST", "/v1/w3s/developer/transactions/{id}/accelerate", "accelerate", writes=True)
def accelerate_transaction(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer(api.transfers.accelerate(parts[0]))


@register_route("POST", "/v1/w3s/developer/transactions/{id}/cancel", "cancel", writes=True)
def cancel_transaction(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer(api.transfers.cancel(parts[0]))


@register_route("POST", "/v1/w3s/transactions/transfer/estimateFee", "estimate_fee")
def estimate_fee(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    _read_amount(request.json())
    return _fee_estimate()


@register_route("POST", "/v1/w3s/transactions/contractExecution/estimateFee", "estimate_contract_fee")
def estimate_contract_fee(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    body = request.json()
    _check_contract(body)
    if api.evm is None:
        return _fee_estimate()
    return _data_answer(api.evm.estimate(body["contractAddress"], _data_of(body)))


def _data_of(body: Body) -> str:
    """Return the call of a contract that a body describes."""
    return str(body.get("callData") or call_data(body["abiFunctionSignature"], body["abiParameters"]))


@register_route("POST", "/v1/w3s/contracts/query", "query_contract")
def query_contract(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    body = request.json()
    if not chain.is_address(body.get("address")) or body.get("blockchain") not in BLOCKCHAINS:
        raise invalid_request("name the contract by address and blockchain")
    if api.evm is None:
        raise invalid_request("there is no contract at this address")
    return _data_answer({"outputValues": [], "outputData": api.evm.read(body["address"], _data_of(body))})


def _fee_estimate() -> Answer:
    return _data_answer({level.lower(): chain.fee_bid(level) for level in chain.TIPS_GWEI})


@register_route("POST", "/v1/w3s/transactions/validateAddress", "validate_address")
def validate_address(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer({"isValid": chain.is_address(request.json().get("address"))})


@register_route("GET", "/v1/w3s/transactions", "transactions")
def list_transactions(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    filters = _property_filters(
        request, "blockchain", "custodyType", "destinationAddress", "operation", "state", "txHash"
    )
    query = request.query
    try:
        if "from" in query:
            first = parse_instant(query["from"])
            filters["from"] = lambda item: parse_instant(item["createDate"]) >= int(first)
        if "to" in query:
            last = parse_instant(query["to"])
            filters["to"] = lambda item: parse_instant(item["createDate"]) <= last
    except ValueError as error:
        raise invalid_request("from and to must be dates with times") from error
    if "txType" in query:
        filters["txType"] = lambda item: item["transactionType"] == query["txType"]
    if "walletIds" in query:
        wanted = set(query["walletIds"].split(","))
        filters["walletIds"] = lambda item: item["walletId"] in wanted
    return _page_answer(request, "transactions", api.store.all(TRANSACTION), **filters)


@register_route("GET", "/v1/w3s/transactions/{id}", "transaction")
def show_transaction(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer({"transaction": public_transaction(api.transfers.get(parts[0]))})


# --- Notifications ------------------------------------------------------------------------------------------
@register_route("GET", "/v2/notifications/publicKey/{id}", "notification_key")
def show_notification_key(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    if parts[0] != api.keys.signing_key_id:
        raise not_found("key")
    return _data_answer({"id": parts[0], "algorithm": ALGORITHM, "publicKey": api.keys.signing_public_key})


@register_route("POST", "/v2/notifications/subscriptions", "subscribe")
def create_subscription(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    body = request.json()
    endpoint = str(body.get("endpoint"))
    if not endpoint.startswith(("http://", "https://")):
        raise invalid_request("endpoint must be a web address")
    return _data_answer(api.notifications.subscribe(endpoint, str(body.get("name") or "")), 201)


@register_route("GET", "/v2/notifications/subscriptions", "subscriptions")
def list_subscriptions(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data_answer(api.store.all(SUBSCRIPTION))


@register_route("DELETE", "/v2/notifications/subscriptions/{id}", "unsubscribe")
def delete_subscription(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    if not api.store.drop(SUBSCRIPTION, parts[0]):
        raise not_found("subscription")
    return Answer(204, {})
