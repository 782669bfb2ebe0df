"""The only module that passes emails to the mail server. Emails wait as rows, which jobs send outside of
every transaction."""

from django.core.mail import send_mail


def send(subject: str, text: str, to: str) -> None:
    """Pass the email to the mail server. Raise the mail library's errors."""
    send_mail(subject, text, None, [to])
