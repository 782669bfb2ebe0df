"""Payrolls: payables and charges, booked in a batch with the parts that rules withhold of the pay."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gigstream.jobs.registry import nudge_job
from payments.earnings import deductions
from payments.earnings.deductions import Deductions, Earning
from payments.earnings.payables import Charge, Payable, available_of, escrow_of
from payments.earnings.services.platform_rewards import add_rewards
from payments.earnings.vocabulary import FEE, HOLD, REFUND, REWARD
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.services.accounts import Place
from payments.ledger.subjects import WORK_EVENT, Subject
from payments.models import Account, ReportedEarning, Transaction
from payments.settlement.transactions import services as transactions
from payments.settlement.transactions.enums import TransactionType

_MOVEMENTS = {FEE: TransactionType.FEE, REFUND: TransactionType.REFUND}


@dataclass(frozen=True, slots=True)
class Line:
    """A posting, the transaction that it books, and the payable that it pays."""

    posting: Posting
    movement: Transaction | None = None
    payable: Payable | None = None


class Payroll:
    """Payables and charges that are booked together, so that all accounts are locked together.

    A batch takes a fixed number of statements, however many payables there are and for any kind of row.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._items: list[Payable | Charge] = []
        self._places: dict[Place, int] = {}
        self._deductions = Deductions([])
        self._locked: dict[int, Account] = {}

    def add(self, *items: Payable | Charge) -> None:
        """Put these on the payroll, to be booked in this order."""
        self._items += items

    def lock(self, worker_ids: Collection[UUID], places: Collection[Place]) -> None:
        """Lock everything that these places may move, and that rules may withhold from these workers' pay."""
        self.lock_deductions(worker_ids, places)
        self.lock_accounts(places)

    def lock_deductions(self, worker_ids: Collection[UUID], places: Collection[Place]) -> None:
        """Lock what rules may withhold from these workers' pay. `lock_accounts` follows, at once or after
        rows that are locked between loans and accounts."""
        self._places |= accounts.find(places) if places else {}
        self._deductions = deductions.lock(worker_ids, self.now)

    def lock_accounts(self, places: Collection[Place]) -> None:
        """Lock the accounts of these places, and those that rules may move."""
        ids = {self._places[place] for place in places}
        self._locked = ledger.lock({*ids, *self._deductions.accounts})

    def available(self, platform_id: UUID) -> Decimal:
        """Return the platform's available money, by its locked account."""
        return self._locked[self._places[available_of(platform_id)]].balance

    def book(self, *, is_repeated: bool = False) -> dict[str, int]:
        """Book everything on the payroll and the parts that rules withhold; return the entries' ids by their
        facts. A batch that `is_repeated` is compared with its entries, and nothing is booked.

        Raises InsufficientFunds, AmountTooLarge or ReplayMismatch.
        """
        self._lock_items()
        lines = [line for item in self._items for line in self._lines(item)]
        if is_repeated:
            return ledger.post([line.posting for line in lines], now=self.now, locked=self._locked)
        earnings = [_earning_of(line) for line in lines if line.payable and line.payable.is_deductible]
        withheld = self._deductions.withhold(earnings)
        postings = [*(line.posting for line in lines), *(taken.posting for taken in withheld)]
        entries = ledger.post(postings, now=self.now, locked=self._locked)
        add_rewards(item for item in self._items if isinstance(item, Payable))
        movements = [line.movement for line in lines if line.movement]
        transactions.insert([*movements, *(taken.movement for taken in withheld)], self.now)
        _record_reports(lines, entries)
        self._deductions.conclude()
        if earnings:
            nudge_job("create_due_payouts")
        return entries

    def _lock_items(self) -> None:
        places = {place for item in self._items for place in item.places}
        if self._locked:
            missing = places - self._places.keys()
            self._places |= accounts.find(missing) if missing else {}
        else:
            paid = [item for item in self._items if isinstance(item, Payable) and item.amount]
            self.lock({item.worker_id for item in paid if item.is_deductible}, places)

    def _lines(self, item: Payable | Charge) -> Iterable[Line]:
        if isinstance(item, Charge):
            if item.amount:
                yield charge_line(
                    item, debit=self._places[item.payer], credit=self._places[item.payee], now=self.now
                )
            return
        payer = self._places[item.payer]
        key = item.fee_key or item.key
        if item.is_held_first and item.platform_id:
            source = self._places[available_of(item.platform_id)]
            total = item.amount + item.fee
            yield Line(Posting(HOLD, source, payer, total, f"hold:{key}", item.subject))
        if item.amount:
            yield self._pay_line(item, payer)
        if item.fee and item.platform_id:
            yield from self._lines(
                Charge(
                    kind=FEE,
                    platform_id=item.platform_id,
                    amount=item.fee,
                    key=key,
                    subject=item.subject,
                    also=_paid_report(item),
                )
            )

    def _pay_line(self, item: Payable, payer: int) -> Line:
        movement = _reward_movement(item, self.now) if item.kind == REWARD else None
        posting = Posting(
            item.kind,
            payer,
            self._places[item.payee],
            item.amount,
            key=None if item.sequence else f"{item.kind}:{item.key}",
            subject=item.subject,
            sequence=item.sequence,
            transaction_id=movement.pk if movement else None,
            paid_at_once=item.paid_at_once,
        )
        return Line(posting, movement, item)


