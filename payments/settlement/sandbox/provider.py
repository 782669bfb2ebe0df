"""Simulated custody service and chain, for development and demos. Wallets, transfers and faults are kept in
tables of its own, and transfers move from block to block as the clock goes."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from gigstream.core.clock import database_now
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import CallRefused, CredentialsRefused, ServiceBusy, ServiceUnavailable
from payments.models import SandboxFault, SandboxTransfer, SandboxWallet
from payments.settlement.provider import answers, states, units
from payments.settlement.provider.abi import NotEncodable
from payments.settlement.provider.enums import FeeLevel, TransferErrorClass, TransferState
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
from payments.settlement.sandbox import chain, contracts
from payments.settlement.sandbox.contracts import ContractCall

PAGE = 500
HOUSE = UUID("5a4db0c0-0000-5000-8000-000000000001")
SIGNATURE = "x-circle-signature"
BUSY_SECONDS = 30


class SandboxProvider(PaymentProvider):
    """Deterministic provider: ids and hashes follow from the key, the state from the time since acceptance.
    Faults are rows of SandboxFault; their `kind` is a key of `_WRONG`, or a fate of the sandbox's chain."""

    name = "sandbox"

    @property
    def simulated(self) -> bool:
        return True

    def __init__(self, clock: Callable[[], datetime] = database_now) -> None:
        self._clock = clock

    # --- Wallets --------------------------------------------------------------------------------------------
    def create_wallet(self, *, key: UUID, owner: str) -> ProviderWallet:
        with _with_faults("create_wallet", owner):
            row = _make_wallet(key, owner)
        return _as_provider_wallet(row)

    def find_wallet(self, *, key: UUID) -> ProviderWallet | None:
        with _with_faults("find_wallet", str(key)):
            row = SandboxWallet.objects.filter(idempotency_key=key).first()
        return _as_provider_wallet(row) if row else None

    def wallet(self, wallet_id: str = "") -> ProviderWallet:
        with _with_faults("wallet", wallet_id):
            return _as_provider_wallet(_get_wallet(wallet_id))

    def balance(self, wallet_id: str = "") -> Decimal:
        with _with_faults("balance", wallet_id):
            return units.token_view(self._holds(_get_wallet(wallet_id)))

    def fund(self, wallet_id: str, amount: Decimal) -> None:
        """Add play money to the wallet from outside the chain."""
        with transaction.atomic():
            row = SandboxWallet.objects.select_for_update(no_key=True).get(pk=_get_wallet(wallet_id).pk)
            row.funded += amount
            row.save(update_fields=["funded"])

    def _holds(self, wallet: SandboxWallet) -> Decimal:
        """Return the balance at this block, from all transfers that the wallet has sent and received."""
        about = Q(from_wallet=wallet) | Q(to_wallet=wallet.address)
        if wallet.pk == HOUSE:
            about |= Q(from_wallet=None)
        head, held = self._head(), wallet.funded
        for row in SandboxTransfer.objects.filter(about).iterator(chunk_size=PAGE):
            mined = self._standing(row, head)
            moved = row.amount if mined.block is not None and mined.state in states.ON_CHAIN else Decimal(0)
            if row.to_wallet == wallet.address and not row.call:
                held += moved
            if row.from_wallet_id in (wallet.pk, None):
                held -= moved + (chain.network_fee(row) if mined.block is not None else 0)
        return held

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
        with _with_faults("transfer", f"{to_wallet} {key}") as fate:
            row = self._once(key, from_wallet, fee, fate, to_wallet=to_wallet, amount=amount, call={})
        return self._as_transfer(row)

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
        call = {"function": function, "parameters": list(parameters)}
        with _with_faults("execute_contract", f"{contract} {key}") as fate:
            row = self._once(key, from_wallet, fee, fate, to_wallet=contract, amount=Decimal(0), call=call)
        return self._as_transfer(row)

    def _once(
        self, key: UUID, from_wallet: str, fee: FeeLevel | GasBid, fate: str, **requested: Any
    ) -> SandboxTransfer:
        """Return the transfer of the key, made at its first use. Raises CallRefused for a key that made
        another transfer."""
        gas_used = contracts.gas_of(requested["to_wallet"], requested["call"])
        bid = chain.bid_of(fee, gas_used=gas_used)
        row = SandboxTransfer.objects.filter(idempotency_key=key).first()
        if row is None:
            with transaction.atomic():
                row = self._accept(key, _get_wallet(from_wallet).pk, bid, fate, requested)
        same_fee = row.accelerated_at is not None or row.max_fee == bid.max_fee
        if not same_fee or any(getattr(row, name) != value for name, value in requested.items()):
            raise CallRefused(
                f"key {key} was used for another transfer", error_class=ErrorClass.KEY_REUSED, status=409
            )
        return row

    def _accept(
        self, key: UUID, wallet_id: UUID, bid: GasBid, fate: str, requested: Mapping[str, Any]
    ) -> SandboxTransfer:
        # Transfers from a wallet wait for each other, so that nonces have no gap.
        wallet = SandboxWallet.objects.select_for_update(no_key=True).get(pk=wallet_id)
        known = SandboxTransfer.objects.filter(idempotency_key=key).first()
        if known is not None:
            return known
        gas_used = contracts.gas_of(requested["to_wallet"], requested["call"])
        self._check(wallet, bid, requested["amount"], gas_used)
        now = self._clock()
        row = SandboxTransfer.objects.create(
            id=uuid5(key, "sandbox transfer"),
            idempotency_key=key,
            from_wallet=wallet,
            nonce=wallet.next_nonce,
            gas_limit=bid.gas_limit,
            max_fee=bid.max_fee,
            priority_fee=bid.priority_fee,
            accepted_at=now,
            tx_hash="0x" + hashlib.sha256(key.bytes).hexdigest(),
            block_number=self._head(now) + 1,
            fate=fate,
            failure=self._coming_failure(requested["to_wallet"], requested["call"]),
            **requested,
        )
        wallet.next_nonce += 1
        wallet.reserved += row.amount
        wallet.save(update_fields=["next_nonce", "reserved"])
        return row

    def _coming_failure(self, to_wallet: str, call: Mapping[str, Any]) -> str:
        """Return the reason for which the chain will refuse the transfer or call, "" for none."""
        if to_wallet in settings.SANDBOX_BLOCKLIST:
            return "blocklisted"
        contract = contracts.contract_at(to_wallet) if call else None
        if contract is None:
            return ""
        return contract.failure(contracts.as_call(call), self._calls_of(to_wallet, only_mined=False))

    def _calls_of(self, address: str, *, only_mined: bool) -> Iterator[ContractCall]:
        """Yield the calls of the contract that are not going to fail, newest first."""
        head = self._head()
        rows = SandboxTransfer.objects.filter(to_wallet=address, failure="").exclude(call={})
        for row in rows.order_by("-block_number", "-nonce").iterator(chunk_size=PAGE):
            mined = self._standing(row, head)
            if mined.state in states.ON_CHAIN:
                yield contracts.as_call(row.call, mined.block or 0)
            elif not only_mined and mined.state not in states.TERMINAL:
                yield contracts.as_call(row.call)

    def _check(self, wallet: SandboxWallet, bid: GasBid, amount: Decimal, gas_used: int) -> None:
        if bid.gas_limit < gas_used or bid.max_fee < chain.BASE_FEE_GWEI:
            raise CallRefused("the bid is below the network's price", error_class=TransferErrorClass.GAS)
        # Most transfers pass by the sum of all requests; only a wallet near its end needs its real balance.
        if wallet.funded - wallet.reserved >= amount + 1:
            return
        fee = units.gas_cost(bid.gas_limit, bid.max_fee)
        if self._holds(wallet) - self._under_way(wallet) < amount + fee:
            raise CallRefused(
                f"the wallet holds less than {amount} and its fee",
                error_class=TransferErrorClass.INSUFFICIENT_FUNDS,
            )

    def _under_way(self, wallet: SandboxWallet) -> Decimal:
        head = self._head()
        rows = SandboxTransfer.objects.filter(from_wallet=wallet).iterator(chunk_size=PAGE)
        open_rows = (
            row for row in rows if self._standing(row, head).state not in states.TERMINAL | states.ON_CHAIN
        )
        return sum((row.amount + units.gas_cost(row.gas_limit, row.max_fee) for row in open_rows), Decimal(0))

    def get(self, transfer_id: str) -> ProviderTransfer:
        with _with_faults("get", transfer_id):
            return self._as_transfer(_get_transfer(transfer_id))

    def find(
        self, *, key: UUID, to_wallet: str = "", since: datetime | None = None
    ) -> ProviderTransfer | None:
        with _with_faults("find", f"{to_wallet} {key}"):
            row = SandboxTransfer.objects.filter(idempotency_key=key).first()
        return None if row is None else self._as_transfer(row)

    def transfers(self, *, since: datetime, until: datetime | None = None) -> Iterator[ProviderTransfer]:
        rows = SandboxTransfer.objects.filter(accepted_at__gte=since).order_by("accepted_at", "id")
        if until is not None:
            rows = rows.filter(accepted_at__lte=until)
        after = Q()
        while True:
            with _with_faults("transfers", ""):
                page = list(rows.filter(after)[:PAGE])
            yield from map(self._as_transfer, page)
            if len(page) < PAGE:
                return
            last = page[-1]
            after = Q(accepted_at__gt=last.accepted_at) | Q(accepted_at=last.accepted_at, id__gt=last.pk)

    def estimate_fee(self, *, to_wallet: str, amount: Decimal, from_wallet: str = "") -> FeeEstimate:
        with _with_faults("estimate_fee", to_wallet):
            return _estimate(chain.GAS_USED)

    def estimate_contract(
        self, *, contract: str, function: str, parameters: Sequence[Any], from_wallet: str = ""
    ) -> FeeEstimate:
        call = {"function": function, "parameters": list(parameters)}
        with _with_faults("estimate_contract", contract):
            failure = self._coming_failure(contract, call)
            if failure:
                raise CallRefused(failure, error_class=TransferErrorClass.EXECUTION)
            return _estimate(contracts.gas_of(contract, call))

    def read_contract(self, *, contract: str, data: str) -> str:
        with _with_faults("read_contract", contract):
            simulated = contracts.contract_at(contract)
            if simulated is None:
                return "0x"
            try:
                return simulated.read(data, self._calls_of(contract, only_mined=True))
            except NotEncodable as error:
                raise CallRefused(str(error), error_class=ErrorClass.INVALID_REQUEST) from error

    def accelerate(self, *, key: UUID, transfer_id: str, bid: GasBid | None = None) -> None:
        with _with_faults("accelerate", transfer_id), transaction.atomic():
            row = self._in_state(transfer_id, states.MAY_ACCELERATE, "accelerated")
            before = GasBid(row.gas_limit, row.max_fee, row.priority_fee)
            bid = bid or units.raise_bid(before, by_bps=1000)
            row.accelerated_at, row.max_fee, row.priority_fee = self._clock(), bid.max_fee, bid.priority_fee
            row.save(update_fields=["accelerated_at", "max_fee", "priority_fee"])

    def cancel(self, *, key: UUID, transfer_id: str) -> None:
        with _with_faults("cancel", transfer_id), transaction.atomic():
            row = self._in_state(transfer_id, states.MAY_CANCEL, "cancelled")
            row.cancelled_at = self._clock()
            row.save(update_fields=["cancelled_at"])

    def _in_state(self, transfer_id: str, allowed: frozenset[TransferState], action: str) -> SandboxTransfer:
        row = SandboxTransfer.objects.select_for_update(no_key=True).get(pk=_get_transfer(transfer_id).pk)
        state = self._standing(row, self._head()).state
        if state not in allowed and row.cancelled_at is None:
            raise CallRefused(
                f"a transfer in state {state} cannot be {action}", error_class=TransferErrorClass.EXECUTION
            )
        return row

    def _as_transfer(self, row: SandboxTransfer) -> ProviderTransfer:
        head = self._head()
        return chain.as_seen(row, self._standing(row, head), head=head)

    @staticmethod
    def _standing(row: SandboxTransfer, head: int) -> chain.Mined:
        return chain.mined_state(
            row,
            head=head,
            seconds=settings.SANDBOX_BLOCK_SECONDS,
            finality=settings.SETTLEMENT_CONFIRMATIONS,
        )

    def _head(self, now: datetime | None = None) -> int:
        return chain.block_at(now or self._clock(), settings.SANDBOX_BLOCK_SECONDS)

    # --- Notifications --------------------------------------------------------------------------------------
    def notification(self, transfer_id: str) -> tuple[bytes, dict[str, str]]:
        """Return the signed notification of the transfer's state, which a caller may deliver twice, late or
        never."""
        seen = self._as_transfer(_get_transfer(transfer_id))
        content = {
            "notificationId": str(uuid5(UUID(seen.id), seen.raw_state)),
            "notificationType": "transactions.outbound",
            "notification": {"id": seen.id, "state": seen.raw_state},
            "timestamp": self._clock().isoformat(),
        }
        body = json.dumps(content).encode()
        return body, {SIGNATURE: _sign_body(body)}

    def knows_notification_key(self, key_id: str) -> bool:
        return True

    def learn_notification_key(self, key_id: str) -> None:
        """Do nothing: the sandbox signs with a key of the settings."""

    def read_notification(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        given = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), _sign_body(body).encode()):
            raise NotificationRefused("the signature is not the sandbox's")
        try:
            return answers.read_notification(json.loads(body))
        except ValueError as error:
            raise NotificationRefused(f"it is signed and no notification: {error}") from error


