"""Emails to people. What is to be sent waits as rows; jobs send them outside of every transaction."""

import logging
from smtplib import SMTPException

from django.core.mail import send_mail

logger = logging.getLogger(__name__)


def send(subject: str, text: str, to: str, *, about: str) -> bool:
    """Whether the mail server has taken the email. `about` names the row in the log, which has no address."""
    try:
        send_mail(subject, text, None, [to])
    except (SMTPException, OSError) as error:
        logger.warning("%s was not sent: %s", about, type(error).__name__)
        return False
    return True
