"""Ledger, provider and chain compared, transfer by transfer. A difference is a row that stays open until it
is gone or staff have explained it."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from audit import services as audit
from audit.services import Record, verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from payments.enums import BreakBucket, TransactionStatus
from payments.errors import BreakResolved
from payments.models import Reconciliation, ReconciliationBreak, Transaction
from payments.provider import configured_provider, states
from payments.provider.protocol import PaymentProvider, ProviderTransfer
from payments.services.transfers import is_another, provider_key

LOOKS_BACK = timedelta(days=2)
# What was made within these is still being told from one to the other.
SETTLING = timedelta(minutes=2)
LATE_AFTER = timedelta(minutes=30)
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """One transfer about which ours and theirs do not agree."""

    bucket: BreakBucket
    subject: str
    transaction_id: UUID | None
    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None


def reconcile_settlements(
    *, since: datetime | None = None, now: datetime | None = None, provider: PaymentProvider | None = None
) -> int:
    """Every transfer made since then is compared with the provider's list, and each difference is on record;
    those that are gone are resolved. Returns how many are open."""
    provider = provider or configured_provider()
    now = now or database_now()
    since = since or now - LOOKS_BACK
    began = time.monotonic()
    theirs = {one.id: one for one in provider.transfers(since=since - SETTLING)}
    by_key = {one.key: one for one in theirs.values() if one.key}
    differences: list[Difference] = []
    matched, seen = 0, set[str]()
    for payout in _ours(since):
        other = theirs.get(payout.circle_tx_id or "") or by_key.get(provider_key(payout))
        if other:
            seen.add(other.id)
        difference = _compare(payout, other, now)
        matched += difference is None
        if difference:
            differences.append(difference)
    differences += _strangers(theirs, seen, since, now)
    return _keep(differences, matched, since, now, began)


def _ours(since: datetime) -> Iterator[Transaction]:
    return Transaction.objects.outgoing().filter(created_at__gte=since).order_by("pk").iterator(BATCH)


def _compare(payout: Transaction, other: ProviderTransfer | None, now: datetime) -> Difference | None:
    bucket = _bucket(payout, other, now)
    if bucket is None:
        return None
    return Difference(bucket, payout.idempotency_key, payout.pk, _our_side(payout), _their_side(other))


def _bucket(payout: Transaction, other: ProviderTransfer | None, now: datetime) -> BreakBucket | None:
    fresh = now - payout.updated_at < SETTLING
    if other is None:
        handed_over = payout.status in (TransactionStatus.SUBMITTED, TransactionStatus.CONFIRMED)
        return BreakBucket.MISSING_THERE if handed_over and not fresh else None
    if is_another(payout, other):
        return BreakBucket.AMOUNT_DIFFERS
    if _states_disagree(payout, other) and not fresh:
        return BreakBucket.STATE_DIFFERS
    under_way = payout.status in (TransactionStatus.PENDING, TransactionStatus.SUBMITTED)
    if under_way and now - payout.created_at > LATE_AFTER:
        return BreakBucket.LATE
    return None


def _states_disagree(payout: Transaction, other: ProviderTransfer) -> bool:
    """Whether one of the two says that the money has moved, or has not, for good, and the other does not."""
    if payout.status == TransactionStatus.CONFIRMED:
        return other.state not in states.ON_CHAIN or other.tx_hash != payout.tx_hash
    if payout.status in (TransactionStatus.FAILED, TransactionStatus.CANCELLED):
        return other.state not in states.FAILURES
    return other.state in states.TERMINAL


def _strangers(
    theirs: Mapping[str, ProviderTransfer], seen: set[str], since: datetime, now: datetime
) -> Iterator[Difference]:
    """Transfers that the provider has made and nobody here knows: of older payouts, or of nobody."""
    unseen = {key: one for key, one in theirs.items() if key not in seen}
    older = set(
        Transaction.objects.filter(circle_tx_id__in=list(unseen)).values_list("circle_tx_id", flat=True)
    )
    for one in unseen.values():
        settled_in = one.created_at is None or since <= one.created_at <= now - SETTLING
        if one.id not in older and settled_in:
            yield Difference(BreakBucket.MISSING_HERE, one.id, None, None, _their_side(one))


def _our_side(payout: Transaction) -> dict[str, Any]:
    return {
        "id": str(payout.pk),
        "status": payout.status,
        "amount": str(payout.amount),
        "to_wallet": payout.to_wallet,
        "tx_hash": payout.tx_hash,
    }


def _their_side(other: ProviderTransfer | None) -> dict[str, Any] | None:
    if other is None:
        return None
    return {
        "id": other.id,
        "state": other.raw_state or other.state,
        "amount": str(other.amount),
        "to_wallet": other.to_wallet,
        "tx_hash": other.tx_hash,
    }


@atomic_with_retry
def _keep(differences: list[Difference], matched: int, since: datetime, now: datetime, began: float) -> int:
    """New differences are opened, known ones seen again, those that are gone resolved."""
    open_ = {
        (row.bucket, row.subject): row
        for row in ReconciliationBreak.objects.locked().filter(resolved_at=None)
    }
    found = {(one.bucket, one.subject): one for one in differences}
    new = [
        ReconciliationBreak(
            bucket=one.bucket,
            subject=one.subject,
            transaction_id=one.transaction_id,
            ours=one.ours,
            theirs=one.theirs,
            created_at=now,
            last_seen_at=now,
        )
        for key, one in found.items()
        if key not in open_
    ]
    ReconciliationBreak.unguarded.bulk_create(new)
    again = [row.pk for key, row in open_.items() if key in found]
    ReconciliationBreak.unguarded.filter(pk__in=again).update(last_seen_at=now)
    gone = [row.pk for key, row in open_.items() if key not in found and row.created_at >= since]
    ReconciliationBreak.unguarded.filter(pk__in=gone).update(resolved_at=now)
    Reconciliation(
        started_at=now,
        ended_at=now + timedelta(seconds=time.monotonic() - began),
        since=since,
        matched=matched,
        breaks=dict(Counter(one.bucket for one in found.values())),
    ).save()
    opened = (
        Record("break.open", "reconciliationbreak", str(row.pk), after={"bucket": row.bucket}) for row in new
    )
    audit.record_many(opened, now=now)
    return len(open_) - len(gone) + len(new)


@verb("break.explain", "reconciliationbreak")
def explain_break(
    *, break_id: UUID, note: str, by: str, resolved: bool = False, now: datetime | None = None
) -> ReconciliationBreak:
    """The break has an owner and a note, and is closed when they say so. Raises BreakResolved."""
    row = ReconciliationBreak.objects.locked().get(pk=break_id)
    now = now or database_now()
    if row.resolved_at:
        raise BreakResolved(f"break {row.pk} was resolved {row.resolved_at:%Y-%m-%d %H:%M}")
    row.owner, row.note = by, note
    row.resolved_at = now if resolved else None
    row.save()
    audit.record("break.explain", row, after={"owner": by, "note": note, "resolved": resolved}, now=now)
    return row
