"""Where a worker is paid, changed by the worker: proved by a signature, announced, and a day later."""

from datetime import datetime, timedelta
from uuid import UUID

from audit import services as audit
from audit.jobs import ring
from audit.services import verb
from gigstream.lib import letters
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from workers.enums import WorkerStatus
from workers.errors import NoWalletChange, WalletChanging, WalletNotProved, WalletTaken
from workers.models import WalletChange, Worker
from workers.services.nonces import spend_nonce
from workers.services.profiles import require_active, require_free_wallet, set_wallet
from workers.tokens import SignedMessage

HOLD = timedelta(hours=24)
AT_ONCE = 50


def open_change(worker: Worker) -> WalletChange | None:
    """The change that is under way, if any."""
    return WalletChange.objects.open().filter(worker=worker).first()


def require_settled_wallet(worker: Worker) -> None:
    """Raise WalletChanging while the worker's payout address is about to change."""
    change = open_change(worker)
    if change is not None:
        raise WalletChanging(
            f"the payout address changes at {change.effective_at.isoformat()}: no payout until then",
            effective_at=change.effective_at.isoformat(),
        )


@verb("worker.change_wallet", "worker")
def change_wallet(*, worker_id: UUID, signed: SignedMessage, now: datetime | None = None) -> None:
    """The worker will be paid at the address that signed, 24 hours from now, and is told so by email; until
    then no payout is made. Who had no address is paid there at once; who is paid there already stays so.

    Raises WalletNotProved when the nonce is not fresh, WalletChanging, WalletTaken or the worker's standing.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker)
    now = now or database_now()
    if not spend_nonce(signed.nonce, now):
        raise WalletNotProved("the nonce is spent or expired: ask for a new message")
    if signed.address == worker.wallet_address:
        return
    require_settled_wallet(worker)
    require_free_wallet(signed.address, besides=worker.pk)
    first = worker.wallet_address is None
    change = WalletChange.objects.create(
        worker=worker,
        wallet_address=signed.address,
        created_at=now,
        effective_at=now if first else now + HOLD,
    )
    audit.record("worker.change_wallet", worker, after={"effective_at": change.effective_at}, now=now)
    if first:
        _apply(change, now)
    ring("send_wallet_notices")


@verb("worker.cancel_wallet_change", "worker")
def cancel_wallet_change(*, worker_id: UUID, now: datetime | None = None) -> None:
    """The worker stays where they are paid. Raises NoWalletChange."""
    worker = Worker.objects.locked().get(pk=worker_id)
    now = now or database_now()
    if not drop_change(worker, now):
        raise NoWalletChange("no change of the payout address is under way")


def drop_change(worker: Worker, now: datetime) -> bool:
    """End the change that is under way, and tell whether there was one. The caller has locked the worker."""
    change = open_change(worker)
    if change is None:
        return False
    change.wallet_address, change.dropped_at = "", now
    change.save(update_fields=["wallet_address", "dropped_at"])
    audit.record("worker.drop_wallet_change", worker, now=now)
    return True


def apply_wallet_changes(*, now: datetime | None = None) -> int:
    """Every change whose day is over has taken effect, if its worker was told of it; returns how many."""
    now = now or database_now()
    due = WalletChange.objects.open().filter(effective_at__lte=now, notified_at__isnull=False)
    due = due.filter(worker__status=WorkerStatus.ACTIVE, worker__deleted_at=None).order_by("effective_at")
    return sum(_settle(worker_id, now) for worker_id in due.values_list("worker_id", flat=True)[:AT_ONCE])


@atomic_with_retry
def _settle(worker_id: UUID, now: datetime) -> int:
    worker = Worker.objects.locked().get(pk=worker_id)
    change = open_change(worker)
    if change is None or change.effective_at > now or worker.status != WorkerStatus.ACTIVE:
        return 0
    try:
        _apply(change, now)
    except WalletTaken:
        drop_change(worker, now)
        return 0
    return 1


def _apply(change: WalletChange, now: datetime) -> None:
    set_wallet(worker_id=change.worker_id, wallet_address=change.wallet_address)
    change.wallet_address, change.applied_at = "", now
    change.save(update_fields=["wallet_address", "applied_at"])


def send_wallet_notices(*, now: datetime | None = None) -> int:
    """Every worker whose payout address is to change has an email about it; returns how many were sent. One
    that fails is tried again, and the change waits for it."""
    now = now or database_now()
    waiting = WalletChange.objects.filter(notified_at=None, dropped_at=None, worker__deleted_at=None)
    return sum(
        _notify(change, now) for change in waiting.select_related("worker").order_by("created_at")[:AT_ONCE]
    )


def _notify(change: WalletChange, now: datetime) -> int:
    subject = "Your GigStream payout address"
    if not letters.send(subject, _text(change), change.worker.email, about=f"wallet change {change.pk}"):
        return 0
    WalletChange.objects.filter(pk=change.pk).update(notified_at=now)
    return 1


def _text(change: WalletChange) -> str:
    at = f"{change.effective_at:%Y-%m-%d %H:%M} UTC"
    when = f"at {at}; until then nothing is paid out" if change.applied_at is None else f"since {at}"
    return (
        "Somebody, probably you, has set another address for your GigStream payouts.\n\n"
        f"It holds {when}.\n\n"
        "If it was not you, ask for a new password now: that signs everybody out and drops a change that has"
        " not taken effect.\n"
    )
