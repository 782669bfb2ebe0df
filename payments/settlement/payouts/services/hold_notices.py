"""Letters to workers whose money is held."""

from datetime import datetime

from gigstream.core.money import usdc
from gigstream.letters.models import Letter
from gigstream.letters.services import LetterKind, Message, register_letter_kind, send_due_letters
from payments.models import PayoutHold


def send_hold_notices(*, now: datetime | None = None) -> int:
    """Send the letters that wait about money that is held; return how many were sent."""
    return send_due_letters(NOTICE, now=now)


def _write_notice(letter: Letter, now: datetime) -> Message | None:
    """Return the letter about the hold, unless it has ended meanwhile or the worker has left."""
    hold = PayoutHold.objects.open().select_related("worker").filter(pk=letter.subject_id).first()
    if hold is None or hold.worker is None or hold.worker.deleted_at is not None:
        return None
    return Message(hold.worker.email, "Your GigStream payouts", _notice_text(hold))


NOTICE = register_letter_kind(LetterKind("hold_notice", "send_hold_notices", _write_notice))


def _notice_text(hold: PayoutHold) -> str:
    kept = "Your payouts wait." if hold.amount is None else f"{usdc(hold.amount)} of your money is held."
    until = f"\n\nUntil: {hold.expires_at:%Y-%m-%d %H:%M} UTC." if hold.expires_at else ""
    return f"{kept}\n\n{hold.reason}{until}\n\nNothing is lost: what you have earned stays yours.\n"
