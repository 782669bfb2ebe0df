"""After a restore: the payouts that the provider already has are found by their keys and put back on the
books, before anything is submitted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Min

from audit import services as audit
from audit.services import Record
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from payments.enums import SwitchScope, TransactionStatus, TransactionType
from payments.errors import SwitchedAlready
from payments.models import PaymentSwitch, Transaction
from payments.provider import configured_provider
from payments.provider.protocol import PaymentProvider, ProviderTransfer
from payments.services.differences import SETTLING
from payments.services.payouts import available_account, hold, key_of
from payments.services.release import release_due_streams
from payments.services.submission import take_found
from payments.services.switches import RESTORING, let_payments_go_on, stop_payments
from payments.services.transfers import key_for, provider_key
from payments.services.withdrawals import hold_withdrawal, key_of_withdrawal, lock_withdrawable
from platforms.models import WithdrawalAddress
from workers.models import Worker

BY = "restore"


@dataclass(frozen=True, slots=True)
class Rediscovered:
    """What the gate found: payouts that were pending here, payouts that this database had never heard of, and
    the provider's ids of those that it cannot place."""

    submitted: int
    adopted: int
    strangers: Sequence[str]


def rediscover_payouts(
    *, since: datetime, now: datetime | None = None, provider: PaymentProvider | None = None
) -> Rediscovered:
    """Every transfer that the provider made since then is on the books: found by its key, or made again for
    the worker whose next payout it was, when the money is there.

    Payouts are stopped until all of them are; what cannot be placed is for staff, who let payouts go on. May
    be run again.
    """
    provider, now = provider or configured_provider(), now or database_now()
    _stop(now)
    # What has vested meanwhile is there to be paid out of.
    release_due_streams(now=now)
    pending = Transaction.objects.outgoing().filter(status=TransactionStatus.PENDING)
    oldest = pending.aggregate(oldest=Min("created_at"))["oldest"]
    since = min(filter(None, [since, oldest])) - SETTLING
    theirs = {one.key: one for one in provider.transfers(since=since) if one.key}
    submitted = _match(pending, theirs, now)
    strangers = _unknown(theirs, since)
    adopted = _adopt(strangers, now)
    left = [one.id for one in strangers if one.id not in adopted]
    if not left:
        _go_on(now)
    return Rediscovered(submitted, len(adopted), left)


def _stop(now: datetime) -> None:
    try:
        stop_payments(scope=SwitchScope.PAYOUTS, reason=RESTORING, by=BY, now=now)
    except SwitchedAlready:
        return


def _go_on(now: datetime) -> None:
    """Payouts go on if it was the gate that had stopped them."""
    if PaymentSwitch.objects.filter(scope=SwitchScope.PAYOUTS, on_at=None, off_by=BY).exists():
        let_payments_go_on(scope=SwitchScope.PAYOUTS, by=BY, now=now)


def _match(pending: Iterable[Transaction], theirs: Mapping[UUID, ProviderTransfer], now: datetime) -> int:
    """Pending payouts that the provider has are submitted; one of another amount or wallet is parked."""
    found = [(row.pk, theirs[key]) for row in pending if (key := provider_key(row)) in theirs]
    for transaction_id, answer in found:
        take_found(transaction_id, answer, now)
    taken = Transaction.objects.filter(pk__in=[one for one, _ in found], status=TransactionStatus.SUBMITTED)
    return taken.count()


def _unknown(theirs: Mapping[UUID, ProviderTransfer], since: datetime) -> list[ProviderTransfer]:
    rows = Transaction.objects.outgoing()
    known = {provider_key(row) for row in rows.filter(created_at__gte=since - timedelta(days=1)).iterator()}
    ids = [one.id for one in theirs.values()]
    handed_over = set(rows.filter(circle_tx_id__in=ids).values_list("circle_tx_id", flat=True))
    return [one for key, one in theirs.items() if key not in known and one.id not in handed_over]


def _adopt(strangers: Sequence[ProviderTransfer], now: datetime) -> set[str]:
    """The strangers that were made again as payouts, by the provider's ids."""
    to: defaultdict[str, dict[UUID, ProviderTransfer]] = defaultdict(dict)
    for one in strangers:
        if one.key:
            to[one.to_wallet][one.key] = one
    workers = Worker.objects.filter(wallet_address__in=list(to)).order_by("pk")
    adopted: set[str] = set()
    for worker_id, address in workers.values_list("pk", "wallet_address"):
        while found := _next_of(worker_id, to[address or ""], now):
            adopted.add(found)
    for platform_id, address in _platforms_at(list(to)):
        while found := _next_withdrawal_of(platform_id, address, to[address], now):
            adopted.add(found)
    return adopted


def _platforms_at(addresses: Sequence[str]) -> list[tuple[UUID, str]]:
    """Return the platforms that withdraw, or have withdrawn, to these addresses, each with its address."""
    named = WithdrawalAddress.objects.filter(address__in=addresses).order_by("platform_id", "address")
    return list(named.values_list("platform_id", "address").distinct())


@atomic_with_retry
def _next_withdrawal_of(
    platform_id: UUID, address: str, theirs: dict[UUID, ProviderTransfer], now: datetime
) -> str:
    """Put the platform's next withdrawal on the books, if it is one of these and the money is there; return
    its id at the provider, or nothing."""
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


@atomic_with_retry
def _next_of(worker_id: UUID, theirs: dict[UUID, ProviderTransfer], now: datetime) -> str:
    """The worker's next payout, if it is one of these and the money is there, is on the books; its id at the
    provider, or nothing."""
    account = available_account(worker_id)
    answer = theirs.get(key_for(key_of(worker_id, account.payout_count + 1)))
    if answer is None or not 0 < answer.amount <= account.balance:
        return ""
    (payout,) = hold([(account, answer.amount)], TransactionType.PAYOUT, now)
    take_found(payout.pk, answer, now)
    found = Record("payout.rediscover", "transaction", str(payout.pk), after={"amount": payout.amount})
    audit.record_many([found], now=now)
    return answer.id
