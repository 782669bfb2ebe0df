"""Transfers and contract calls with their states.

A transaction has a plan: its coming states, a state for each step. The plan is made at creation, with the
requested fate; only accelerating and cancelling replace it.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from gigstream.simulators.circle import chain, errors
from gigstream.simulators.circle.clock import Clock, format_instant
from gigstream.simulators.circle.custody import TRANSACTION, Custody, public_object, token_of
from gigstream.simulators.circle.errors import ApiError, invalid_request, not_found
from gigstream.simulators.circle.faults import Fault
from gigstream.simulators.circle.store import Body, Store
from gigstream.simulators.evm import Evm, call_data

TERMINAL = ("COMPLETE", "FAILED", "CANCELLED", "DENIED")
MAY_ACCELERATE = ("SENT", "STUCK")
MAY_CANCEL = ("INITIATED", "QUEUED", "SENT", "STUCK")
USUAL = ("QUEUED", "CLEARED", "SENT", "CONFIRMED", "COMPLETE")
# States of each fate in place of the usual states.
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
Notify = Callable[[Body], None]


class Transfers:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        custody: Custody,
        notify: Notify,
        *,
        step: float,
        block: float,
        evm: Evm | None = None,
    ) -> None:
        self._store, self._clock, self._custody, self._notify = store, clock, custody, notify
        self._evm = evm
        self.step, self.block = step, block

    def get(self, wanted: str) -> Body:
        """Return a transaction. Raises ApiError 404."""
        found = self._store.get(TRANSACTION, wanted)
        if found is None:
            raise not_found("transaction")
        return found

    def create(self, body: Body, fates: list[Fault], *, operation: str, to: str, amount: int) -> Body:
        """Create a transaction. Raises ApiError for a wallet that cannot pay it."""
        wallet = self._source(body)
        fee = _requested_bid(body, lowest=Decimal(0) if self._evm else Decimal(chain.BASE_FEE_GWEI))
        reserved = amount + chain.fee_of(chain.GAS_LIMIT, Decimal(fee["maxFee"]))
        self._custody.reserve(wallet["id"], reserved)
        now, fate = self._clock.now(), next((fault.fate for fault in fates if fault.fate), "")
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
            "amounts": [chain.format_units(amount, decimals=chain.DECIMALS)],
            "tokenId": token_of(wallet["blockchain"], now)["id"],
            "refId": body.get("refId"),
            "feeLevel": body.get("feeLevel"),
            "abiFunctionSignature": body.get("abiFunctionSignature"),
            "abiParameters": body.get("abiParameters"),
            "estimatedFee": fee,
            "createDate": format_instant(now),
            "updateDate": format_instant(now),
            "_units": str(amount),
            "_reserved": str(reserved),
            "_fate": fate,
            "_at": now,
            "_plan": list(WAYS.get(fate, USUAL)),
            "_attempt": 0,
        }
        self._keep(made)
        self._notify(made)
        return {"id": made["id"], "state": made["state"]}

    def _source(self, body: Body) -> Body:
        if body.get("walletId"):
            return self._custody.wallet(str(body["walletId"]))
        wallet = self._custody.at(str(body.get("walletAddress")), str(body.get("blockchain")))
        if wallet is None:
            raise not_found("wallet")
        return wallet

    def receive(self, wallet: Body, amount: int, source: str) -> Body:
        """Add money from outside to a wallet, in a completed transaction."""
        now = self._clock.now()
        height = chain.head_block(now, self.block)
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
            "amounts": [chain.format_units(amount, decimals=chain.DECIMALS)],
            "tokenId": token_of(wallet["blockchain"], now)["id"],
            "blockHeight": height,
            "blockHash": chain.hex_digest("block", height),
            "createDate": format_instant(now),
            "updateDate": format_instant(now),
        }
        made["txHash"] = chain.hex_digest("tx", made["id"])
        self._custody.change(wallet["id"], amount)
        self._store.put(TRANSACTION, made)
        self._notify(made)
        return made

    def accelerate(self, wanted: str) -> Body:
        """Send a transaction again with a higher fee; the next block includes it."""
        sent = self._in_state(wanted, MAY_ACCELERATE, "accelerated")
        fee = sent["estimatedFee"]
        fee["maxFee"] = str(Decimal(fee["maxFee"]) * Decimal("1.1"))
        fee["priorityFee"] = str(Decimal(fee["priorityFee"]) * Decimal("1.1"))
        sent.update(_attempt=sent["_attempt"] + 1, _plan=["CONFIRMED", "COMPLETE"])
        self._change_state(sent, "SENT", self._clock.now())
        return {"id": sent["id"]}

    def cancel(self, wanted: str) -> Body:
        """Cancel a transaction, at once if it was not sent, else by a replacing transaction."""
        found = self._in_state(wanted, MAY_CANCEL, "cancelled")
        if found["_fate"] == "mined_anyway":
            found["_plan"] = ["CONFIRMED", "COMPLETE"]
        elif found["state"] in MAY_ACCELERATE:
            found["_plan"] = ["CANCELLED"]
        else:
            self._change_state(found, "CANCELLED", self._clock.now())
        found["_at"] = self._clock.now()
        self._keep(found)
        return {"id": found["id"], "state": found["state"]}

    def _in_state(self, wanted: str, allowed: tuple[str, ...], verb: str) -> Body:
        found = self.get(wanted)
        if found["state"] not in allowed or found["transactionType"] != "OUTBOUND":
            raise ApiError(
                400, errors.NOT_IN_THIS_STATE, f"a transaction in state {found['state']} cannot be {verb}"
            )
        return found

    def advance(self) -> int:
        """Move the open transactions to their present states; return the number of steps."""
        now, steps = self._clock.now(), 0
        for due in self._store.due(TRANSACTION, by=now - self.step):
            while due["_plan"] and due["_at"] + self.step <= now:
                state = self._coming_state(due)
                if state is None:
                    break
                self._change_state(due, state, due["_at"] + self.step)
                steps += 1
        return steps

    def _coming_state(self, transaction: Body) -> str | None:
        """Take the next state from the plan; None for a call that no block of the node has yet."""
        if self._evm is None or not _is_call(transaction) or transaction["_plan"][0] != "CONFIRMED":
            return str(transaction["_plan"].pop(0))
        mined = self._evm.mined(transaction["txHash"])
        if mined is None:
            return None
        transaction.update(blockHeight=mined.block, networkFee=chain.format_units(mined.fee))
        self._custody.change(transaction["walletId"], -mined.fee)
        if not mined.succeeded:
            transaction.update(_fate="reverted")
            return "FAILED"
        return str(transaction["_plan"].pop(0))

    def _change_state(self, transaction: Body, state: str, at: float) -> None:
        transaction.update(state=state, updateDate=format_instant(at), _at=at)
        if state == "SENT":
            self._send(transaction)
        if state in ("CONFIRMED", "COMPLETE") and "blockHeight" not in transaction:
            self._mine(transaction, at, moved=int(transaction["_units"]))
        if state == "CANCELLED" and "txHash" in transaction:
            self._mine(transaction, at, moved=0)
        if state in ("FAILED", "DENIED"):
            transaction["errorReason"], transaction["errorDetails"] = REASONS[transaction["_fate"]]
            if "txHash" in transaction and "blockHeight" not in transaction:
                self._mine(transaction, at, moved=0)
        if state in TERMINAL:
            transaction["_plan"] = []
        self._keep(transaction)
        self._notify(transaction)

    def _send(self, transaction: Body) -> None:
        """Give the transaction its hash and its nonce, which it keeps; a call goes to the node if there is
        one."""
        if self._evm is None or not _is_call(transaction):
            transaction["txHash"] = chain.hex_digest("tx", transaction["id"], transaction["_attempt"])
            if "_nonce" not in transaction:
                transaction["_nonce"] = self._custody.next_nonce(transaction["walletId"])
            return
        if "_nonce" not in transaction:
            transaction["_nonce"] = self._evm.next_nonce()
        data = call_data(transaction["abiFunctionSignature"], transaction["abiParameters"])
        transaction["txHash"] = self._evm.send(
            transaction["contractAddress"], data, nonce=transaction["_nonce"], bid=transaction["estimatedFee"]
        )

    def _mine(self, transaction: Body, at: float, *, moved: int) -> None:
        """Include the transaction in a block: pay the fee, and move the amount."""
        height = chain.head_block(at, self.block) + 1
        price = min(
            chain.BASE_FEE_GWEI + Decimal(transaction["estimatedFee"]["priorityFee"]),
            Decimal(transaction["estimatedFee"]["maxFee"]),
        )
        fee = chain.fee_of(chain.GAS_USED, price)
        transaction.update(
            blockHeight=height,
            blockHash=chain.hex_digest("block", height),
            firstConfirmDate=format_instant(at),
            networkFee=chain.format_units(fee),
            networkFeeInUSD=chain.format_units(fee, decimals=6),
        )
        self._custody.change(transaction["walletId"], -moved - fee)
        receiver = self._custody.at(transaction.get("destinationAddress") or "", transaction["blockchain"])
        if moved and receiver is not None:
            self._custody.change(receiver["id"], moved)

    def _keep(self, transaction: Body) -> None:
        if transaction["state"] in TERMINAL and "_reserved" in transaction:
            self._custody.reserve(transaction["walletId"], -int(transaction.pop("_reserved")))
        due = transaction["_at"] if transaction["_plan"] else None
        self._store.put(TRANSACTION, transaction, due=due)


def _is_call(transaction: Body) -> bool:
    """Whether it calls a contract by a function's name, as the node executes it."""
    return transaction["operation"] == "CONTRACT_EXECUTION" and bool(transaction.get("abiFunctionSignature"))


