from django.db import models
from django.db.models import Q

from gigstream.core.models import CommonQuerySet


def is_sha256(column: str) -> Q:
    return Q(**{f"{column}__regex": "^[0-9a-f]{64}$"})


class SignInAttempts(models.Model):
    """Sign-ins tried under a name from a source, a network address or a known device, since the last success
    there, or, without a source, failed under the name in a day, also for names without an account. Name and
    source are stored as hashes only. Deleted by a success, or when the lock is over."""

    id = models.BigAutoField(primary_key=True)
    email_hash = models.CharField(
        max_length=64, editable=False, help_text="keyed, of the email address or staff's name"
    )
    source_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="keyed, of name and source; empty for the name"
    )
    tries = models.PositiveSmallIntegerField()
    began_at = models.DateTimeField(help_text="of the first of these tries")
    last_at = models.DateTimeField(db_index=True, help_text="of the last try that was let through")

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "sign_in_attempts"
        verbose_name_plural = "sign-in attempts"
        constraints = [
            models.CheckConstraint(name="sign_in_attempts_counted", condition=Q(tries__gt=0)),
            models.CheckConstraint(name="sign_in_email_hash_is_sha256", condition=is_sha256("email_hash")),
            models.CheckConstraint(
                name="sign_in_source_hash_is_sha256", condition=Q(source_hash="") | is_sha256("source_hash")
            ),
            models.UniqueConstraint(
                name="sign_in_attempts_once_per_source", fields=["email_hash", "source_hash"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tries} tries"
