"""Money in timelines: earnings, transactions, payouts and the pay in them, calls to the provider, holds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.text import capfirst

from audit.log.admin.timelines import log_of_many_lines
from gigstream.adminkit import (
    Found,
    InvalidPosition,
    Kinds,
    Moment,
    Pair,
    RowSource,
    TimelineKind,
    add_to_timeline,
    admin_url,
    follow_rows,
    list_url,
    name_rows_by,
)
from gigstream.core.money import usdc
from payments.ledger.entry_kinds import kind_words
from payments.ledger.querysets import belong_to
from payments.ledger.subjects import LOAN, QUEST, STREAM, TASK, subject_of
from payments.models import (
    CoveredTask,
    LedgerEntry,
    PayoutHold,
    PlatformPayout,
    ProviderNotification,
    SettlementAttempt,
    Stream,
    Transaction,
)
from payments.settlement.transactions.enums import TransactionStatus
from payments.settlement.transfers.enums import NotificationStatus
from payments.statements.selectors.releases import earning_lines, release_days
from payments.statements.selectors.timeline import call_words
from platforms.models import Platform, Task
from workers.models import Worker

_MONEY: Kinds = {TimelineKind.MONEY: Q()}
_STATUS: Kinds = {TimelineKind.STATUS: Q()}
# An id that no entry has reached.
_NEWEST = 2**63 - 1
_NAMED = {TASK.number, STREAM.number, LOAN.number, QUEST.number}


def _subject_pair(number: int | None, key: Any) -> Pair | None:
    """Return kind and id of an entry's subject, if it is of a kind with pages."""
    subject = subject_of(number, key)
    return (subject.kind.name, str(subject.id)) if subject and subject.kind.number in _NAMED else None


def _releases_address(stream_id: Any, first: int, last: int) -> str:
    """Return the address of the list of a stream's releases from the first to the last sequence."""
    return list_url(LedgerEntry, stream=stream_id, releases=f"{first}-{last}")


def _count_words(number: int) -> str:
    return "1 release" if number == 1 else f"{number:,} releases"


@dataclass(frozen=True, slots=True)
class EarningSource:
    """A worker's earnings, a stream's releases added up by day. A position is the entry at which a run of
    entries begins, and how many of its lines were read."""

    name: str = "earnings"
    model: type[models.Model] = LedgerEntry
    kinds: ClassVar[Kinds] = _MONEY

    def read(self, row: Worker, wanted: frozenset[TimelineKind], position: str, most: int) -> Found:
        """Return up to `most` lines older than the position."""
        start, skip = self._parse(position) if position else (_NEWEST, 0)
        found = earning_lines(row.pk, before=start)
        if not position and found.lines:
            # Entries that are booked meanwhile do not move the lines of the next page.
            start = found.lines[0].entry_id + 1
        lines = found.lines[skip : skip + most]
        places = [f"{start}:{skip + number}" for number in range(1, len(lines) + 1)]
        is_last = skip + most >= len(found.lines)
        if places and is_last and found.older_than is not None:
            places[-1] = f"{found.older_than}:0"
        moments = [(place, _earning_moment(line)) for place, line in zip(places, lines, strict=True)]
        return Found(moments, not is_last or (found.older_than is not None and bool(lines)))

    @staticmethod
    def _parse(position: str) -> tuple[int, int]:
        start, _, skip = position.partition(":")
        if not (start.isdigit() and skip.isdigit() and len(start) < 20 and len(skip) < 9):
            raise InvalidPosition(position)
        return min(int(start), _NEWEST), int(skip)


def _earning_moment(line: Any) -> Moment:
    words = kind_words(line.kind, None, line.subject_kind)
    url = list_url(LedgerEntry, q=line.entry_id)
    if line.releases:
        words = f"{words}, {_count_words(line.number)}"
        url = _releases_address(line.subject_id, *line.releases)
    return Moment(
        at=line.at,
        kind=TimelineKind.MONEY,
        text=words,
        about=_subject_pair(line.subject_kind, line.subject_id),
        amount=usdc(line.amount),
        url=url,
    )


@dataclass(frozen=True, slots=True)
class ReleaseDaySource:
    """The releases of a stream, added up by day; a position is a day."""

    name: str = "releases"
    model: type[models.Model] = LedgerEntry
    kinds: ClassVar[Kinds] = _MONEY

    def read(self, row: Stream, wanted: frozenset[TimelineKind], position: str, most: int) -> Found:
        """Return up to `most` days older than the position."""
        try:
            before = date.fromisoformat(position) if position else None
        except ValueError as error:
            raise InvalidPosition(position) from error
        days = release_days(row.pk, before=before, most=most + 1)
        moments = [
            (
                day.day.isoformat(),
                Moment(
                    at=day.at,
                    kind=TimelineKind.MONEY,
                    text=f"Work released, {_count_words(day.number)}",
                    amount=usdc(day.amount),
                    url=_releases_address(row.pk, day.first_release, day.last_release),
                ),
            )
            for day in days[:most]
        ]
        return Found(moments, len(days) > most)


def transaction_moment(row: Transaction) -> Moment:
    return Moment(
        at=row.created_at,
        kind=TimelineKind.MONEY,
        text=f"{row.get_type_display()} {row.get_status_display().lower()}",
        amount=usdc(row.amount),
        why=row.error_message,
        url=admin_url(row),
        is_bad=row.status == TransactionStatus.FAILED,
    )


def _entry_moment(entry: LedgerEntry) -> Moment:
    return Moment(
        at=entry.created_at,
        kind=TimelineKind.MONEY,
        text=kind_words(
            entry.kind, entry.transaction.type if entry.transaction else None, entry.subject_kind
        ),
        amount=usdc(entry.amount),
        url=admin_url(entry),
    )