def _estimate(gas_used: int) -> FeeEstimate:
    bids = {level: chain.bid_of(level, gas_used=gas_used) for level in FeeLevel}
    prices = {level: chain.BASE_FEE_GWEI + bid.priority_fee for level, bid in bids.items()}
    costs = {level: units.gas_cost(bids[level].gas_limit, price) for level, price in prices.items()}
    return FeeEstimate(bids=bids, costs=costs)


# --- Faults -------------------------------------------------------------------------------------------------
_WRONG: Mapping[str, Callable[[], Exception]] = {
    "unreachable": lambda: ServiceUnavailable("no connection", sent=False),
    "lost_before": lambda: ServiceUnavailable("timed out"),
    "lost_after": lambda: ServiceUnavailable("timed out"),
    "busy": lambda: ServiceBusy("too many requests", retry_after=BUSY_SECONDS),
    "credentials": lambda: CredentialsRefused("the key is not known"),
    "refused": lambda: CallRefused("not now or ever", error_class=TransferErrorClass.EXECUTION),
    "gas": lambda: CallRefused("the bid is too low", error_class=TransferErrorClass.GAS),
    "nonce": lambda: CallRefused("nonce too low", error_class=TransferErrorClass.NONCE),
}
AFTER = frozenset({"lost_after"})


