"""Changes of a payout address by its worker: proved by a signature, announced by email, valid a day later."""

from datetime import datetime, timedelta
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)
from workers.models import WalletChange, Worker
from workers.profiles.enums import WorkerStatus
from workers.profiles.services import require_active, require_free_wallet, set_wallet
from workers.sign_in.tokens import SignedMessage
from workers.wallets.errors import NoWalletChange, WalletChanging, WalletNotProved, WalletTaken
from workers.wallets.services.nonces import spend_nonce

HOLD = timedelta(hours=24)
AT_ONCE = 50


def find_open_change(*, worker: Worker) -> WalletChange | None:
    """Return the change that is under way, if any."""
    return WalletChange.objects.open().filter(worker=worker).first()


def require_settled_wallet(*, worker: Worker) -> None:
    """Raise WalletChanging while the worker's payout address is about to change."""
    change = find_open_change(worker=worker)
    if change is not None:
        raise WalletChanging(
            f"the payout address changes at {change.effective_at.isoformat()}: no payout until then",
            effective_at=change.effective_at.isoformat(),
        )


@verb("worker.change_wallet", "worker")
def change_wallet(*, worker_id: UUID, signed: SignedMessage, now: datetime | None = None) -> None:
    """Have the worker paid at the address that signed, 24 hours from now, and notify them by email; until
    then no payout is made. A first address holds at once; the present address changes nothing.

    Raises WalletNotProved when the nonce is not fresh, WalletChanging, WalletTaken, WorkerDeleted or
    WorkerSuspended.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    now = now or database_now()
    if not spend_nonce(nonce=signed.nonce, now=now):
        raise WalletNotProved("the nonce is spent or expired: request a new message")
    if signed.address == worker.wallet_address:
        if worker.wallet_proved_at is None:
            set_wallet(worker_id=worker_id, wallet_address=signed.address, now=now)
        return
    require_settled_wallet(worker=worker)
    require_free_wallet(address=signed.address, besides=worker.pk)
    first = worker.wallet_address is None
    change = WalletChange.objects.create(
        worker=worker,
        wallet_address=signed.address,
        created_at=now,
        effective_at=now if first else now + HOLD,
    )
    audit.record("worker.change_wallet", worker, after={"effective_at": change.effective_at}, now=now)
    if first:
        _apply_change(change, now)
    enqueue_letter(NOTICE, change.pk, now=now)


@verb("worker.cancel_wallet_change", "worker")
def cancel_wallet_change(*, worker_id: UUID, now: datetime | None = None) -> None:
    """Drop the change that is under way; the present address stays. Raises NoWalletChange."""
    worker = Worker.objects.locked().get(pk=worker_id)
    now = now or database_now()
    if not drop_change(worker=worker, now=now):
        raise NoWalletChange("no change of the payout address is under way")


def drop_change(*, worker: Worker, now: datetime) -> bool:
    """Drop the change that is under way; return whether there was any. The caller has locked the worker."""
    change = find_open_change(worker=worker)
    if change is None:
        return False
    change.wallet_address, change.dropped_at = "", now
    change.save(update_fields=["wallet_address", "dropped_at"])
    audit.record("worker.drop_wallet_change", worker, now=now)
    return True


def apply_wallet_changes(*, now: datetime | None = None) -> int:
    """Apply the changes whose day is over and whose worker was notified; return how many."""
    now = now or database_now()
    due = WalletChange.objects.open().filter(effective_at__lte=now, notified_at__isnull=False)
    due = due.filter(worker__status=WorkerStatus.ACTIVE, worker__deleted_at=None).order_by("effective_at")
    return sum(
        _settle_change(worker_id, now) for worker_id in due.values_list("worker_id", flat=True)[:AT_ONCE]
    )


@in_unit
def _settle_change(worker_id: UUID, now: datetime) -> int:
    worker = Worker.objects.locked().get(pk=worker_id)
    change = find_open_change(worker=worker)
    if change is None or change.effective_at > now or worker.status != WorkerStatus.ACTIVE:
        return 0
    try:
        _apply_change(change, now)
    except WalletTaken:
        drop_change(worker=worker, now=now)
        return 0
    return 1


def _apply_change(change: WalletChange, now: datetime) -> None:
    set_wallet(worker_id=change.worker_id, wallet_address=change.wallet_address, now=now)
    change.wallet_address, change.applied_at = "", now
    change.save(update_fields=["wallet_address", "applied_at"])


def send_wallet_notices(*, now: datetime | None = None) -> int:
    """Send the waiting letters to workers whose payout address is to change; return how many were sent."""
    return send_due_letters(NOTICE, now=now)


def _write_notice(letter: Letter, now: datetime) -> Message | None:
    """Return the letter about the change, or None if it was dropped meanwhile."""
    change = WalletChange.objects.select_related("worker").filter(pk=letter.subject_id).first()
    if change is None or change.dropped_at is not None or change.worker.deleted_at is not None:
        return None
    return Message(change.worker.email, "Your GigStream payout address", _letter_text(change))


def _notice_sent(letter: Letter, now: datetime) -> None:
    WalletChange.objects.filter(pk=letter.subject_id).update(notified_at=now)


def _notice_given_up(letter: Letter, now: datetime) -> None:
    """Drop a change of which the worker cannot be notified: payouts go on to the present address."""
    worker = Worker.objects.locked().filter(wallet_changes__pk=letter.subject_id).first()
    change = find_open_change(worker=worker) if worker is not None else None
    if worker is not None and change is not None and str(change.pk) == letter.subject_id:
        drop_change(worker=worker, now=now)


NOTICE = register_letter_kind(
    LetterKind(
        "wallet_notice", "send_wallet_notices", _write_notice, sent=_notice_sent, given_up=_notice_given_up
    )
)


def _letter_text(change: WalletChange) -> str:
    at = f"{change.effective_at:%Y-%m-%d %H:%M} UTC"
    when = f"at {at}; until then nothing is paid out" if change.applied_at is None else f"since {at}"
    return (
        "Somebody, probably you, has set another address for your GigStream payouts.\n\n"
        f"It holds {when}.\n\n"
        "If it was not you, request a new password now: that signs everybody out and drops a change that has"
        " not taken effect.\n"
    )
