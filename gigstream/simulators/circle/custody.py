"""Wallet sets, wallets and their money."""

from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from gigstream.simulators.circle import chain, errors
from gigstream.simulators.circle.clock import Clock, format_instant
from gigstream.simulators.circle.errors import ApiError, invalid_request, not_found
from gigstream.simulators.circle.store import Body, Store

BLOCKCHAINS = ("ARC-TESTNET", "ARC")
SET, WALLET, TRANSACTION = "walletSet", "wallet", "transaction"
MOST_WALLETS = 200


def token_of(blockchain: str, now: float) -> Body:
    """Return USDC on a blockchain, where it is the native token."""
    return {
        "id": str(uuid5(NAMESPACE_URL, f"usdc on {blockchain}")),
        "name": "USDC",
        "standard": "ERC20",
        "blockchain": blockchain,
        "decimals": chain.DECIMALS,
        "isNative": True,
        "symbol": "USDC",
        "tokenAddress": chain.USDC_ADDRESS,
        "createDate": format_instant(0),
        "updateDate": format_instant(now),
    }


def public_object(body: Body) -> Body:
    """Return an object for a caller, without internal and empty properties."""
    return {name: value for name, value in body.items() if not name.startswith("_") and value is not None}


class Custody:
    """Wallets by id, each with its balance in units of 18 decimals."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def create_set(self, body: Body, *, wanted: str = "") -> Body:
        now = self._clock.now()
        made = {
            "id": wanted or str(uuid4()),
            "custodyType": "DEVELOPER",
            "name": body.get("name"),
            "createDate": format_instant(now),
            "updateDate": format_instant(now),
        }
        self._store.put(SET, made)
        return {"walletSet": public_object(made)}

    def create_wallets(self, body: Body) -> Body:
        blockchains, count = body.get("blockchains"), body.get("count", 1)
        metadata = body.get("metadata") or []
        if self._store.get(SET, str(body.get("walletSetId"))) is None:
            raise not_found("wallet set")
        if not isinstance(blockchains, list) or not blockchains or set(blockchains) - set(BLOCKCHAINS):
            raise invalid_request(f"blockchains must be of {', '.join(BLOCKCHAINS)}")
        if not isinstance(count, int) or not 1 <= count <= MOST_WALLETS:
            raise invalid_request(f"count must be from 1 to {MOST_WALLETS}")
        if metadata and len(metadata) != count:
            raise invalid_request("metadata must have an item for each wallet")
        made = [
            self._create(body, blockchain, metadata[index] if metadata else {})
            for index in range(count)
            for blockchain in blockchains
        ]
        return {"wallets": [public_object(wallet) for wallet in made]}

    def ensure(self, set_id: str, wallet_id: str) -> bool:
        """Create the wallet in a set with that id unless it exists; return whether it is new."""
        if self._store.get(WALLET, wallet_id) is not None:
            return False
        self.create_set({"name": "from the start"}, wanted=set_id)
        self._create({"walletSetId": set_id}, BLOCKCHAINS[0], {"name": "from the start"}, wanted=wallet_id)
        return True

    def _create(self, body: Body, blockchain: str, metadata: Body, *, wanted: str = "") -> Body:
        now, wanted = self._clock.now(), wanted or str(uuid4())
        wallet = {
            "id": wanted,
            "state": "LIVE",
            "walletSetId": body["walletSetId"],
            "custodyType": "DEVELOPER",
            "accountType": body.get("accountType") or "EOA",
            "address": chain.hex_digest("address", wanted)[:42],
            "blockchain": blockchain,
            "name": metadata.get("name"),
            "refId": metadata.get("refId"),
            "createDate": format_instant(now),
            "updateDate": format_instant(now),
            "_units": "0",
            "_reserved": "0",
            "_nonce": 0,
        }
        self._store.put(WALLET, wallet)
        return wallet

    def wallet(self, wanted: str) -> Body:
        """Return a wallet. Raises ApiError 404."""
        found = self._store.get(WALLET, wanted)
        if found is None:
            raise not_found("wallet")
        return found

    def at(self, address: str, blockchain: str) -> Body | None:
        """Return the wallet with this address, or None."""
        return next(
            (
                wallet
                for wallet in self._store.all(WALLET)
                if (wallet["address"], wallet["blockchain"]) == (address.lower(), blockchain)
            ),
            None,
        )

    def balances(self, wanted: str) -> Body:
        wallet, now = self.wallet(wanted), self._clock.now()
        held = int(wallet["_units"])
        balance = {
            "token": token_of(wallet["blockchain"], now),
            "amount": chain.format_units(held, decimals=chain.DECIMALS),
            "updateDate": format_instant(now),
        }
        return {"tokenBalances": [balance] if held else []}

    def change(self, wallet_id: str, units: int) -> None:
        """Add units to a wallet, or subtract them. Raises ApiError for a balance below 0."""
        wallet = self.wallet(wallet_id)
        left = int(wallet["_units"]) + units
        if left < 0:
            raise invalid_request("the wallet holds less than that")
        wallet["_units"] = str(left)
        self._store.put(WALLET, wallet)

    def reserve(self, wallet_id: str, units: int) -> None:
        """Reserve units for open transactions, or free them. Raises ApiError above the balance."""
        wallet = self.wallet(wallet_id)
        reserved = int(wallet["_reserved"]) + units
        if units > 0 and reserved > int(wallet["_units"]):
            raise ApiError(400, errors.INSUFFICIENT_BALANCE, "the wallet holds less than amount and fee")
        wallet["_reserved"] = str(reserved)
        self._store.put(WALLET, wallet)

    def next_nonce(self, wallet_id: str) -> int:
        wallet = self.wallet(wallet_id)
        wallet["_nonce"] += 1
        self._store.put(WALLET, wallet)
        return int(wallet["_nonce"]) - 1


def list_page(objects: list[Body], query: dict[str, str], filters: dict[str, Any]) -> list[Body]:
    """Return a page of the objects (oldest first) that pass the filters, newest first unless `order` is ASC.

    Raises ApiError for an invalid page size, or for a start or end that is not in the list.
    """
    size = query.get("pageSize", "10")
    if not size.isascii() or not size.isdigit() or not 1 <= int(size) <= 50:
        raise invalid_request("pageSize must be from 1 to 50")
    kept = [item for item in objects if all(test(item) for test in filters.values())]
    if query.get("order", "DESC").upper() != "ASC":
        kept.reverse()
    ids = [item["id"] for item in kept]
    after, before = query.get("pageAfter"), query.get("pageBefore")
    for place in (after, before):
        if place and place not in ids:
            raise invalid_request("the page begins or ends at an object that is not in the list")
    first = ids.index(after) + 1 if after else 0
    last = ids.index(before) if before else len(kept)
    page = kept[first:last]
    return page[: int(size)] if not before else page[-int(size) :]
