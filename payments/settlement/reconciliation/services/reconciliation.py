"""Comparison of ledger, provider and chain, transfer by transfer. A discrepancy is a row that stays open
until it is gone or staff have explained it."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from audit.claims.services import claim, release_claim
from audit.log import services as audit
from audit.log.services import Record, verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from payments.models import ChainAttempt, Discrepancy, Reconciliation, Transaction
from payments.settlement.provider import configured_provider, states
from payments.settlement.provider.chain import Chain, configured_chain
from payments.settlement.provider.protocol import PaymentProvider, ProviderTransfer
from payments.settlement.reconciliation.enums import DiscrepancyBucket
from payments.settlement.reconciliation.errors import DiscrepancyResolved
from payments.settlement.reconciliation.services import treasury
from payments.settlement.reconciliation.services.chain_check import ChainCheck, check_chain
from payments.settlement.reconciliation.services.differences import SETTLING, Difference, our_side, their_side
from payments.settlement.transactions.enums import TransactionStatus
from payments.settlement.transfers.services.transfers import is_another, provider_key

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
    """Compare every transfer made since then with the provider's list and, when a node is set, with the
    chain, and the treasury with the holdings of the wallets.

    Each difference is recorded as a discrepancy, and those that are gone are resolved. Return how many are
    open.
    """
    provider, chain = provider or configured_provider(), chain or configured_chain()
    now = now or database_now()
    since = since or now - LOOKS_BACK
    began = time.monotonic()
    theirs = {other.id: other for other in provider.transfers(since=since - SETTLING)}
    by_key = {other.key: other for other in theirs.values() if other.key}
    differences: list[Difference] = []
    matched, seen = 0, set[str]()
    for payout in _transfers_since(since):
        other = theirs.get(payout.circle_tx_id or "") or by_key.get(provider_key(payout))
        if other:
            seen.add(other.id)
        difference = _compare_transfer(payout, other, now)
        matched += difference is None
        if difference:
            differences.append(difference)
    differences += _unknown_transfers(theirs, seen, since, now)
    differences, chain_check = check_chain(chain, differences, since=since, now=now)
    holdings = treasury.read_treasury(provider, chain)
    differences += [*chain_check.differences, *treasury.treasury_differences(holdings)]
    run = Reconciliation(
        started_at=now,
        ended_at=now + timedelta(seconds=time.monotonic() - began),
        since=since,
        matched=matched,
        treasury=holdings.figures() if holdings else None,
    )
    return _save_run(differences, run, chain_check)


def _transfers_since(since: datetime) -> Iterator[Transaction]:
    return Transaction.objects.outgoing().filter(created_at__gte=since).order_by("pk").iterator(BATCH)


def _compare_transfer(
    payout: Transaction, other: ProviderTransfer | None, now: datetime
) -> Difference | None:
    bucket = _find_bucket(payout, other, now)
    if bucket is None:
        return None
    return Difference(bucket, payout.idempotency_key, payout.pk, our_side(payout), their_side(other))


def _find_bucket(
    payout: Transaction, other: ProviderTransfer | None, now: datetime
) -> DiscrepancyBucket | None:
    fresh = now - payout.updated_at < SETTLING
    if other is None:
        handed_over = payout.status in (TransactionStatus.SUBMITTED, TransactionStatus.CONFIRMED)
        return DiscrepancyBucket.MISSING_THERE if handed_over and not fresh else None
    if is_another(payout, other):
        return DiscrepancyBucket.AMOUNT_DIFFERS
    if _states_disagree(payout, other) and not fresh:
        return DiscrepancyBucket.STATE_DIFFERS
    under_way = payout.status in (TransactionStatus.PENDING, TransactionStatus.SUBMITTED)
    if under_way and now - payout.created_at > LATE_AFTER:
        return DiscrepancyBucket.LATE
    return None


def _states_disagree(payout: Transaction, other: ProviderTransfer) -> bool:
    """Whether the money has moved, or has not, for good on one side and not on the other."""
    if payout.status == TransactionStatus.CONFIRMED:
        return other.state not in states.ON_CHAIN or other.tx_hash != payout.tx_hash
    if payout.status in (TransactionStatus.FAILED, TransactionStatus.CANCELLED):
        return other.state not in states.FAILURES
    return other.state in states.TERMINAL


def _unknown_transfers(
    theirs: Mapping[str, ProviderTransfer], seen: set[str], since: datetime, now: datetime
) -> Iterator[Difference]:
    """Yield the transfers of the provider that belong to no payout here; calls of contracts that the oracle
    has made are no transfers."""
    unseen = {key: other for key, other in theirs.items() if key not in seen}
    older = set(
        Transaction.objects.filter(circle_tx_id__in=list(unseen)).values_list("circle_tx_id", flat=True)
    )
    older |= set(
        ChainAttempt.objects.filter(transfer_id__in=list(unseen)).values_list("transfer_id", flat=True)
    )
    for other in unseen.values():
        settled_in = other.created_at is None or since <= other.created_at <= now - SETTLING
        if other.id not in older and settled_in:
            yield Difference(DiscrepancyBucket.MISSING_HERE, other.id, None, None, their_side(other))


@in_unit
def _save_run(differences: Sequence[Difference], run: Reconciliation, chain_check: ChainCheck) -> int:
    """Save the run, open new discrepancies, confirm known ones and resolve those that are gone; return how
    many are open."""
    now = run.started_at
    open_ = {(row.bucket, row.subject): row for row in Discrepancy.objects.locked().filter(resolved_at=None)}
    found = {(difference.bucket, difference.subject): difference for difference in differences}
    new = [_new_discrepancy(difference, now) for key, difference in found.items() if key not in open_]
    Discrepancy.unguarded.bulk_create(new)
    again = [row.pk for key, row in open_.items() if key in found]
    Discrepancy.unguarded.filter(pk__in=again).update(last_seen_at=now)
    gone = [row.pk for key, row in open_.items() if key not in found and _was_compared(row, run, chain_check)]
    Discrepancy.unguarded.filter(pk__in=gone).update(resolved_at=now)
    run.discrepancies = dict(Counter(difference.bucket for difference in found.values()))
    run.save(force_insert=True)
    opened = (
        Record("discrepancy.open", "discrepancy", str(row.pk), after={"bucket": row.bucket}) for row in new
    )
    audit.record_many(opened, now=now)
    return len(open_) - len(gone) + len(new)


def _new_discrepancy(difference: Difference, now: datetime) -> Discrepancy:
    return Discrepancy(
        bucket=difference.bucket,
        subject=difference.subject,
        transaction_id=difference.transaction_id,
        ours=difference.ours,
        theirs=difference.theirs,
        chain=difference.chain,
        created_at=now,
        last_seen_at=now,
    )


def _was_compared(row: Discrepancy, run: Reconciliation, chain_check: ChainCheck) -> bool:
    """Whether the run would have found the discrepancy again, were it still there."""
    if row.bucket == DiscrepancyBucket.TREASURY:
        return run.treasury is not None
    if row.theirs is None and row.chain is not None:
        return row.transaction_id in chain_check.checked
    return row.created_at >= run.since


@verb("discrepancy.explain", "discrepancy")
def explain_discrepancy(
    *, discrepancy_id: UUID, note: str, by: str, resolved: bool = False, now: datetime | None = None
) -> Discrepancy:
    """Note an explanation of a discrepancy, claim it for `by` (the id of a member of staff), also from
    another holder, and close it when it is `resolved`. Raises DiscrepancyResolved."""
    row = Discrepancy.objects.locked().get(pk=discrepancy_id)
    now = now or database_now()
    if row.resolved_at:
        raise DiscrepancyResolved(f"discrepancy {row.pk} was resolved {row.resolved_at:%Y-%m-%d %H:%M}")
    row.note = note
    row.resolved_at = now if resolved else None
    row.save()
    audit.record("discrepancy.explain", row, after={"note": note, "resolved": resolved}, now=now)
    subject = {"subject_type": row._meta.model_name or "", "subject_id": str(row.pk)}
    claim(**subject, by=by, reason=note, now=now)
    if resolved:
        release_claim(**subject, by=by, now=now)
    return row
