"""Context of decisions about transfers, and notices about the money of workers and platforms."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, Sum
from django.template.defaultfilters import pluralize
from django.utils.html import format_html

from gigstream.adminkit import (
    EMPTY,
    ContextLine,
    Notice,
    add_context,
    add_notices,
    against,
    isolate_text,
    link_to,
    link_with_reference,
)
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from gigstream.core.people import masking
from gigstream.core.people.staff_names import name_actor
from payments.ledger.enums import AccountName
from payments.models import Account, PaymentSwitch, PayoutHold, SettlementAttempt, Stream, Transaction
from payments.settlement.switches.enums import SwitchScope
from payments.settlement.transactions.enums import (
    TO_WORKERS,
    UNDER_WAY,
    TransactionStatus,
    TransactionType,
)
from payments.streams.enums import OPEN_STREAMS
from platforms.models import Platform
from workers.models import WalletChange, Worker

# Names under which a row keeps the holds and the stop that a page has read.
_HOLDS, _STOP = "_open_holds", "_open_stop"
# A wallet that is younger speaks against a payout.
YOUNG_WALLET = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Money:
    """Balances of a worker or a platform, by the names of their accounts."""

    balances: dict[str, Decimal]

    def __getitem__(self, name: str) -> Decimal:
        return self.balances.get(name, ZERO)


def money_of(owner: str, keys: Collection[UUID]) -> dict[UUID, Money]:
    """Return the balances of each worker or platform, by one statement."""
    found: dict[UUID, Money] = {key: Money({}) for key in keys}
    rows = Account.objects.filter(**{f"{owner}__in": keys}).values_list(owner, "name", "balance")
    for key, name, balance in rows:
        found[key].balances[name] = balance
    return found


# --- Holds and stops ----------------------------------------------------------------------------------------
def hold_in_words(hold: PayoutHold) -> str:
    """Return the amount of the hold, its times, its maker and its reason."""
    kept = "everything" if hold.amount is None else usdc(hold.amount)
    until = f"until {hold.expires_at:%Y-%m-%d %H:%M} UTC" if hold.expires_at else "until a person ends it"
    by = name_actor(hold.created_by)
    return f"{kept} since {hold.created_at:%Y-%m-%d at %H:%M} UTC, {until}, by {by}: {hold.reason}"


def _open_holds(owner: str, keys: Iterable[UUID | None]) -> dict[UUID, list[PayoutHold]]:
    """Return the open holds of each worker or platform, by one statement."""
    found: dict[UUID, list[PayoutHold]] = {}
    holds = PayoutHold.objects.open().filter(**{f"{owner}__in": {key for key in keys if key}})
    for hold in holds.order_by("created_at"):
        found.setdefault(getattr(hold, f"{owner}_id"), []).append(hold)
    return found


def _read_holds(rows: Sequence[Worker | Platform]) -> None:
    """Let each worker or platform know its open holds, read once for a page by one statement."""
    unknown = [row for row in rows if _HOLDS not in vars(row)]
    if unknown:
        owner = "worker" if isinstance(unknown[0], Worker) else "platform"
        found = _open_holds(owner, [row.pk for row in unknown])
        for row in unknown:
            vars(row)[_HOLDS] = found.get(row.pk, [])


def holds_on(row: Worker | Platform) -> list[PayoutHold]:
    """Return the open holds of the worker or platform, read once for a page."""
    _read_holds([row])
    known: list[PayoutHold] = vars(row)[_HOLDS]
    return known


def stop_of(platform: Platform) -> PaymentSwitch | None:
    """Return the stop of payouts to the platform's workers that is in force, read once for a page."""
    if _STOP not in vars(platform):
        vars(platform)[_STOP] = _open_stops([platform]).get(platform.pk)
    known: PaymentSwitch | None = vars(platform)[_STOP]
    return known


def _open_stops(platforms: Sequence[Platform]) -> dict[UUID, PaymentSwitch]:
    """Return the stops in force of payouts to the workers of each platform, by one statement."""
    keys = [str(platform.pk) for platform in platforms]
    off = PaymentSwitch.objects.filter(scope=SwitchScope.PLATFORM, on_at=None, subject__in=keys)
    return {UUID(switch.subject): switch for switch in off}


