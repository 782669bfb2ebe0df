"""A provider that only calls contracts: it signs with a key of this installation, and sends through a node.

A call's nonce and its versions are rows before anything is sent, so that a call that a crash has cut short is
sent again with the same nonce: no nonce is used twice, and none is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.conf import settings
from eth_account import Account
from eth_utils import to_checksum_address

from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from gigstream.core.unit import in_unit
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import CallRefused, ServiceUnavailable
from payments.models import SignedCall, SignedVersion, SignerAccount
from payments.settlement.provider import units
from payments.settlement.provider.abi import NotEncodable, encode_call
from payments.settlement.provider.chain import Receipt
from payments.settlement.provider.enums import SIGNER, FeeLevel, TransferErrorClass, TransferState
from payments.settlement.provider.protocol import (
    ContractProvider,
    FeeEstimate,
    GasBid,
    ProviderTransfer,
    TransferUnknown,
)
from payments.settlement.provider.sending import GWEI, SendingNode
from payments.settlement.provider.units import GAS_OF_NOTHING

# Tips of the levels, in percent of the usual tip; the limit leaves a quarter above the estimated gas.
TIPS = {FeeLevel.LOW: 80, FeeLevel.MEDIUM: 100, FeeLevel.HIGH: 200}
SPARE_GAS = Decimal("1.25")
# Transactions of the account that others have sent, or a restore has forgotten, since the last of ours: a
# node that counts more is not believed.
MOST_UNKNOWN = 1_000
# Blocks by which the server that has a receipt may be ahead of the one that names the newest block.
MOST_AHEAD = 100
# Nonces that are taken by empty transactions before a call is sent; the next time takes more.
MOST_FILLERS = 100
FILLERS = UUID("b6d1a2f0-6a0e-5d9e-9c5b-1f0a7d3c2e41")
CANCEL_RAISE_BPS = 2_000
WEI = Decimal(1).scaleb(-9)


class _Signed(NamedTuple):
    raw: str
    tx_hash: str


class SigningProvider(ContractProvider):
    """Calls of contracts from one account, whose key is ORACLE_SIGNER_KEY."""

    name = SIGNER

    @property
    def address(self) -> str:
        """The account that signs, in lower case."""
        return str(_account(settings.ORACLE_SIGNER_KEY).address).lower()

    @property
    def _node(self) -> SendingNode:
        if not settings.CHAIN_RPC_URL:
            raise ServiceUnavailable("CHAIN_RPC_URL names no node", sent=False)
        return _connect(
            settings.CHAIN_RPC_URL,
            settings.CHAIN_ID,
            settings.CIRCLE_USDC_ADDRESS,
            settings.CHAIN_READ_SECONDS,
        )

    # --- Calls ----------------------------------------------------------------------------------------------
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
        data = _encode(function, parameters)
        call = SignedCall.objects.filter(idempotency_key=key).first()
        if call is None:
            bid = fee if isinstance(fee, GasBid) else self._estimate(contract, data).bids[fee]
            call = self._sign_new(key, contract, function, data, bid)
        elif (call.contract, call.function) != (contract, function) or call.data not in ("", data):
            raise CallRefused(f"key {key} was used for another call", error_class=ErrorClass.KEY_REUSED)
        refusal = self._send_open(call)
        return self._look_at(call, refusal)

    def estimate_contract(
        self, *, contract: str, function: str, parameters: Sequence[Any], from_wallet: str = ""
    ) -> FeeEstimate:
        return self._estimate(contract, _encode(function, parameters))

    def _estimate(self, contract: str, data: str) -> FeeEstimate:
        gas = self._node.estimate_gas(sender=self.address, contract=contract, data=data)
        limit, prices = int(gas * SPARE_GAS), self._node.prices()
        tips = {level: (prices.tip * percent / 100).quantize(WEI) for level, percent in TIPS.items()}
        bids = {
            level: GasBid(limit, (prices.base * 2 + tip).quantize(WEI), tip) for level, tip in tips.items()
        }
        costs = {level: units.gas_cost(limit, prices.base + tip) for level, tip in tips.items()}
        return FeeEstimate(bids=bids, costs=costs)

    def read_contract(self, *, contract: str, data: str) -> str:
        return self._node.read_contract(contract=contract, data=data)

    def get(self, transfer_id: str) -> ProviderTransfer:
        return self._look_at(_get_call(transfer_id))

    def find(
        self, *, key: UUID, to_wallet: str = "", since: datetime | None = None
    ) -> ProviderTransfer | None:
        call = SignedCall.objects.filter(idempotency_key=key).first()
        return None if call is None else self._look_at(call)

    def accelerate(self, *, key: UUID, transfer_id: str, bid: GasBid | None = None) -> None:
        """Sign and send the call again, with the same nonce, at the bid's price or a fifth more."""
        call = _get_call(transfer_id)
        last = _versions_of(call)[-1]
        before = GasBid(call.gas_limit, last.max_fee, last.priority_fee)
        wanted = bid or units.raise_bid(before, by_bps=CANCEL_RAISE_BPS)
        if wanted.max_fee > last.max_fee:
            self._sign_version(call.pk, last.number + 1, wanted, is_empty=last.is_empty)
        self._send_open(call)

    def cancel(self, *, key: UUID, transfer_id: str) -> None:
        """Take the call's nonce with an empty transaction, at a fifth more than the call was offered for."""
        call = _get_call(transfer_id)
        last = _versions_of(call)[-1]
        if not last.is_empty:
            before = GasBid(call.gas_limit, last.max_fee, last.priority_fee)
            bid = units.raise_bid(before, by_bps=CANCEL_RAISE_BPS)
            self._sign_version(call.pk, last.number + 1, bid, is_empty=True)
        self._send_open(call)

    # --- Nonces and signatures ------------------------------------------------------------------------------
    def _sign_new(self, key: UUID, contract: str, function: str, data: str, bid: GasBid) -> SignedCall:
        mined = self._node.count_mined(self.address)
        return self._write_new(key, contract, function, data, bid, mined)

    @staticmethod
    def _lock_account(address: str) -> SignerAccount:
        SignerAccount.unguarded.bulk_create([SignerAccount(address=address)], ignore_conflicts=True)
        return SignerAccount.objects.locked().get(pk=address)

    @in_unit
    def _write_new(
        self, key: UUID, contract: str, function: str, data: str, bid: GasBid, mined: int
    ) -> SignedCall:
        account = self._lock_account(self.address)
        known = SignedCall.objects.filter(idempotency_key=key).first()
        if known is not None:
            return known
        if account.next_nonce and mined - account.next_nonce > MOST_UNKNOWN:
            raise ServiceUnavailable(
                f"the node counts {mined} transactions of the account, {account.next_nonce} are known",
                sent=False,
            )
        nonce = max(account.next_nonce, mined)
        call = SignedCall(
            id=new_id(),
            idempotency_key=key,
            account=account,
            nonce=nonce,
            contract=contract,
            function=function,
            data=data,
            gas_limit=bid.gas_limit,
        )
        call.save(force_insert=True)
        self._write_version(call, 1, bid, is_empty=False)
        account.next_nonce = nonce + 1
        account.save(update_fields=["next_nonce"])
        return call

    @in_unit
    def _sign_version(self, call_id: UUID, number: int, bid: GasBid, *, is_empty: bool) -> None:
        call = SignedCall.objects.locked().get(pk=call_id)
        if not call.versions.filter(number=number).exists():
            self._write_version(call, number, bid, is_empty=is_empty)

    def _write_version(self, call: SignedCall, number: int, bid: GasBid, *, is_empty: bool) -> None:
        version = SignedVersion(
            call=call, number=number, max_fee=bid.max_fee, priority_fee=bid.priority_fee, is_empty=is_empty
        )
        version.tx_hash = _sign(call, version).tx_hash
        version.save(force_insert=True)

    # --- The node -------------------------------------------------------------------------------------------
    def _send_open(self, call: SignedCall) -> CallRefused | None:
        """Send the newest versions of this call and of those before it that are in no block, in the order of
        their nonces; return the node's refusal of this one."""
        refusal, mined = None, self._node.count_mined(self.address)
        self._fill_gaps(call, mined)
        open_calls = SignedCall.objects.filter(account=call.account_id, mined_at=None)
        for one in open_calls.filter(nonce__gte=mined, nonce__lte=call.nonce).order_by("nonce"):
            try:
                self._node.send(_sign(one, _versions_of(one)[-1]).raw)
            except CallRefused as refused:
                refusal = refused if one.pk == call.pk else None
        return refusal

    def _fill_gaps(self, call: SignedCall, mined: int) -> None:
        """Take the nonces between the chain's count and this call by empty transactions where nothing is to
        be sent with them: a reorganised chain may have lost what was mined, and a restore what was signed."""
        if mined >= call.nonce:
            return
        between = SignedCall.objects.filter(account=call.account_id, nonce__gte=mined, nonce__lt=call.nonce)
        rows = {row.nonce: row for row in between}
        last = _versions_of(call)[-1]
        bid = GasBid(GAS_OF_NOTHING, last.max_fee, last.priority_fee)
        for nonce in range(mined, min(call.nonce, mined + MOST_FILLERS)):
            row = rows.get(nonce)
            if row is None:
                self._write_filler(call, nonce, bid)
            elif row.mined_at is not None and not self._is_known(row):
                self._sign_filler(row.pk, bid)

    def _is_known(self, call: SignedCall) -> bool:
        return bool(self._node.known_hashes([one.tx_hash for one in _versions_of(call)]))

    @in_unit
    def _write_filler(self, call: SignedCall, nonce: int, bid: GasBid) -> None:
        self._lock_account(call.account_id)
        if SignedCall.objects.filter(account=call.account_id, nonce=nonce).exists():
            return
        filler = SignedCall(
            id=new_id(),
            idempotency_key=uuid5(FILLERS, f"{call.account_id}:{nonce}"),
            account_id=call.account_id,
            nonce=nonce,
            contract=call.account_id,
            function="",
            data="0x",
            gas_limit=bid.gas_limit,
        )
        filler.save(force_insert=True)
        self._write_version(filler, 1, bid, is_empty=True)

    @in_unit
    def _sign_filler(self, call_id: UUID, bid: GasBid) -> None:
        """Open a call again that the chain has lost, with an empty version."""
        call = SignedCall.objects.locked().get(pk=call_id)
        last = _versions_of(call)[-1]
        if not last.is_empty:
            self._write_version(call, last.number + 1, bid, is_empty=True)
        call.mined_at, call.data = None, call.data or "0x"
        call.save(update_fields=["mined_at", "data"])

    def _look_at(self, call: SignedCall, refusal: CallRefused | None = None) -> ProviderTransfer:
        """Return the call as the chain shows it: any of its versions may be the one in a block."""
        versions = _versions_of(call)
        # Counted before the receipts are read: a call that is mined in between has a receipt then.
        mined_before = self._node.count_mined(self.address)
        receipts = self._node.receipts([one.tx_hash for one in versions])
        for version in versions:
            if version.tx_hash in receipts:
                return self._as_mined(call, version, receipts[version.tx_hash])
        known = self._node.known_hashes([one.tx_hash for one in versions])
        state, kind, why = _waiting_state(call, versions, mined_before, known, refusal)
        return _as_transfer(call, versions[-1], state=state, error_class=kind, failure=why)

    def _as_mined(self, call: SignedCall, version: SignedVersion, receipt: Receipt) -> ProviderTransfer:
        head = self._node.head().number
        _require_possible(call, version, receipt, head)
        confirmations = max(head - receipt.block_number + 1, 1)
        state, kind, why = TransferState.CONFIRMED, None, ""
        if version.is_empty:
            state, why = TransferState.CANCELLED, "an empty transaction has taken its nonce"
        elif not receipt.succeeded:
            state, kind, why = TransferState.FAILED, TransferErrorClass.EXECUTION, "execution reverted"
        if confirmations >= settings.SETTLEMENT_CONFIRMATIONS:
            _note_mined(call.pk)
        return _as_transfer(
            call,
            version,
            state=state,
            error_class=kind,
            failure=why,
            receipt=receipt,
            confirmations=confirmations,
        )


