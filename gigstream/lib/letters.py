"""The only place that hands emails to the mail server. What is to be sent waits as rows, which jobs send
outside of every transaction."""

from django.core.mail import send_mail


def send(subject: str, text: str, to: str) -> None:
    """Return once the mail server has taken the email; raise whatever went wrong."""
    send_mail(subject, text, None, [to])
