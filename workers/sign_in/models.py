import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import Common, CommonQuerySet, is_plain_email, is_readable
from gigstream.sign_in.models import is_sha256
from workers.profiles.models import Worker
from workers.sign_in.enums import SessionEnd, SignInMethod


class WorkerSession(Common):
    """A sign-in of a worker on a device, with its refresh tokens. Each refresh prolongs it; it is over when
    it has expired or was revoked, which is final."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="sessions")
    method = models.CharField(max_length=16, choices=SignInMethod.choices)
    identity_id = models.UUIDField(
        null=True, blank=True, help_text="of the chain identity that has opened it, which may be gone"
    )
    expires_at = models.DateTimeField(help_text="when its last refresh token does", db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=24, choices=SessionEnd.choices, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "worker_sessions"
        constraints = [
            models.CheckConstraint(name="session_method_known", condition=Q(method__in=SignInMethod.values)),
            models.CheckConstraint(
                name="session_of_an_identity_is_by_wallet",
                condition=Q(identity_id__isnull=True) | Q(method=SignInMethod.WALLET),
            ),
            models.CheckConstraint(
                name="session_expires_after_it_began", condition=Q(expires_at__gt=F("created_at"))
            ),
            models.CheckConstraint(
                name="session_revoked_has_a_reason",
                condition=Q(revoked_at__isnull=True, revoked_because="")
                | Q(revoked_at__isnull=False, revoked_because__in=SessionEnd.values),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="revoked_stays_revoked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__revoked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"


class RefreshToken(models.Model):
    """A refresh token, of which only the SHA-256 is kept. It works once; a second use ends its session."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    session = models.ForeignKey(WorkerSession, on_delete=models.CASCADE, related_name="tokens")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "refresh_tokens"
        constraints = [
            models.CheckConstraint(name="refresh_token_hash_is_sha256", condition=is_sha256("token_hash")),
            models.CheckConstraint(
                name="refresh_token_expires_after_it_was_made", condition=Q(expires_at__gt=F("created_at"))
            ),
            models.UniqueConstraint(
                name="refresh_token_one_unused_per_session",
                fields=["session"],
                condition=Q(used_at__isnull=True),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="used_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__used_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"refresh token {self.pk}"


class Registration(models.Model):
    """A request to become a worker under an email address. The job that sends the letter makes the token, of
    which only the SHA-256 is kept; the token makes the worker. Until then the address is not taken, and any
    number of people may have named it."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    email_as_given = models.CharField(max_length=254)
    email = models.EmailField(help_text="in the form in which addresses are kept and compared")
    full_name = models.CharField(max_length=120)
    password_hash = models.CharField(max_length=128, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "registrations"
        constraints = [
            models.CheckConstraint(
                name="registration_token_hash_is_sha256",
                condition=Q(token_hash__isnull=True) | is_sha256("token_hash"),
            ),
            models.CheckConstraint(name="registration_email_plain", condition=is_plain_email("email")),
            models.CheckConstraint(name="registration_name_readable", condition=is_readable("full_name")),
            models.CheckConstraint(
                name="registration_expires_after_it_was_made", condition=Q(expires_at__gt=F("created_at"))
            ),
        ]
        indexes = [models.Index(name="registrations_of_email", fields=["email", "created_at"])]

    def __str__(self) -> str:
        return f"registration {self.pk}"


class PasswordReset(models.Model):
    """A request for a new password under an email address. The job that sends the letter finds the worker, if
    any, and makes the token, of which only the SHA-256 is kept; it opens the account once, until it expires.
    The row is kept for a day, to bound the letters to an address."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    email = EncryptedTextField(blank=True, default="", help_text="encrypted; empty once it was looked up")
    email_hash = models.CharField(max_length=64, editable=False, help_text="keyed, of the address")
    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="password_resets", null=True, blank=True
    )
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "password_resets"
        constraints = [
            models.CheckConstraint(
                name="password_reset_hash_is_sha256",
                condition=Q(token_hash__isnull=True) | is_sha256("token_hash"),
            ),
            models.CheckConstraint(
                name="password_reset_email_hash_is_sha256", condition=is_sha256("email_hash")
            ),
            models.CheckConstraint(
                name="password_reset_token_is_of_a_worker",
                condition=Q(token_hash__isnull=True) | Q(worker__isnull=False),
            ),
            models.CheckConstraint(
                name="password_reset_sent_has_a_token",
                condition=Q(sent_at__isnull=True) | Q(token_hash__isnull=False),
            ),
            models.CheckConstraint(
                name="password_reset_expires_after_it_was_made", condition=Q(expires_at__gt=F("created_at"))
            ),
        ]
        indexes = [models.Index(name="password_resets_of_email", fields=["email_hash", "created_at"])]

    def __str__(self) -> str:
        return f"password reset {self.pk}"
