"""What becomes of a worker's money when a payout has failed for good: it waits, and the worker is told."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from audit import letters
from audit import services as audit
from audit.context import SYSTEM
from audit.services import Record
from gigstream.lib import sql
from gigstream.lib.money import usdc
from payments.enums import PayoutHoldKind
from payments.models import PayoutHold, Transaction
from payments.services import hold_notices

_SQL = Path(__file__).resolve().parent.parent / "sql"

# How long the next payout waits after the first failure in a row, the second, the third, and each after that.
WAITS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


def hold_after_failure(
    failed: Sequence[Transaction], *, refused: Collection[UUID], now: datetime
) -> list[PayoutHold]:
    """Hold all money of the workers whose payouts have failed, once each: for a while, or, where the address
    was `refused` (ids of payouts), until the worker has named another. Their accounts are locked."""
    if not failed:
        return []
    # Of two that failed for one worker, the one that was refused counts.
    in_order = sorted(failed, key=lambda payout: payout.pk in refused)
    by_worker = {payout.worker_id: payout for payout in in_order if payout.worker_id}
    held = PayoutHold.objects.open().filter(kind=PayoutHoldKind.FAILED, worker__in=by_worker)
    held_already = set(held.values_list("worker", flat=True))
    rows = sql.rows(sql.load(_SQL / "failures_so_far.sql"), {"workers": list(by_worker)})
    so_far = {row["worker_id"]: row["failures"] for row in rows}
    holds = [
        _hold(payout, so_far.get(worker_id, 0), payout.pk in refused, now)
        for worker_id, payout in by_worker.items()
        if worker_id not in held_already
    ]
    PayoutHold.objects.bulk_create(holds)
    audit.record_many(
        (
            Record(
                "payout_hold.place",
                "payouthold",
                str(hold.pk),
                after={"payout": hold.payout_id, "expires_at": hold.expires_at},
                metadata={"kind": hold.kind},
            )
            for hold in holds
        ),
        now=now,
    )
    for hold in holds:
        letters.enqueue(hold_notices.NOTICE, hold.pk, now=now)
    return holds


def _hold(payout: Transaction, failures: int, is_refused: bool, now: datetime) -> PayoutHold:
    wait = WAITS[min(failures, len(WAITS) - 1)]
    if is_refused:
        reason = "Your payout address cannot be paid to: name another one."
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
