"""Circle's paths: what a request asks for, whether it may, and what it is answered."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from gigstream.circle_twin import chain, errors
from gigstream.circle_twin.clock import Clock, seconds
from gigstream.circle_twin.custody import (
    BLOCKCHAINS,
    SET,
    TRANSACTION,
    WALLET,
    Custody,
    listed,
    shown,
    token_of,
)
from gigstream.circle_twin.errors import ApiError, invalid, not_found
from gigstream.circle_twin.faults import Fault, Faults
from gigstream.circle_twin.keys import ALGORITHM, Keys, Unreadable
from gigstream.circle_twin.notifications import SUBSCRIPTION, Notifications
from gigstream.circle_twin.store import Body, Store
from gigstream.circle_twin.transfers import Transfers, is_uuid4, seen

ENTITY_SECRET = "entity secret"  # noqa: S105 - the name it is kept under


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Body:
        """Raises ApiError for a body that is no JSON object."""
        try:
            read = json.loads(self.body or b"{}")
        except ValueError as error:
            raise invalid("the body is no JSON") from error
        if not isinstance(read, dict):
            raise invalid("the body is no JSON object")
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
    # With an idempotency key, and the entity secret's ciphertext.
    writes: bool = False


ROUTES: list[Route] = []


def route(method: str, path: str, call: str, *, writes: bool = False) -> Callable[[Handler], Handler]:
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, pattern, call, handler, writes))
        return handler

    return register


class Api:
    def __init__(self, store: Store, clock: Clock, *, api_key: str, step: float, block: float) -> None:
        self.store, self.clock, self.api_key = store, clock, api_key
        self.keys, self.faults = Keys(store), Faults()
        self.custody = Custody(store, clock)
        self.notifications = Notifications(store, clock, self.keys, self.faults)
        self.transfers = Transfers(
            store, clock, self.custody, self.notifications.tell, step=step, block=block
        )

    def route_of(self, request: Request) -> tuple[Route, list[str]]:
        """Raises ApiError 404 or 405."""
        known = False
        for one in ROUTES:
            match = one.pattern.fullmatch(request.path)
            if match and one.method == request.method:
                return one, list(match.groups())
            known = known or match is not None
        raise ApiError(405, errors.INVALID, "not with this method") if known else not_found("resource")

    def answer(self, request: Request, found: Route, parts: list[str], fates: list[Fault]) -> Answer:
        """What Circle would answer; all of it is done, or nothing. Raises ApiError."""
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
        """The same key with the same body is answered as the first time, with another body it is refused."""
        body = request.json()
        self._check_secret(body.pop("entitySecretCiphertext", None))
        key = body.pop("idempotencyKey", None)
        if not is_uuid4(key):
            raise invalid("idempotencyKey must be a UUID of version 4")
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
            raise ApiError(403, errors.SECRET_INVALID, "the entity secret is another one")
        if not self.store.first_use(hashlib.sha256(ciphertext.encode()).hexdigest()):
            raise ApiError(403, errors.SECRET_REUSED, "the ciphertext was used before: encrypt afresh")


def _data(body: Any, status: int = 200) -> Answer:
    return Answer(status, {"data": body})


def _page(request: Request, name: str, objects: list[Body], **filters: Callable[[Body], bool]) -> Answer:
    """A page, with the address of the next one in the header Link."""
    page = listed(objects, dict(request.query), filters)
    headers = {}
    if page:
        query = {**request.query, "pageAfter": page[-1]["id"]}
        query.pop("pageBefore", None)
        host = request.headers.get("host", "127.0.0.1")
        headers["Link"] = f'<http://{host}{request.path}?{urlencode(query)}>; rel="next"'
    return Answer(200, {"data": {name: [seen(one) for one in page]}}, headers)


def _equal(request: Request, *names: str) -> dict[str, Callable[[Body], bool]]:
    """A filter for each of the query's parameters that names a property."""
    return {
        name: lambda one, name=name: str(one.get(name, "")).lower() == request.query[name].lower()  # type: ignore[misc]
        for name in names
        if name in request.query
    }


