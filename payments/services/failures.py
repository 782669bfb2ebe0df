"""What becomes of a worker's money when a payout has failed for good: it waits, and the worker is told."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from audit import services as audit
from audit.context import SYSTEM
from audit.jobs import ring
from audit.services import Record
from gigstream.lib import letters, sql
from gigstream.lib.clock import database_now
from gigstream.lib.money import usdc
from payments.enums import PayoutHoldKind
from payments.models import PayoutHold, Transaction

_SQL = Path(__file__).resolve().parent.parent / "sql"

# How long the next payout waits after the first failure in a row, the second, the third, and each after that.
WAITS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
NOTICES_AT_ONCE = 50


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
    if holds:
        ring("send_hold_notices")
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


def send_hold_notices(*, now: datetime | None = None) -> int:
    """Send a letter about every open hold whose worker has not had one; return how many were sent."""
    now = now or database_now()
    waiting = PayoutHold.objects.open().filter(worker__isnull=False, notified_at=None)
    waiting = waiting.filter(worker__deleted_at=None).select_related("worker").order_by("created_at")
    return sum(_notify(hold, now) for hold in waiting[:NOTICES_AT_ONCE])


def _notify(hold: PayoutHold, now: datetime) -> int:
    worker = hold.worker
    if worker is None:
        return 0
    if not letters.send("Your GigStream payouts", _text(hold), worker.email, about=f"payout hold {hold.pk}"):
        return 0
    PayoutHold.objects.filter(pk=hold.pk).update(notified_at=now)
    return 1


def _text(hold: PayoutHold) -> str:
    kept = "Your payouts wait." if hold.amount is None else f"{usdc(hold.amount)} of your money is held."
    until = f"\n\nUntil: {hold.expires_at:%Y-%m-%d %H:%M} UTC." if hold.expires_at else ""
    return f"{kept}\n\n{hold.reason}{until}\n\nNothing is lost: what you have earned stays yours.\n"