def _require_possible(call: SignedCall, version: SignedVersion, receipt: Receipt, head: int) -> None:
    """Raise ServiceUnavailable for a receipt that no chain can have given to this version."""
    limit = GAS_OF_NOTHING if version.is_empty else call.gas_limit
    if receipt.gas_used > limit or receipt.gas_price > int(version.max_fee * GWEI):
        raise ServiceUnavailable(
            f"the receipt of {version.tx_hash} says {receipt.gas_used} gas at {receipt.gas_price} wei, more"
            " than was offered"
        )
    if receipt.block_number > head + MOST_AHEAD:
        raise ServiceUnavailable(f"the receipt names block {receipt.block_number}, the newest is {head}")


def _waiting_state(
    call: SignedCall,
    versions: Sequence[SignedVersion],
    mined: int,
    known: set[str],
    refusal: CallRefused | None,
) -> tuple[TransferState, str | None, str]:
    """Return the state, class of error and words for a call that is in no block."""
    if mined > call.nonce:
        why = f"another transaction has used nonce {call.nonce}"
        return TransferState.FAILED, TransferErrorClass.NONCE, why
    if refusal is not None:
        return TransferState.STUCK, refusal.error_class, str(refusal)
    if not known:
        return TransferState.STUCK, None, "the node does not have it"
    if mined < call.nonce and not _has_all_before(call, mined):
        why = f"nonce {call.nonce} waits for nonce {mined}"
        return TransferState.STUCK, TransferErrorClass.NONCE, why
    return TransferState.SENT, None, ""