def _hold_moment(hold: PayoutHold) -> Moment:
    text = "Money held" + (f" until {hold.expires_at:%Y-%m-%d %H:%M} UTC" if hold.expires_at else "")
    if hold.ended_at:
        because = str(hold.get_ended_because_display()).lower()
        text += f", ended {hold.ended_at:%Y-%m-%d %H:%M} UTC ({because})"
    return Moment(
        at=hold.created_at,
        kind=TimelineKind.STAFF,
        text=text,
        by=hold.created_by,
        decided_by=hold.ended_by,
        amount="everything" if hold.amount is None else usdc(hold.amount),
        why=hold.reason,
        url=admin_url(hold),
    )


def _paid_out_moment(part: CoveredTask) -> Moment:
    payout = part.payout
    text = "Used to repay an advance or for a correction"
    if payout:
        text = "Paid out" if payout.status == TransactionStatus.CONFIRMED else "Part of a payout"
    return Moment(
        at=part.created_at,
        kind=TimelineKind.MONEY,
        text=text,
        about=("transaction", str(payout.pk)) if payout else None,
        amount=usdc(part.amount),
        url=admin_url(part),
    )


def _carried_moment(part: PlatformPayout) -> Moment:
    return Moment(
        at=part.created_at,
        kind=TimelineKind.MONEY,
        text=f"Pay of {part.task_count} {'task' if part.task_count == 1 else 'tasks'} paid out to a worker",
        about=("transaction", str(part.payout_id)),
        amount=usdc(part.amount),
    )


def _call_moment(call: SettlementAttempt) -> Moment:
    return Moment(
        at=call.started_at,
        kind=TimelineKind.STATUS,
        text=capfirst(call_words(call)),
        url=admin_url(call),
        is_bad=bool(call.error_class and not call.state),
    )


def _report_moment(report: ProviderNotification) -> Moment:
    return Moment(
        at=report.received_at,
        kind=TimelineKind.STATUS,
        text=f"{report.provider} reported {report.state}",
        by="provider:",
        url=admin_url(report),
    )


def transactions_source(name: str) -> RowSource:
    """Return the source of the transactions that name the row in this column."""
    return RowSource(
        name="transactions",
        model=Transaction,
        rows=lambda row: Transaction.objects.filter(**{name: row.pk}),
        moment=transaction_moment,
        kinds=_MONEY,
    )


def _holds(name: str) -> RowSource:
    """Return the source of the holds that name the row in this column."""
    return RowSource(
        name="holds",
        model=PayoutHold,
        rows=lambda row: PayoutHold.objects.filter(**{name: row.pk}),
        moment=_hold_moment,
        kinds={TimelineKind.STAFF: Q()},
    )


def _paid_out(task: str) -> RowSource:
    """Return the source of the payouts that carry a task's pay; `task` names the task's id on the row."""
    return RowSource(
        name="paid_out",
        model=CoveredTask,
        rows=lambda row: CoveredTask.objects.filter(task=getattr(row, task)).select_related("payout"),
        moment=_paid_out_moment,
        kinds=_MONEY,
        is_numbered=True,
    )


def entries_source(condition: Callable[[Any], Q]) -> RowSource:
    """Return the source of the entries that a function of the row finds."""
    return RowSource(
        name="entries",
        model=LedgerEntry,
        rows=lambda row: LedgerEntry.objects.filter(condition(row)).select_related("transaction"),
        moment=_entry_moment,
        kinds=_MONEY,
        is_numbered=True,
    )


def _believed_reports(row: Transaction) -> Any:
    believed = [NotificationStatus.GENUINE, NotificationStatus.APPLIED]
    reports = ProviderNotification.objects.filter(status__in=believed)
    return reports.filter(transfer_id=row.circle_tx_id) if row.circle_tx_id else reports.none()


add_to_timeline(
    Worker,
    log_of_many_lines(),
    EarningSource(),
    transactions_source("worker"),
    _holds("worker"),
)
add_to_timeline(
    Platform,
    log_of_many_lines(),
    transactions_source("platform"),
    _holds("platform"),
    RowSource(
        name="carried",
        model=PlatformPayout,
        rows=lambda row: PlatformPayout.objects.filter(platform=row),
        moment=_carried_moment,
        kinds=_MONEY,
    ),
)
add_to_timeline(Task, entries_source(lambda row: belong_to(TASK, row.pk)), _paid_out("pk"))
add_to_timeline(
    Stream,
    ReleaseDaySource(),
    entries_source(lambda row: belong_to(TASK, row.task_id)),
    _paid_out("task_id"),
)
add_to_timeline(
    Transaction,
    entries_source(lambda row: Q(transaction=row.pk)),
    RowSource(
        name="calls",
        model=SettlementAttempt,
        rows=lambda row: SettlementAttempt.objects.filter(transaction=row),
        moment=_call_moment,
        kinds=_STATUS,
        is_numbered=True,
    ),
    RowSource(
        name="reports",
        model=ProviderNotification,
        rows=_believed_reports,
        moment=_report_moment,
        kinds=_STATUS,
        is_numbered=True,
    ),
    _holds("payout"),
)
follow_rows(
    Task,
    lambda row: [("stream", str(pk)) for pk in Stream.objects.filter(task=row).values_list("pk", flat=True)],
)
name_rows_by(Stream, "task__title")
name_rows_by(Transaction, "type", "worker__full_name", "platform__name")
name_rows_by(PayoutHold, "worker__full_name", "platform__name")
