"""Wallet sets, wallets and their money."""

from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from gigstream.circle_twin import chain, errors
from gigstream.circle_twin.clock import Clock, text
from gigstream.circle_twin.errors import ApiError, invalid, not_found
from gigstream.circle_twin.store import Body, Store

BLOCKCHAINS = ("ARC-TESTNET", "ARC")
SET, WALLET, TRANSACTION = "walletSet", "wallet", "transaction"
MOST_WALLETS = 200


def token_of(blockchain: str, now: float) -> Body:
    """USDC on the blockchain, which is its native token as well."""
    return {
        "id": str(uuid5(NAMESPACE_URL, f"usdc on {blockchain}")),
        "name": "USDC",
        "standard": "ERC20",
        "blockchain": blockchain,
        "decimals": chain.DECIMALS,
        "isNative": True,
        "symbol": "USDC",
        "tokenAddress": chain.USDC_ADDRESS,
        "createDate": text(0),
        "updateDate": text(now),
    }


def shown(body: Body) -> Body:
    """The object as a caller may see it: what the twin notes for itself stays out."""
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
            "createDate": text(now),
            "updateDate": text(now),
        }
        self._store.put(SET, made)
        return {"walletSet": shown(made)}

    def create_wallets(self, body: Body) -> Body:
        blockchains, count = body.get("blockchains"), body.get("count", 1)
        metadata = body.get("metadata") or []
        if self._store.get(SET, str(body.get("walletSetId"))) is None:
            raise not_found("wallet set")
        if not isinstance(blockchains, list) or not blockchains or set(blockchains) - set(BLOCKCHAINS):
            raise invalid(f"blockchains must be of {', '.join(BLOCKCHAINS)}")
        if not isinstance(count, int) or not 1 <= count <= MOST_WALLETS:
            raise invalid(f"count must be from 1 to {MOST_WALLETS}")
        if metadata and len(metadata) != count:
            raise invalid("metadata must have one item for each wallet")
        made = [
            self._create(body, blockchain, metadata[index] if metadata else {})
            for index in range(count)
            for blockchain in blockchains
        ]
        return {"wallets": [shown(wallet) for wallet in made]}

    def ensure(self, set_id: str, wallet_id: str) -> bool:
        """There is a wallet with this id, in a set with that id; returns whether it is new."""
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
            "address": chain.digest("address", wanted)[:42],
            "blockchain": blockchain,
            "name": metadata.get("name"),
            "refId": metadata.get("refId"),
            "createDate": text(now),
            "updateDate": text(now),
            "_units": "0",
            "_reserved": "0",
            "_nonce": 0,
        }
        self._store.put(WALLET, wallet)
        return wallet

    def wallet(self, wanted: str) -> Body:
        """Raises ApiError 404."""
        found = self._store.get(WALLET, wanted)
        if found is None:
            raise not_found("wallet")
        return found

    def at(self, address: str, blockchain: str) -> Body | None:
        """The wallet with this address."""
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
            "amount": chain.written(held, decimals=chain.DECIMALS),
            "updateDate": text(now),
        }
        return {"tokenBalances": [balance] if held else []}

    def change(self, wallet_id: str, units: int) -> None:
        """The wallet holds so much more, or less; never less than nothing."""
        wallet = self.wallet(wallet_id)
        left = int(wallet["_units"]) + units
        if left < 0:
            raise invalid("the wallet holds less than that")
        wallet["_units"] = str(left)
        self._store.put(WALLET, wallet)

    def reserve(self, wallet_id: str, units: int) -> None:
        """Open transactions may take so much more, or less, of what the wallet holds. Raises ApiError for
        more than there is."""
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


def listed(objects: list[Body], query: dict[str, str], filters: dict[str, Any]) -> list[Body]:
    """One page of the objects (oldest first) that pass the filters, newest first unless `order` says ASC.

    Raises ApiError for a page size that is not one, or a place to go on from that is not in the list.
    """
    size = query.get("pageSize", "10")
    if not size.isascii() or not size.isdigit() or not 1 <= int(size) <= 50:
        raise invalid("pageSize must be from 1 to 50")
    kept = [one for one in objects if all(test(one) for test in filters.values())]
    if query.get("order", "DESC").upper() != "ASC":
        kept.reverse()
    ids = [one["id"] for one in kept]
    after, before = query.get("pageAfter"), query.get("pageBefore")
    for place in (after, before):
        if place and place not in ids:
            raise invalid("the page begins or ends at an object that is not in the list")
    first = ids.index(after) + 1 if after else 0
    last = ids.index(before) if before else len(kept)
    page = kept[first:last]
    return page[: int(size)] if not before else page[-int(size) :]