def _hold_notices(holds: Sequence[PayoutHold]) -> list[Notice]:
    return [
        Notice("held", format_html("{}: {}", link_to(hold, "Hold"), isolate_text(hold_in_words(hold))))
        for hold in holds
    ]


def _notices_of_workers(workers: Sequence[Worker]) -> dict[Any, list[Notice]]:
    _read_holds(workers)
    return {worker.pk: _hold_notices(holds_on(worker)) for worker in workers}


def _notices_of_platforms(platforms: Sequence[Platform]) -> dict[Any, list[Notice]]:
    """Return the holds on withdrawals, and the stops of payouts to the platforms' workers."""
    _read_holds(platforms)
    stops = _open_stops(platforms)
    for platform in platforms:
        vars(platform)[_STOP] = stops.get(platform.pk)
    return {
        one.pk: [
            *_hold_notices(holds_on(one)),
            *([_stop_notice(stops[one.pk])] if one.pk in stops else ()),
        ]
        for one in platforms
    }


def _stop_notice(switch: PaymentSwitch) -> Notice:
    text = format_html(
        "{} since {} UTC by {}: {}",
        link_to(switch, "Payouts to its workers, and its withdrawals"),
        f"{switch.created_at:%Y-%m-%d at %H:%M}",
        isolate_text(name_actor(switch.off_by)),
        isolate_text(switch.reason),
    )
    return Notice("stopped", text, "failed")


def _notices_of_transfers(rows: Sequence[Transaction]) -> dict[Any, list[Notice]]:
    """Return the holds of the workers whose transfers have not ended or have failed: they keep later ones."""
    workers = [row.worker for row in rows if row.worker is not None]
    _read_holds(workers)
    kept = [row for row in rows if row.status in UNDER_WAY or row.status == TransactionStatus.FAILED]
    return {row.pk: _hold_notices(holds_on(row.worker)) for row in kept if row.worker is not None}


add_notices(Worker, _notices_of_workers)
add_notices(Platform, _notices_of_platforms)
add_notices(Transaction, _notices_of_transfers)


# --- Transfers ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Record:
    """Earlier transfers to a worker, and the day from which their wallet holds."""

    confirmed: int = 0
    amount: Decimal = ZERO
    failed: int = 0
    wallet_since: datetime | None = None


def _records(workers: Sequence[Worker]) -> dict[UUID, Record]:
    """Return the record of each worker, by two statements."""
    keys = [worker.pk for worker in workers]
    ended = Transaction.objects.filter(worker__in=keys, type__in=TO_WORKERS).order_by()
    settled = Q(status=TransactionStatus.CONFIRMED)
    rows: Any = ended.values("worker").annotate(
        confirmed=Count("pk", filter=settled),
        sum=Sum("amount", filter=settled),
        failed=Count("pk", filter=Q(status=TransactionStatus.FAILED)),
    )
    counted = {row["worker"]: row for row in rows}
    applied = WalletChange.objects.filter(worker__in=keys, applied_at__isnull=False).order_by()
    changed = dict(applied.values_list("worker").annotate(at=Max("applied_at")))
    return {worker.pk: _record(worker, counted.get(worker.pk), changed.get(worker.pk)) for worker in workers}


def _record(worker: Worker, counted: dict[str, Any] | None, changed_at: datetime | None) -> Record:
    since = changed_at or worker.wallet_proved_at
    if counted is None:
        return Record(wallet_since=since)
    return Record(counted["confirmed"], counted["sum"] or ZERO, counted["failed"], since)