def _has_all_before(call: SignedCall, mined: int) -> bool:
    """Whether the nonces between the chain's count and this call are calls of ours, which are sent again."""
    between = SignedCall.objects.filter(account=call.account_id, nonce__gte=mined, nonce__lt=call.nonce)
    return between.count() == call.nonce - mined


def _as_transfer(
    call: SignedCall,
    version: SignedVersion,
    *,
    state: TransferState,
    error_class: str | None,
    failure: str,
    receipt: Receipt | None = None,
    confirmations: int = 0,
) -> ProviderTransfer:
    price = version.max_fee if receipt is None else Decimal(receipt.gas_price) / GWEI
    return ProviderTransfer(
        id=str(call.pk),
        state=state,
        to_wallet="",
        amount=Decimal(0),
        key=call.idempotency_key,
        raw_state=state.value,
        tx_hash=version.tx_hash,
        block_number=receipt.block_number if receipt else None,
        confirmations=confirmations,
        network_fee=units.gas_cost(receipt.gas_used, price) if receipt else None,
        gas_used=receipt.gas_used if receipt else None,
        gas_price=price,
        failure=failure,
        error_class=error_class,
        created_at=call.created_at,
        raw={"id": str(call.pk), "state": state.value, "nonce": call.nonce, "version": version.number},
    )


