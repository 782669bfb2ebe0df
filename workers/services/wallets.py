"""Where a worker is paid, changed by the worker: proved by a signature, announced, and a day later."""

from datetime import datetime, timedelta
from uuid import UUID

from audit import letters
from audit import services as audit
from audit.letters import LetterKind, Message
from audit.models import Letter
from audit.services import verb
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
        if worker.wallet_proved_at is None:
            set_wallet(worker_id=worker_id, wallet_address=signed.address, now=now)
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
    letters.enqueue(NOTICE, change.pk, now=now)


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
    set_wallet(worker_id=change.worker_id, wallet_address=change.wallet_address, now=now)
    change.wallet_address, change.applied_at = "", now
    change.save(update_fields=["wallet_address", "applied_at"])


def send_wallet_notices(*, now: datetime | None = None) -> int:
    """Send the letters that wait to workers whose payout address is to change; return how many were sent."""
    return letters.send_due(NOTICE, now=now)


def _write_notice(letter: Letter, now: datetime) -> Message | None:
    """The letter about the change, unless it was dropped meanwhile."""
    change = WalletChange.objects.select_related("worker").filter(pk=letter.subject_id).first()
    if change is None or change.dropped_at is not None or change.worker.deleted_at is not None:
        return None
    return Message(change.worker.email, "Your GigStream payout address", _text(change))


def _notice_sent(letter: Letter, now: datetime) -> None:
    WalletChange.objects.filter(pk=letter.subject_id).update(notified_at=now)


def _notice_given_up(letter: Letter, now: datetime) -> None:
    """Drop a change of which the worker cannot be told: payouts go on where they went before."""
    worker = Worker.objects.locked().filter(wallet_changes__pk=letter.subject_id).first()
    change = open_change(worker) if worker is not None else None
    if worker is not None and change is not None and str(change.pk) == letter.subject_id:
        drop_change(worker, now)


NOTICE = letters.register(
    LetterKind(
        "wallet_notice", "send_wallet_notices", _write_notice, sent=_notice_sent, given_up=_notice_given_up
    )
)


def _text(change: WalletChange) -> str:
    at = f"{change.effective_at:%Y-%m-%d %H:%M} UTC"
    when = f"at {at}; until then nothing is paid out" if change.applied_at is None else f"since {at}"
    return (
        "Somebody, probably you, has set another address for your GigStream payouts.\n\n"
        f"It holds {when}.\n\n"
        "If it was not you, ask for a new password now: that signs everybody out and drops a change that has"
        " not taken effect.\n"
    )
