"""Ledger, provider and chain compared, transfer by transfer. A difference is a row that stays open until it
is gone or staff have explained it."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from audit import services as audit
from audit.claims import claim, release_claim
from audit.services import Record, verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from payments.enums import BreakBucket, TransactionStatus
from payments.errors import BreakResolved
from payments.models import Reconciliation, ReconciliationBreak, Transaction
from payments.provider import configured_provider, states
from payments.provider.chain import Chain, configured_chain
from payments.provider.protocol import PaymentProvider, ProviderTransfer
from payments.services import treasury
from payments.services.differences import SETTLING, Difference, our_side, their_side
from payments.services.transfers import is_another, provider_key
from payments.services.witness import Witness, ask_the_chain

LOOKS_BACK = timedelta(days=2)
LATE_AFTER = timedelta(minutes=30)
BATCH = 1000


def reconcile_settlements(
    *,
    since: datetime | None = None,
    now: datetime | None = None,
    provider: PaymentProvider | None = None,
    chain: Chain | None = None,
) -> int:
    """Every transfer made since then is compared with the provider's list and, when a node is set, with the
    chain, and the treasury with what the wallets hold; each difference is on record, and those that are gone
    are resolved. Returns how many are open."""
    provider, chain = provider or configured_provider(), chain or configured_chain()
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
    differences, witness = ask_the_chain(chain, differences, since=since, now=now)
    holdings = treasury.look(provider, chain)
    differences += [*witness.differences, *treasury.difference(holdings)]
    run = Reconciliation(
        started_at=now,
        ended_at=now + timedelta(seconds=time.monotonic() - began),
        since=since,
        matched=matched,
        treasury=holdings.figures() if holdings else None,
    )
    return _keep(differences, run, witness)


def _ours(since: datetime) -> Iterator[Transaction]:
    return Transaction.objects.outgoing().filter(created_at__gte=since).order_by("pk").iterator(BATCH)


def _compare(payout: Transaction, other: ProviderTransfer | None, now: datetime) -> Difference | None:
    bucket = _bucket(payout, other, now)
    if bucket is None:
        return None
    return Difference(bucket, payout.idempotency_key, payout.pk, our_side(payout), their_side(other))


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
            yield Difference(BreakBucket.MISSING_HERE, one.id, None, None, their_side(one))


@atomic_with_retry
def _keep(differences: Sequence[Difference], run: Reconciliation, witness: Witness) -> int:
    """New differences are opened, known ones seen again, those that are gone resolved."""
    now = run.started_at
    open_ = {
        (row.bucket, row.subject): row
        for row in ReconciliationBreak.objects.locked().filter(resolved_at=None)
    }
    found = {(one.bucket, one.subject): one for one in differences}
    new = [_break(one, now) for key, one in found.items() if key not in open_]
    ReconciliationBreak.unguarded.bulk_create(new)
    again = [row.pk for key, row in open_.items() if key in found]
    ReconciliationBreak.unguarded.filter(pk__in=again).update(last_seen_at=now)
    gone = [row.pk for key, row in open_.items() if key not in found and _was_looked_at(row, run, witness)]
    ReconciliationBreak.unguarded.filter(pk__in=gone).update(resolved_at=now)
    run.breaks = dict(Counter(one.bucket for one in found.values()))
    run.save(force_insert=True)
    opened = (
        Record("break.open", "reconciliationbreak", str(row.pk), after={"bucket": row.bucket}) for row in new
    )
    audit.record_many(opened, now=now)
    return len(open_) - len(gone) + len(new)


def _break(one: Difference, now: datetime) -> ReconciliationBreak:
    return ReconciliationBreak(
        bucket=one.bucket,
        subject=one.subject,
        transaction_id=one.transaction_id,
        ours=one.ours,
        theirs=one.theirs,
        chain=one.chain,
        created_at=now,
        last_seen_at=now,
    )


def _was_looked_at(row: ReconciliationBreak, run: Reconciliation, witness: Witness) -> bool:
    """Whether the run would have found the break again, were it still there."""
    if row.bucket == BreakBucket.TREASURY:
        return run.treasury is not None
    if row.theirs is None and row.chain is not None:
        return row.transaction_id in witness.asked
    return row.created_at >= run.since


@verb("break.explain", "reconciliationbreak")
def explain_break(
    *, break_id: UUID, note: str, by: str, resolved: bool = False, now: datetime | None = None
) -> ReconciliationBreak:
    """The break has a note and is `by`'s, the id of a member of staff, also if another had claimed it; it is
    closed when they say so. Raises BreakResolved."""
    row = ReconciliationBreak.objects.locked().get(pk=break_id)
    now = now or database_now()
    if row.resolved_at:
        raise BreakResolved(f"break {row.pk} was resolved {row.resolved_at:%Y-%m-%d %H:%M}")
    row.note = note
    row.resolved_at = now if resolved else None
    row.save()
    audit.record("break.explain", row, after={"note": note, "resolved": resolved}, now=now)
    subject = {"subject_type": row._meta.model_name or "", "subject_id": str(row.pk)}
    claim(**subject, by=by, reason=note, now=now)
    if resolved:
        release_claim(**subject, by=by, now=now)
    return row
