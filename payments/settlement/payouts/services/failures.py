"""Holds after a payout that has failed for good: the money waits, and the worker is notified."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from audit.log import services as audit
from audit.log.context import SYSTEM
from audit.notices.services import notify
from gigstream.core import sql
from gigstream.core.money import usdc
from gigstream.core.people.staff_names import actor_text, members_who_may
from gigstream.letters.services import enqueue_letter
from payments.models import PayoutHold, Transaction
from payments.settlement.payouts.enums import PayoutHoldKind
from payments.settlement.payouts.services import hold_notices
from payments.settlement.payouts.vocabulary import PAYOUT_FAILED
from payments.settlement.transactions.enums import OUTGOING

# Waiting time of the next payout after the first failure in a row, the second, the third, and each later one.
WAITS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
# Desks that may cancel transfers see to those that fail.
OF_THE_DESK = "payments.cancel_transaction"


def hold_after_failure(
    failed: Sequence[Transaction], *, refused: Collection[UUID], now: datetime
) -> list[PayoutHold]:
    """Hold all money of the workers whose payouts have failed, once each: for a while, or, where the address
    was `refused` (ids of payouts), until the worker has named another address. Their accounts are locked."""
    if not failed:
        return []
    # Of two failed payouts of a worker, the refused payout counts.
    in_order = sorted(failed, key=lambda payout: payout.pk in refused)
    by_worker = {payout.worker_id: payout for payout in in_order if payout.worker_id}
    held = PayoutHold.objects.open().filter(kind=PayoutHoldKind.FAILED, worker__in=by_worker)
    held_already = set(held.values_list("worker", flat=True))
    rows = sql.run("payments/settlement/payouts/failures_so_far", workers=list(by_worker))
    so_far = {row["worker_id"]: row["failures"] for row in rows}
    holds = [
        _new_hold(payout, so_far.get(worker_id, 0), payout.pk in refused, now)
        for worker_id, payout in by_worker.items()
        if worker_id not in held_already
    ]
    PayoutHold.objects.bulk_create(holds)
    audit.record_each(
        "payout_hold.place",
        holds,
        after=lambda hold: {"payout": hold.payout_id, "expires_at": hold.expires_at},
        metadata=lambda hold: {"kind": hold.kind},
        now=now,
    )
    for hold in holds:
        enqueue_letter(hold_notices.NOTICE, hold.pk, now=now)
    return holds


def _new_hold(payout: Transaction, failures: int, is_refused: bool, now: datetime) -> PayoutHold:
    wait = WAITS[min(failures, len(WAITS) - 1)]
    if is_refused:
        reason = "Your payout address cannot be paid to: name another address."
    else:
        reason = f"A payout of {usdc(payout.amount)} could not be sent. It is tried again later."
    return PayoutHold(
        worker_id=payout.worker_id,
        kind=PayoutHoldKind.FAILED,
        payout=payout,
        reason=reason,
        created_by=str(SYSTEM),
        created_at=now,
        expires_at=None if is_refused else now + wait,
    )


def notify_desk_of_failed(transactions: Sequence[Transaction], *, now: datetime) -> None:
    """Notify who sees to transfers of each that has failed; the provider's answer is on its page."""
    failed = [row for row in transactions if row.type in OUTGOING]
    desk = [actor_text(member) for member in members_who_may(OF_THE_DESK)] if failed else []
    for row in failed:
        notify(
            desk,
            PAYOUT_FAILED,
            subject_type="transaction",
            subject_id=row.pk,
            words=f"{usdc(row.amount)} could not be sent and is in its owner's balance again.",
            moment=now,
        )
