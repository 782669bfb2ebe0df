"""History of a payment in order: ledger entries, calls to the provider, its reports, acts of staff."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from audit.log.enums import ActorType
from audit.models import AuditLog
from gigstream.core.money import usdc
from payments.models import LedgerEntry, ProviderNotification, SettlementAttempt, Transaction
from payments.settlement.transfers.enums import NotificationStatus


@dataclass(frozen=True, slots=True)
class Moment:
    """An event in the history of a payment: its kind, and a text."""

    at: datetime
    kind: str
    text: str


def payment_timeline(movement: Transaction, *, entries: bool = True) -> list[Moment]:
    """Return ledger entries, calls to the provider, its reports and the acts on the payment, the oldest
    first, in a fixed number of statements. Names no member of staff; `entries` may be left out."""
    moments = [
        *(_entry_moments(LedgerEntry.objects.filter(transaction=movement).order_by("id")) if entries else ()),
        *_call_moments(SettlementAttempt.objects.filter(transaction=movement).order_by("number")),
        *_report_moments(movement),
        *_act_moments(movement),
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _entry_moments(entries: Iterable[LedgerEntry]) -> Iterable[Moment]:
    for entry in entries:
        yield Moment(entry.created_at, "entry", f"{usdc(entry.amount)} booked as {entry.kind}")


def call_words(call: SettlementAttempt) -> str:
    """Return the call to the provider and its answer in words."""
    if call.ended_at is None:
        ended = "no answer yet"
    elif call.error_class and not call.state:
        ended = f"{call.error_class}, {call.milliseconds} ms: {call.error_message}"
    else:
        ended = f"{call.state or 'done'}, {call.milliseconds} ms"
    return f"{call.operation} at {call.service}: {ended}"


def _call_moments(calls: Iterable[SettlementAttempt]) -> Iterable[Moment]:
    for call in calls:
        yield Moment(call.started_at, "call", call_words(call))


def _report_moments(movement: Transaction) -> Iterable[Moment]:
    if not movement.circle_tx_id:
        return
    believed = [NotificationStatus.GENUINE, NotificationStatus.APPLIED]
    reports = ProviderNotification.objects.filter(transfer_id=movement.circle_tx_id, status__in=believed)
    for report in reports.order_by("id"):
        yield Moment(report.received_at, "report", f"{report.provider} reported {report.state}")


def _act_moments(movement: Transaction) -> Iterable[Moment]:
    acts = AuditLog.objects.filter(resource_type="transaction", resource_id=str(movement.pk))
    for act in acts.order_by("id"):
        actor = "staff" if act.actor_type == ActorType.STAFF else act.actor_type
        reason = act.error_message or act.metadata.get("reason") or act.metadata.get("error") or ""
        yield Moment(act.created_at, "act", f"{act.action} by {actor}" + (f": {reason}" if reason else ""))