def public_transaction(transaction: Body) -> Body:
    """Return a transaction for a caller, with the false values that its fate demands."""
    public = public_object(transaction)
    if transaction.get("_fate") == "wrong_amount":
        public["amounts"] = [str(Decimal(transaction["amounts"][0]) + 1)]
    if transaction.get("_fate") == "wrong_address":
        public["destinationAddress"] = "0x" + "9" * 40
    return public


def _requested_bid(body: Body, *, lowest: Decimal) -> dict[str, str]:
    """Return the fee bid of a level or of the body's own figures. Raises ApiError for neither or both."""
    level = body.get("feeLevel")
    if level is not None:
        if level not in chain.TIPS_GWEI or body.get("maxFee") or body.get("gasPrice"):
            raise invalid_request(
                "feeLevel must be LOW, MEDIUM or HIGH, without maxFee, priorityFee and gasPrice"
            )
        return chain.fee_bid(level)
    try:
        limit, most, tip = (int(body["gasLimit"]), Decimal(body["maxFee"]), Decimal(body["priorityFee"]))
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise invalid_request("give feeLevel, or gasLimit, maxFee and priorityFee") from error
    if limit < chain.GAS_USED or most < lowest or tip < 0:
        raise invalid_request("the fee is below the network's minimum")
    return {
        "gasLimit": str(limit),
        "baseFee": str(chain.BASE_FEE_GWEI),
        "priorityFee": str(tip),
        "maxFee": str(most),
        "networkFee": chain.format_units(chain.fee_of(limit, chain.BASE_FEE_GWEI + tip)),
    }


def is_uuid4(value: Any) -> bool:
    try:
        return isinstance(value, str) and UUID(value).version == 4
    except ValueError:
        return False
