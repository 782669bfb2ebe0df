"""Recovery after a restore: payouts that the provider already has are found by their keys and put back on the
books, before any payout is submitted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Min

from audit.log import services as audit
from audit.log.services import Record
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from payments.models import PaymentSwitch, Transaction
from payments.settlement.payouts.services.payouts import key_of, lock_available_account, make_transfers
from payments.settlement.provider import configured_provider
from payments.settlement.provider.protocol import PaymentProvider, ProviderTransfer
from payments.settlement.reconciliation.services.differences import SETTLING
from payments.settlement.switches.enums import SwitchScope
from payments.settlement.switches.errors import SwitchedAlready
from payments.settlement.switches.services import RESTORING, let_payments_go_on, stop_payments
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from payments.settlement.transfers.services.submission import take_found
from payments.settlement.transfers.services.transfers import key_for, provider_key
from payments.streams.services.release import release_due_streams
from payments.withdrawals.services import hold_withdrawal, key_of_withdrawal, lock_withdrawable
from platforms.models import WithdrawalAddress
from workers.models import Worker

BY = "restore"


@dataclass(frozen=True, slots=True)
class Rediscovered:
    """Result of the recovery: payouts that were pending here, payouts that this database did not have, and
    the provider's ids of those that it cannot place."""

    submitted: int
    adopted: int
    unplaced: Sequence[str]


def rediscover_payouts(
    *, since: datetime, now: datetime | None = None, provider: PaymentProvider | None = None
) -> Rediscovered:
    """Put every transfer that the provider made since then on the books: found by its key, or made again for
    the worker or platform whose next transfer it was, when the money is there.

    Payouts are stopped until all of them are placed. The rest is for staff, who let payouts go on. May be run
    again.
    """
    provider, now = provider or configured_provider(), now or database_now()
    _stop_payouts(now)
    # Amounts that have vested meanwhile may be part of these payouts.
    release_due_streams(now=now)
    pending = Transaction.objects.outgoing().filter(status=TransactionStatus.PENDING)
    oldest = pending.aggregate(oldest=Min("created_at"))["oldest"]
    since = min(filter(None, [since, oldest])) - SETTLING
    theirs = {other.key: other for other in provider.transfers(since=since) if other.key}
    submitted = _submit_found(pending, theirs, now)
    unknown = _unknown_transfers(theirs, since)
    adopted = _adopt_unknown(unknown, now)
    left = [other.id for other in unknown if other.id not in adopted]
    if not left:
        _resume_payouts(now)
    return Rediscovered(submitted, len(adopted), left)


def _stop_payouts(now: datetime) -> None:
    try:
        stop_payments(scope=SwitchScope.PAYOUTS, reason=RESTORING, by=BY, now=now)
    except SwitchedAlready:
        return


def _resume_payouts(now: datetime) -> None:
    """Let payouts go on if the recovery has stopped them."""
    if PaymentSwitch.objects.filter(scope=SwitchScope.PAYOUTS, on_at=None, off_by=BY).exists():
        let_payments_go_on(scope=SwitchScope.PAYOUTS, by=BY, now=now)


def _submit_found(
    pending: Iterable[Transaction], theirs: Mapping[UUID, ProviderTransfer], now: datetime
) -> int:
    """Mark the pending payouts that the provider has as submitted, and park those that differ in amount or
    wallet; return how many are submitted."""
    found = [(row.pk, theirs[key]) for row in pending if (key := provider_key(row)) in theirs]
    for transaction_id, answer in found:
        take_found(transaction_id, answer, now)
    taken = Transaction.objects.filter(pk__in=[pk for pk, _ in found], status=TransactionStatus.SUBMITTED)
    return taken.count()


def _unknown_transfers(theirs: Mapping[UUID, ProviderTransfer], since: datetime) -> list[ProviderTransfer]:
    rows = Transaction.objects.outgoing()
    known = {provider_key(row) for row in rows.filter(created_at__gte=since - timedelta(days=1)).iterator()}
    ids = [other.id for other in theirs.values()]
    handed_over = set(rows.filter(circle_tx_id__in=ids).values_list("circle_tx_id", flat=True))
    return [
        other
        for key, other in theirs.items()
        if key not in known and other.id not in handed_over and not other.is_contract_call
    ]


def _adopt_unknown(unknown: Sequence[ProviderTransfer], now: datetime) -> set[str]:
    """Make unknown transfers again as payouts and withdrawals; return the provider's ids of those."""
    to: defaultdict[str, dict[UUID, ProviderTransfer]] = defaultdict(dict)
    for other in unknown:
        if other.key:
            to[other.to_wallet][other.key] = other
    workers = Worker.objects.filter(wallet_address__in=list(to)).order_by("pk")
    adopted: set[str] = set()
    for worker_id, address in workers.values_list("pk", "wallet_address"):
        while found := _adopt_next_payout(worker_id, to[address or ""], now):
            adopted.add(found)
    for platform_id, address in _platforms_at(list(to)):
        while found := _adopt_next_withdrawal(platform_id, address, to[address], now):
            adopted.add(found)
    return adopted


def _platforms_at(addresses: Sequence[str]) -> list[tuple[UUID, str]]:
    """Return the platforms that withdraw, or have withdrawn, to these addresses, each with its address."""
    named = WithdrawalAddress.objects.filter(address__in=addresses).order_by("platform_id", "address")
    return list(named.values_list("platform_id", "address").distinct())


@in_unit
def _adopt_next_withdrawal(
    platform_id: UUID, address: str, theirs: dict[UUID, ProviderTransfer], now: datetime
) -> str:
    """Put the platform's next withdrawal on the books, if it is among these and the money is there; return
    its id at the provider, else an empty text."""
    account = lock_withdrawable(platform_id)
    answer = theirs.get(key_for(key_of_withdrawal(platform_id, account.payout_count + 1)))
    if answer is None or not 0 < answer.amount <= account.balance:
        return ""
    withdrawal = hold_withdrawal(account, answer.amount, address, not_before=now, now=now)
    take_found(withdrawal.pk, answer, now)
    after = {"amount": withdrawal.amount}
    audit.record_many(
        [Record("withdrawal.rediscover", "transaction", str(withdrawal.pk), after=after)], now=now
    )
    return answer.id


@in_unit
def _adopt_next_payout(worker_id: UUID, theirs: dict[UUID, ProviderTransfer], now: datetime) -> str:
    """Put the worker's next payout on the books, if it is among these and the money is there; return its id
    at the provider, else an empty text."""
    account = lock_available_account(worker_id)
    answer = theirs.get(key_for(key_of(worker_id, account.payout_count + 1)))
    if answer is None or not 0 < answer.amount <= account.balance:
        return ""
    (payout,) = make_transfers([(account, answer.amount)], TransactionType.PAYOUT, now)
    take_found(payout.pk, answer, now)
    found = Record("payout.rediscover", "transaction", str(payout.pk), after={"amount": payout.amount})
    audit.record_many([found], now=now)
    return answer.id