# --- The entity ---------------------------------------------------------------------------------------------
@route("GET", "/ping", "ping")
def ping(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return Answer(200, {"message": "pong"})


@route("GET", "/v1/w3s/config/entity", "entity")
def entity(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data({"appId": str(uuid5(NAMESPACE_URL, "the twin's entity"))})


@route("GET", "/v1/w3s/config/entity/publicKey", "public_key")
def public_key(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data({"publicKey": api.keys.entity_public_key})


@route("POST", "/v1/w3s/config/entity/entitySecret", "register_secret")
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
    return _data({"recoveryFile": ""}, 201)


# --- Wallets ------------------------------------------------------------------------------------------------
@route("POST", "/v1/w3s/developer/walletSets", "create_wallet_set", writes=True)
def create_wallet_set(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data(api.custody.create_set(request.json()), 201)


@route("GET", "/v1/w3s/walletSets", "wallet_sets")
def wallet_sets(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _page(request, "walletSets", api.store.all(SET))


@route("GET", "/v1/w3s/walletSets/{id}", "wallet_set")
def wallet_set(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    found = api.store.get(SET, parts[0])
    if found is None:
        raise not_found("wallet set")
    return _data({"walletSet": shown(found)})


@route("POST", "/v1/w3s/developer/wallets", "create_wallets", writes=True)
def create_wallets(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data(api.custody.create_wallets(request.json()), 201)


@route("GET", "/v1/w3s/wallets", "wallets")
def wallets(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    filters = _equal(request, "address", "blockchain", "walletSetId", "refId")
    return _page(request, "wallets", api.store.all(WALLET), **filters)


@route("GET", "/v1/w3s/wallets/{id}", "wallet")
def wallet(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data({"wallet": shown(api.custody.wallet(parts[0]))})


@route("GET", "/v1/w3s/wallets/{id}/balances", "balances")
def balances(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data(api.custody.balances(parts[0]))


@route("GET", "/v1/w3s/tokens/{id}", "token")
def token(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    found = [token_of(one, api.clock.now()) for one in BLOCKCHAINS]
    for one in found:
        if one["id"] == parts[0]:
            return _data({"token": one})
    raise not_found("token")


# --- Transactions -------------------------------------------------------------------------------------------
@route("POST", "/v1/w3s/developer/transactions/transfer", "transfer", writes=True)
def transfer(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    body = request.json()
    amount = _transferred(body)
    if not body.get("walletId") and not body.get("walletAddress"):
        raise invalid("walletId is missing")
    made = api.transfers.create(
        body, fates, operation="TRANSFER", to=body["destinationAddress"].lower(), amount=amount
    )
    return _data(made, 201)


def _transferred(body: Body) -> int:
    """The amount in units. Raises ApiError unless the body names one amount of USDC and where it goes."""
    amounts = body.get("amounts")
    amount = chain.units(amounts[0]) if isinstance(amounts, list) and len(amounts) == 1 else None
    if not amount:
        raise invalid("amounts must be one amount above 0 with at most 6 decimals, as a text")
    if not chain.is_address(body.get("destinationAddress")):
        raise invalid("destinationAddress is no address")
    by_id = body.get("tokenId") in {token_of(one, 0)["id"] for one in BLOCKCHAINS}
    by_address = (
        str(body.get("tokenAddress", "")).lower() in ("", chain.USDC_ADDRESS)
        and body.get("blockchain") in BLOCKCHAINS
    )
    if by_id == by_address:
        raise invalid("name the token by tokenId, or by tokenAddress and blockchain")
    return amount


@route("POST", "/v1/w3s/developer/transactions/contractExecution", "execute_contract", writes=True)
def execute_contract(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    body = request.json()
    _check_contract(body)
    amount = chain.units(body["amount"]) if body.get("amount") else 0
    if amount is None:
        raise invalid("amount is no amount")
    made = api.transfers.create(
        body, fates, operation="CONTRACT_EXECUTION", to=body["contractAddress"].lower(), amount=amount
    )
    return _data(made, 201)


def _check_contract(body: Body) -> None:
    if not chain.is_address(body.get("contractAddress")):
        raise invalid("contractAddress is no address")
    if bool(body.get("abiFunctionSignature")) == bool(body.get("callData")):
        raise invalid("give abiFunctionSignature with abiParameters, or callData")


@route("POST", "/v1/w3s/developer/transactions/{id}/accelerate", "accelerate", writes=True)
def accelerate(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data(api.transfers.accelerate(parts[0]))


@route("POST", "/v1/w3s/developer/transactions/{id}/cancel", "cancel", writes=True)
def cancel(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data(api.transfers.cancel(parts[0]))


@route("POST", "/v1/w3s/transactions/transfer/estimateFee", "estimate_fee")
def estimate_fee(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    _transferred(request.json())
    return _estimate()


@route("POST", "/v1/w3s/transactions/contractExecution/estimateFee", "estimate_contract_fee")
def estimate_contract_fee(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    _check_contract(request.json())
    return _estimate()


def _estimate() -> Answer:
    return _data({level.lower(): chain.bid(level) for level in chain.TIPS_GWEI})


@route("POST", "/v1/w3s/transactions/validateAddress", "validate_address")
def validate_address(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data({"isValid": chain.is_address(request.json().get("address"))})


@route("GET", "/v1/w3s/transactions", "transactions")
def transactions(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    filters = _equal(
        request, "blockchain", "custodyType", "destinationAddress", "operation", "state", "txHash"
    )
    query = request.query
    try:
        if "from" in query:
            first = seconds(query["from"])
            filters["from"] = lambda one: seconds(one["createDate"]) >= int(first)
        if "to" in query:
            last = seconds(query["to"])
            filters["to"] = lambda one: seconds(one["createDate"]) <= last
    except ValueError as error:
        raise invalid("from and to must be dates with times") from error
    if "txType" in query:
        filters["txType"] = lambda one: one["transactionType"] == query["txType"]
    if "walletIds" in query:
        wanted = set(query["walletIds"].split(","))
        filters["walletIds"] = lambda one: one["walletId"] in wanted
    return _page(request, "transactions", api.store.all(TRANSACTION), **filters)


@route("GET", "/v1/w3s/transactions/{id}", "transaction")
def transaction(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data({"transaction": seen(api.transfers.get(parts[0]))})


# --- Notifications ------------------------------------------------------------------------------------------
@route("GET", "/v2/notifications/publicKey/{id}", "notification_key")
def notification_key(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    if parts[0] != api.keys.signing_key_id:
        raise not_found("key")
    return _data({"id": parts[0], "algorithm": ALGORITHM, "publicKey": api.keys.signing_public_key})


@route("POST", "/v2/notifications/subscriptions", "subscribe")
def subscribe(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    body = request.json()
    endpoint = str(body.get("endpoint"))
    if not endpoint.startswith(("http://", "https://")):
        raise invalid("endpoint must be a web address")
    return _data(api.notifications.subscribe(endpoint, str(body.get("name") or "")), 201)


@route("GET", "/v2/notifications/subscriptions", "subscriptions")
def subscriptions(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    return _data(api.store.all(SUBSCRIPTION))


@route("DELETE", "/v2/notifications/subscriptions/{id}", "unsubscribe")
def unsubscribe(api: Api, request: Request, parts: list[str], fates: list[Fault]) -> Answer:
    if not api.store.drop(SUBSCRIPTION, parts[0]):
        raise not_found("subscription")
    return Answer(204, {})
