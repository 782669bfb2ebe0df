"""Letters of a system without a mail server: printed, and kept as files that programs read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend

NEWEST = 500
_SUFFIX = ".eml"


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A sent letter."""

    sent_at: datetime
    to: str
    subject: str
    text: str


class MailFiles(EmailBackend):
    """Mail backend that prints each email and writes it to a file of its own in `MAIL_DIR`."""

    def write_message(self, message: EmailMessage) -> None:
        super().write_message(message)
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{uuid4()}"
        whole, part = (settings.MAIL_DIR / f"{name}{suffix}" for suffix in (_SUFFIX, ".part"))
        part.write_bytes(message.message().as_bytes())
        # A reader finds it whole or not at all.
        part.rename(whole)


def kept_letters(to: str) -> Iterator[KeptLetter]:
    """Yield the letters to this address among the newest, the newest first."""
    paths = sorted(settings.MAIL_DIR.glob(f"*{_SUFFIX}"), reverse=True)[:NEWEST]
    for path in paths:
        found: Any = message_from_bytes(path.read_bytes(), policy=policy.default)
        if found["To"] == to:
            sent_at = datetime.fromisoformat(path.name.partition("-")[0])
            yield KeptLetter(sent_at, to, str(found["Subject"]), _plain_body(found))


def _plain_body(found: Parsed) -> str:
    body: Any = found.get_body(preferencelist=("plain",))
    return str(body.get_content()) if body is not None else ""
