"""Letters about notices: one at once, or one a day with all of them, to who has not read them yet."""

from datetime import datetime

from django.contrib.auth.models import User
from django.template.defaultfilters import pluralize

from audit.models import Notice
from audit.notices.enums import NoticeWay
from audit.notices.kind_registry import find_notice_kind
from audit.notices.selectors import notices_of
from audit.notices.services import take_due_letters
from gigstream.core.clock import database_now
from gigstream.core.people.masking import SEE_PERSONAL_DATA, mask_text
from gigstream.core.people.staff_names import find_member
from gigstream.core.unit import in_unit
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)

AT_ONCE = 100
# A digest lists so many notices, and says how many more there are.
MOST_LISTED = 50
JOB = "send_notice_letters"


def send_notice_letters(*, now: datetime | None = None) -> int:
    """Send the letters about notices that are due; return how many were sent."""
    now = now or database_now()
    _enqueue_letters(now)
    return send_due_letters(AT_ONCE_LETTER, DIGEST_LETTER, now=now)


@in_unit
def _enqueue_letters(now: datetime) -> None:
    """Enqueue a letter for each notice that is due at once, and one for each reader of a digest."""
    for notice in take_due_letters(way=NoticeWay.EMAIL, now=now, limit=AT_ONCE):
        enqueue_letter(AT_ONCE_LETTER, notice.pk, recipient=notice.recipient, now=now)
    due = take_due_letters(way=NoticeWay.DIGEST, now=now, limit=AT_ONCE * AT_ONCE)
    for recipient in sorted({notice.recipient for notice in due}):
        enqueue_letter(DIGEST_LETTER, now.isoformat(), recipient=recipient, now=now)


def _write_at_once(letter: Letter, now: datetime) -> Message | None:
    """Return the letter about a notice; None if it was read, or its reader may not view its row any more."""
    member = _find_reader(letter)
    notice = notices_of(member).filter(pk=letter.subject_id, read_at=None).first() if member else None
    if member is None or notice is None:
        return None
    label = _label_of(notice)
    return Message(member.email, label, _text_for(member, f"{label}.\n\n{notice.words}\n"))


def _write_digest(letter: Letter, now: datetime) -> Message | None:
    """Return the letter with the notices that were due together; None if all of them were read."""
    member = _find_reader(letter)
    if member is None:
        return None
    due = notices_of(member).filter(
        way=NoticeWay.DIGEST, lettered_at=datetime.fromisoformat(letter.subject_id), read_at=None
    )
    count = due.count()
    if not count:
        return None
    lines = [f"- {_label_of(notice)}. {notice.words}" for notice in due.order_by("id")[:MOST_LISTED]]
    more = [f"… and {count - MOST_LISTED} more."] if count > MOST_LISTED else []
    subject = f"{count} notice{pluralize(count)} of the last day"
    return Message(member.email, subject, _text_for(member, "\n".join([*lines, *more]) + "\n"))


def _find_reader(letter: Letter) -> User | None:
    member = find_member(letter.recipient)
    return member if member is not None and member.email else None


def _label_of(notice: Notice) -> str:
    kind = find_notice_kind(notice.kind)
    return kind.label if kind else notice.kind


def _text_for(member: User, text: str) -> str:
    """Return the text with the way to the page and without a link, as staff follow none; what looks like
    personal data is masked for who may not see them."""
    text = f"{text}\nIn the admin: Notices.\n"
    return text if member.has_perm(SEE_PERSONAL_DATA) else mask_text(text)


AT_ONCE_LETTER = register_letter_kind(LetterKind("notice", JOB, _write_at_once))
DIGEST_LETTER = register_letter_kind(LetterKind("notice_digest", JOB, _write_digest))