@in_unit
def _note_mined(call_id: UUID) -> None:
    """Forget the data of a call that is deep in the chain: it is never sent again."""
    call = SignedCall.objects.locked().get(pk=call_id)
    if call.mined_at is None:
        call.mined_at, call.data = database_now(), ""
        call.save(update_fields=["mined_at", "data"])


def _sign(call: SignedCall, version: SignedVersion) -> _Signed:
    """Sign a version; the same version always gives the same bytes."""
    fields: Mapping[str, Any] = {
        "type": 2,
        "chainId": settings.CHAIN_ID,
        "nonce": call.nonce,
        "to": to_checksum_address(call.account_id if version.is_empty else call.contract),
        "value": 0,
        "data": "0x" if version.is_empty else call.data,
        "gas": GAS_OF_NOTHING if version.is_empty else call.gas_limit,
        "maxFeePerGas": int(version.max_fee * GWEI),
        "maxPriorityFeePerGas": int(min(version.priority_fee, version.max_fee) * GWEI),
    }
    signed = _account(settings.ORACLE_SIGNER_KEY).sign_transaction(dict(fields))
    return _Signed("0x" + bytes(signed.raw_transaction).hex(), "0x" + bytes(signed.hash).hex())


def _versions_of(call: SignedCall) -> list[SignedVersion]:
    return list(call.versions.order_by("number"))


def _get_call(transfer_id: str) -> SignedCall:
    try:
        call = SignedCall.objects.filter(pk=UUID(transfer_id)).first()
    except ValueError:
        call = None
    if call is None:
        raise TransferUnknown(f"no call {transfer_id}", sent=False)
    return call


def _encode(function: str, parameters: Sequence[Any]) -> str:
    try:
        return encode_call(function, parameters)
    except NotEncodable as error:
        raise CallRefused(str(error), error_class=ErrorClass.INVALID_REQUEST) from error


@lru_cache(maxsize=4)
def _account(key: str) -> Any:
    return Account.from_key(key)


@lru_cache(maxsize=4)
def _connect(url: str, chain_id: int, token: str, seconds: float) -> SendingNode:
    """Return the connection of this process, which keeps its sockets from call to call."""
    return SendingNode(url, chain_id, token, seconds)