def _context(rows: Sequence[Transaction]) -> dict[Any, list[ContextLine]]:
    """Return wallet, earlier transfers, the provider's last answer and, of a failed transfer, its money, by
    seven statements."""
    workers = {row.worker_id: row.worker for row in rows if row.worker is not None}
    platforms = {row.platform_id for row in rows if row.platform_id and row.worker_id is None}
    records, now = _records(list(workers.values())), database_now()
    money = money_of("worker", [key for key in workers if key])
    of_platforms = money_of("platform", [key for key in platforms if key])
    newest = SettlementAttempt.objects.filter(transaction__in=rows).order_by("transaction", "-number")
    calls = {call.transaction_id: call for call in newest.distinct("transaction")}
    failed = [row for row in rows if row.status == TransactionStatus.FAILED]
    holds = _open_holds("worker", [row.worker_id for row in failed]) if failed else {}
    found = {}
    for row in rows:
        lines = _what_it_is(row)
        if row.worker is not None and row.worker_id is not None:
            lines += _about_worker(row, records[row.worker_id], money[row.worker_id], now)
        elif row.platform_id in of_platforms:
            available = usdc(of_platforms[row.platform_id][AccountName.AVAILABLE])
            lines.append(ContextLine("Available to the platform besides it", available))
        found[row.pk] = [*lines, *_about_calls(row, calls.get(row.pk))]
    for row in failed:
        found[row.pk] += _about_failure(row, holds.get(row.worker_id, []) if row.worker_id else [])
    return found


def _about_failure(row: Transaction, holds: Sequence[PayoutHold]) -> list[ContextLine]:
    """Return how often a failed transfer was tried, and the way of its money, given the worker's holds."""
    tries = ContextLine("Tried", f"{row.retry_count} time{pluralize(row.retry_count)}")
    amount = f"{usdc(row.amount)} is in the {'worker' if row.worker_id else 'platform'}'s balance again"
    if row.type != TransactionType.PAYOUT:
        return [tries, ContextLine("Its money", f"{amount}; nothing is sent again by itself.")]
    whole = [hold for hold in holds if hold.amount is None]
    if not whole:
        return [tries, ContextLine("Its money", f"{amount} and is paid out at the next run.")]
    ends = [hold.expires_at for hold in whole if hold.expires_at]
    until = f"{max(ends):%Y-%m-%d %H:%M} UTC" if len(ends) == len(whole) else "a person ends the hold"
    return [tries, against("Its money", f"{amount} and is held there until {until}.")]


def _what_it_is(row: Transaction) -> list[ContextLine]:
    owner = row.worker or row.platform
    to = masking.mask_value("to_wallet", row.to_wallet) or EMPTY
    return [
        ContextLine("Of", link_with_reference(owner) or EMPTY),
        ContextLine("Goes to", to),
        ContextLine("Key", row.idempotency_key, on_card=False),
    ]


def _about_worker(row: Transaction, record: Record, money: Money, now: datetime) -> list[ContextLine]:
    since = record.wallet_since
    young = since is not None and now - since < YOUNG_WALLET
    wallet = "not known" if since is None else f"since {since:%Y-%m-%d}"
    earlier = f"{record.confirmed} for {usdc(record.amount)}, {record.failed} failed"
    is_odd = record.confirmed == 0 or record.failed > 0
    available = f"{usdc(money[AccountName.AVAILABLE])}, in transit {usdc(money[AccountName.IN_TRANSIT])}"
    return [
        ContextLine("That wallet is theirs", wallet, is_against=young),
        ContextLine("Earlier transfers", earlier, is_against=is_odd),
        ContextLine("Available to the worker besides it", available),
    ]


def _about_calls(row: Transaction, call: SettlementAttempt | None) -> list[ContextLine]:
    lines = []
    if row.parked_at is not None:
        why = row.get_parked_reason_display() if row.parked_reason else row.error_message
        lines.append(against("Waits for staff", f"since {row.parked_at:%Y-%m-%d at %H:%M} UTC: {why}"))
    if call is None:
        return [*lines, ContextLine("Provider's last answer", "it was not called yet")]
    answer = call.state or call.error_class or "no answer"
    text = f"{answer} to call {call.number}, on {call.started_at:%Y-%m-%d at %H:%M} UTC"
    said = f"{text}: {row.error_message}" if row.error_message else text
    return [*lines, ContextLine("Provider's last answer", said, is_against=call.error_class is not None)]


add_context(Transaction, _context)