def _earning_of(line: Line) -> Earning:
    if line.payable is None:
        raise ValueError(f"{line.posting.fact} is no pay")
    posting = line.posting
    return Earning(posting.fact, line.payable.worker_id, posting.credit, posting.amount)


def _reward_movement(item: Payable, now: datetime) -> Transaction:
    return transactions.new_internal(
        now,
        type=TransactionType.REWARD,
        amount=item.amount,
        platform_id=item.platform_id,
        worker_id=item.worker_id,
        idempotency_key=f"{item.kind}:{item.key}",
        **transactions.columns_of(item.subject, _paid_report(item)),
    )


def _paid_report(item: Payable) -> Subject | None:
    """Return the report that a reward is paid for. Other pay is for work, reported or not."""
    is_reward = item.kind == REWARD
    return Subject(WORK_EVENT, item.work_event_id) if is_reward and item.work_event_id else None


def _record_reports(lines: Collection[Line], entries: dict[str, int]) -> None:
    """Write which reports have led to which of the entries: each to a single entry."""
    reported = [
        ReportedEarning(work_event_id=line.payable.work_event_id, entry_id=entries[line.posting.fact])
        for line in lines
        if line.payable and line.payable.work_event_id
    ]
    if reported:
        ReportedEarning.unguarded.bulk_create(reported)


def charge_line(charge: Charge, *, debit: int, credit: int, now: datetime) -> Line:
    """Return the line of a fee or refund between two accounts: its posting and its transaction, both keyed by
    the fact."""
    type_ = _MOVEMENTS[charge.kind]
    movement = transactions.new_internal(
        now,
        type=type_,
        amount=charge.amount,
        platform_id=charge.platform_id,
        idempotency_key=f"{type_}:{charge.key}",
        **transactions.columns_of(charge.subject, charge.also),
    )
    posting = Posting(
        charge.kind,
        debit,
        credit,
        charge.amount,
        key=f"{charge.kind}:{charge.key}",
        subject=charge.subject,
        transaction_id=movement.pk,
    )
    return Line(posting, movement)


def hold_in_escrow(platform_id: UUID, amount: Decimal, *, subject: Subject, key: str, now: datetime) -> None:
    """Move `amount` from the platform's available money to its escrow, for this subject. Raises
    InsufficientFunds."""
    available, escrow = available_of(platform_id), escrow_of(platform_id)
    ids = accounts.find([available, escrow])
    hold = Posting(HOLD, ids[available], ids[escrow], amount, key=key, subject=subject)
    ledger.post([hold], now=now)