@contextmanager
def _with_faults(call: str, about: str) -> Iterator[str]:
    """Run the call in the block with its fault, and yield the fate of the transfer that it makes."""
    kind = _take_fault(call, about)
    if kind in _WRONG and kind not in AFTER:
        raise _WRONG[kind]()
    yield kind if kind in chain.FATES else ""
    if kind in AFTER:
        raise _WRONG[kind]()


def _take_fault(call: str, about: str) -> str:
    """Count the call for its faults, and return the kind of the first fault that is due, "" for none."""
    if not SandboxFault.objects.filter(call=call).exists():
        return ""
    with transaction.atomic():
        for fault in SandboxFault.objects.filter(call=call).order_by("pk").select_for_update():
            if fault.about not in about:
                continue
            if fault.after:
                fault.after -= 1
                fault.save(update_fields=["after"])
                continue
            if fault.times == 1:
                fault.delete()
            else:
                fault.times -= 1
                fault.save(update_fields=["times"])
            return fault.kind
    return ""


# --- Rows ---------------------------------------------------------------------------------------------------
def _make_wallet(key: UUID, owner: str, *, funded: Decimal = Decimal(0)) -> SandboxWallet:
    row, _ = SandboxWallet.objects.get_or_create(
        idempotency_key=key,
        defaults={
            "id": key if key == HOUSE else uuid5(key, "sandbox wallet"),
            "owner": owner,
            "address": "0x" + hashlib.sha256(key.bytes).hexdigest()[:40],
            "funded": funded,
        },
    )
    if row.owner != owner:
        raise CallRefused(f"key {key} was used for another wallet", error_class=ErrorClass.KEY_REUSED)
    return row


def _get_wallet(wallet_id: str) -> SandboxWallet:
    """Return the wallet with this id, by default the house's. Raises TransferUnknown."""
    if not wallet_id:
        return _make_wallet(HOUSE, "house", funded=Decimal(settings.SANDBOX_HOUSE_USDC))
    wanted = _parse_uuid(wallet_id)
    row = SandboxWallet.objects.filter(pk=wanted).first() if wanted else None
    if row is None:
        raise TransferUnknown(f"no wallet {wallet_id}")
    return row


def _get_transfer(transfer_id: str) -> SandboxTransfer:
    wanted = _parse_uuid(transfer_id)
    row = SandboxTransfer.objects.filter(pk=wanted).first() if wanted else None
    if row is None:
        raise TransferUnknown(f"no transfer {transfer_id}")
    return row


def _parse_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _as_provider_wallet(row: SandboxWallet) -> ProviderWallet:
    return ProviderWallet(id=str(row.pk), address=row.address, owner=row.owner)


def _sign_body(body: bytes) -> str:
    return base64.b64encode(hmac.digest(settings.SECRET_KEY.encode(), body, "sha256")).decode()