def effect_of_cancelling(payout: Transaction) -> str:
    """Return the consequences of cancelling for the payout's money, with the holds that the worker has."""
    amount = usdc(payout.amount)
    holds = _open_holds("worker", [payout.worker_id]).get(payout.worker_id, []) if payout.worker_id else []
    everything = any(hold.amount is None for hold in holds)
    again = (
        "all payouts of this worker are held, so it stays until that hold ends too"
        if everything
        else "it is paid out again at the next run, unless payouts of this worker are held until then"
    )
    return (
        f"{amount} is in the worker's balance again. If you hold it, it stays there until a second person"
        " ends the"
        f" hold or its days are over. If you leave it to the schedule, {again}."
    )


# --- Workers and platforms ----------------------------------------------------------------------------------
def _money_of_workers(workers: Sequence[Worker]) -> dict[Any, list[ContextLine]]:
    """Return the balances of the workers, and their open streams and transfers, by three statements."""
    keys = [worker.pk for worker in workers]
    money = money_of("worker", keys)
    running = Stream.objects.filter(worker__in=keys, status__in=OPEN_STREAMS).order_by()
    streams = {
        key: (count, rest)
        for key, count, rest in running.values_list("worker").annotate(
            count=Count("pk"), rest=Sum("remaining_amount")
        )
    }
    under_way = Transaction.objects.filter(worker__in=keys, type__in=TO_WORKERS, status__in=UNDER_WAY)
    transfers = dict(under_way.order_by().values_list("worker").annotate(count=Count("pk")))
    return {worker.pk: _worker_lines(worker, money[worker.pk], streams, transfers) for worker in workers}


def _worker_lines(
    worker: Worker, money: Money, streams: dict[Any, tuple[int, Decimal]], transfers: dict[Any, int]
) -> list[ContextLine]:
    count, rest = streams.get(worker.pk, (0, ZERO))
    under_way = f"{usdc(money[AccountName.IN_TRANSIT])} in {transfers.get(worker.pk, 0)} transfers"
    owed = -money[AccountName.LOAN]
    return [
        ContextLine("Available", usdc(money[AccountName.AVAILABLE])),
        ContextLine("On its way", under_way),
        ContextLine("Open streams", f"{count} with {usdc(rest)} to come"),
        ContextLine("Owed on advances", usdc(max(owed, ZERO))),
        ContextLine("Reputation", f"{worker.reputation_score} of 1000"),
        ContextLine("Earned in all", f"{usdc(worker.total_earned)} for {worker.total_tasks} tasks"),
    ]


def _money_of_platforms(platforms: Sequence[Platform]) -> dict[Any, list[ContextLine]]:
    """Return the money of the platforms and their newest deposit, by three statements."""
    keys = [platform.pk for platform in platforms]
    money = money_of("platform", keys)
    running = Stream.objects.filter(platform__in=keys, status__in=OPEN_STREAMS).order_by()
    streams = dict(running.values_list("platform").annotate(count=Count("pk")))
    deposits = Transaction.objects.filter(platform__in=keys, type=TransactionType.DEPOSIT).order_by()
    arrived = {
        key: (count, total, last)
        for key, count, total, last in deposits.values_list("platform").annotate(
            count=Count("pk"), total=Sum("amount"), last=Max("created_at")
        )
    }
    return {
        platform.pk: _platform_lines(platform, money[platform.pk], streams, arrived) for platform in platforms
    }


def _platform_lines(
    platform: Platform,
    money: Money,
    streams: dict[Any, int],
    arrived: dict[Any, tuple[int, Decimal, datetime]],
) -> list[ContextLine]:
    deposits = "none yet"
    if platform.pk in arrived:
        count, total, last = arrived[platform.pk]
        deposits = f"{count} for {usdc(total)}, the last on {last:%Y-%m-%d}"
    lines = [
        ContextLine("Available", usdc(money[AccountName.AVAILABLE])),
        ContextLine("In escrow for work", usdc(money[AccountName.ESCROW])),
        ContextLine("Open streams", str(streams.get(platform.pk, 0))),
        ContextLine("Workers with open tasks", str(platform.active_workers)),
        ContextLine("Fee now", f"{Decimal(platform.fee_bps) / 100:f} %"),
        ContextLine("Deposits so far", deposits),
    ]
    return lines if platform.is_active else [*lines, against("State", "the platform is suspended")]


add_context(Worker, _money_of_workers)
add_context(Platform, _money_of_platforms)
