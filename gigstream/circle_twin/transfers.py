"""Transfers and contract calls, from their first word to their last state.

A transaction carries a plan, the states that it is still to come to, one each step. Its fate is laid down in
the plan when it is made; only accelerating and cancelling write it anew.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from gigstream.circle_twin import chain, errors
from gigstream.circle_twin.clock import Clock, text
from gigstream.circle_twin.custody import TRANSACTION, Custody, token_of
from gigstream.circle_twin.errors import ApiError, invalid, not_found
from gigstream.circle_twin.faults import Fault
from gigstream.circle_twin.store import Body, Store

TERMINAL = ("COMPLETE", "FAILED", "CANCELLED", "DENIED")
MAY_ACCELERATE = ("SENT", "STUCK")
MAY_CANCEL = ("INITIATED", "QUEUED", "SENT", "STUCK")
USUAL = ("QUEUED", "CLEARED", "SENT", "CONFIRMED", "COMPLETE")
# What each fate puts in the place of the usual way.
WAYS: dict[str, tuple[str, ...]] = {
    "stuck": ("QUEUED", "CLEARED", "SENT", "STUCK"),
    "denied": ("PENDING_RISK_SCREENING", "DENIED"),
    "failed": ("QUEUED", "FAILED"),
    "no_gas": ("QUEUED", "FAILED"),
    "reverted": ("QUEUED", "CLEARED", "SENT", "FAILED"),
    "screened": ("PENDING_RISK_SCREENING", "CLEARED", "QUEUED", "SENT", "CONFIRMED", "COMPLETE"),
    "skips_confirmed": ("QUEUED", "CLEARED", "SENT", "COMPLETE"),
    "unheard_of": ("QUEUED", "WARMING_UP", "SENT", "CONFIRMED", "COMPLETE"),
}
REASONS = {
    "failed": ("ESTIMATION_ERROR", "the call would fail"),
    "no_gas": ("INSUFFICIENT_NATIVE_TOKEN", "the wallet cannot pay the fee"),
    "reverted": ("FAILED_ON_CHAIN", "execution reverted"),
    "denied": ("DENIED_BY_RISK_SCREENING", "the address is on a list"),
}
Tell = Callable[[Body], None]


class Transfers:
    def __init__(
        self, store: Store, clock: Clock, custody: Custody, tell: Tell, *, step: float, block: float
    ) -> None:
        self._store, self._clock, self._custody, self._tell = store, clock, custody, tell
        self.step, self.block = step, block

    def get(self, wanted: str) -> Body:
        """Raises ApiError 404."""
        found = self._store.get(TRANSACTION, wanted)
        if found is None:
            raise not_found("transaction")
        return found

    def create(self, body: Body, fates: list[Fault], *, operation: str, to: str, amount: int) -> Body:
        """The transaction is taken. Raises ApiError for a wallet that cannot pay it."""
        wallet = self._source(body)
        fee = _bid(body)
        reserved = amount + chain.fee_of(chain.GAS_LIMIT, Decimal(fee["maxFee"]))
        self._custody.reserve(wallet["id"], reserved)
        now, fate = self._clock.now(), next((one.fate for one in fates if one.fate), "")
        made = {
            "id": str(uuid4()),
            "state": "INITIATED",
            "blockchain": wallet["blockchain"],
            "walletId": wallet["id"],
            "sourceAddress": wallet["address"],
            "destinationAddress": to if operation == "TRANSFER" else None,
            "contractAddress": None if operation == "TRANSFER" else to,
            "transactionType": "OUTBOUND",
            "custodyType": "DEVELOPER",
            "operation": operation,
            "amounts": [chain.written(amount, decimals=chain.DECIMALS)],
            "tokenId": token_of(wallet["blockchain"], now)["id"],
            "refId": body.get("refId"),
            "feeLevel": body.get("feeLevel"),
            "abiFunctionSignature": body.get("abiFunctionSignature"),
            "abiParameters": body.get("abiParameters"),
            "estimatedFee": fee,
            "createDate": text(now),
            "updateDate": text(now),
            "_units": str(amount),
            "_reserved": str(reserved),
            "_fate": fate,
            "_at": now,
            "_plan": list(WAYS.get(fate, USUAL)),
            "_attempt": 0,
        }
        self._keep(made)
        self._tell(made)
        return {"id": made["id"], "state": made["state"]}

    def _source(self, body: Body) -> Body:
        if body.get("walletId"):
            return self._custody.wallet(str(body["walletId"]))
        wallet = self._custody.at(str(body.get("walletAddress")), str(body.get("blockchain")))
        if wallet is None:
            raise not_found("wallet")
        return wallet

    def receive(self, wallet: Body, amount: int, source: str) -> Body:
        """Money has come to the wallet from outside, and is there for good."""
        now = self._clock.now()
        height = chain.head(now, self.block)
        made = {
            "id": str(uuid4()),
            "state": "COMPLETE",
            "blockchain": wallet["blockchain"],
            "walletId": wallet["id"],
            "sourceAddress": source,
            "destinationAddress": wallet["address"],
            "transactionType": "INBOUND",
            "custodyType": "DEVELOPER",
            "operation": "TRANSFER",
            "amounts": [chain.written(amount, decimals=chain.DECIMALS)],
            "tokenId": token_of(wallet["blockchain"], now)["id"],
            "blockHeight": height,
            "blockHash": chain.digest("block", height),
            "createDate": text(now),
            "updateDate": text(now),
        }
        made["txHash"] = chain.digest("tx", made["id"])
        self._custody.change(wallet["id"], amount)
        self._store.put(TRANSACTION, made)
        self._tell(made)
        return made

    def accelerate(self, wanted: str) -> Body:
        """Offered to the chain again for a higher fee, and taken with the next block."""
        one = self._in_state(wanted, MAY_ACCELERATE, "accelerated")
        fee = one["estimatedFee"]
        fee["maxFee"] = str(Decimal(fee["maxFee"]) * Decimal("1.1"))
        fee["priorityFee"] = str(Decimal(fee["priorityFee"]) * Decimal("1.1"))
        one.update(_attempt=one["_attempt"] + 1, _plan=["CONFIRMED", "COMPLETE"])
        self._come_to(one, "SENT", self._clock.now())
        return {"id": one["id"]}

    def cancel(self, wanted: str) -> Body:
        """Dropped, at once if the chain has not seen it; else by another transaction in its place."""
        one = self._in_state(wanted, MAY_CANCEL, "cancelled")
        if one["_fate"] == "mined_anyway":
            one["_plan"] = ["CONFIRMED", "COMPLETE"]
        elif one["state"] in MAY_ACCELERATE:
            one["_plan"] = ["CANCELLED"]
        else:
            self._come_to(one, "CANCELLED", self._clock.now())
        one["_at"] = self._clock.now()
        self._keep(one)
        return {"id": one["id"], "state": one["state"]}

    def _in_state(self, wanted: str, allowed: tuple[str, ...], what: str) -> Body:
        one = self.get(wanted)
        if one["state"] not in allowed or one["transactionType"] != "OUTBOUND":
            raise ApiError(
                400, errors.NOT_IN_THIS_STATE, f"a transaction in state {one['state']} cannot be {what}"
            )
        return one

    def advance(self) -> int:
        """Every open transaction has come as far as it should by now; returns how many steps were taken."""
        now, steps = self._clock.now(), 0
        for one in self._store.due(TRANSACTION, by=now - self.step):
            while one["_plan"] and one["_at"] + self.step <= now:
                self._come_to(one, one["_plan"].pop(0), one["_at"] + self.step)
                steps += 1
        return steps

    def _come_to(self, one: Body, state: str, at: float) -> None:
        one.update(state=state, updateDate=text(at), _at=at)
        if state == "SENT":
            one["txHash"] = chain.digest("tx", one["id"], one["_attempt"])
            if "_nonce" not in one:
                one["_nonce"] = self._custody.next_nonce(one["walletId"])
        if state in ("CONFIRMED", "COMPLETE") and "blockHeight" not in one:
            self._mine(one, at, moved=int(one["_units"]))
        if state == "CANCELLED" and "txHash" in one:
            self._mine(one, at, moved=0)
        if state in ("FAILED", "DENIED"):
            one["errorReason"], one["errorDetails"] = REASONS[one["_fate"]]
            if "txHash" in one:
                self._mine(one, at, moved=0)
        if state in TERMINAL:
            one["_plan"] = []
        self._keep(one)
        self._tell(one)

    def _mine(self, one: Body, at: float, *, moved: int) -> None:
        """A block holds the transaction: the fee is paid, and what it moves has moved."""
        height = chain.head(at, self.block) + 1
        price = min(
            chain.BASE_FEE_GWEI + Decimal(one["estimatedFee"]["priorityFee"]),
            Decimal(one["estimatedFee"]["maxFee"]),
        )
        fee = chain.fee_of(chain.GAS_USED, price)
        one.update(
            blockHeight=height,
            blockHash=chain.digest("block", height),
            firstConfirmDate=text(at),
            networkFee=chain.written(fee),
            networkFeeInUSD=chain.written(fee, decimals=6),
        )
        self._custody.change(one["walletId"], -moved - fee)
        receiver = self._custody.at(one.get("destinationAddress") or "", one["blockchain"])
        if moved and receiver is not None:
            self._custody.change(receiver["id"], moved)

    def _keep(self, one: Body) -> None:
        if one["state"] in TERMINAL and "_reserved" in one:
            self._custody.reserve(one["walletId"], -int(one.pop("_reserved")))
        self._store.put(TRANSACTION, one, due=one["_at"] if one["_plan"] else None)


def seen(one: Body) -> Body:
    """The transaction as a caller reads it, lies included."""
    told = {name: value for name, value in one.items() if not name.startswith("_") and value is not None}
    if one.get("_fate") == "wrong_amount":
        told["amounts"] = [str(Decimal(one["amounts"][0]) + 1)]
    if one.get("_fate") == "wrong_address":
        told["destinationAddress"] = "0x" + "9" * 40
    return told


def _bid(body: Body) -> dict[str, str]:
    """The bid in figures, of a level or of the body's own. Raises ApiError unless it is one of the two."""
    level = body.get("feeLevel")
    if level is not None:
        if level not in chain.TIPS_GWEI or body.get("maxFee") or body.get("gasPrice"):
            raise invalid("feeLevel must be LOW, MEDIUM or HIGH, without maxFee, priorityFee and gasPrice")
        return chain.bid(level)
    try:
        limit, most, tip = (int(body["gasLimit"]), Decimal(body["maxFee"]), Decimal(body["priorityFee"]))
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise invalid("give feeLevel, or gasLimit, maxFee and priorityFee") from error
    if limit < chain.GAS_USED or most < chain.BASE_FEE_GWEI or tip < 0:
        raise invalid("the fee is below what the network asks for")
    return {
        "gasLimit": str(limit),
        "baseFee": str(chain.BASE_FEE_GWEI),
        "priorityFee": str(tip),
        "maxFee": str(most),
        "networkFee": chain.written(chain.fee_of(limit, chain.BASE_FEE_GWEI + tip)),
    }


def is_uuid4(value: Any) -> bool:
    try:
        return isinstance(value, str) and UUID(value).version == 4
    except ValueError:
        return False
