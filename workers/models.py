from decimal import Decimal
from typing import Any, Self

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from gigstream.lib import masking
from gigstream.lib.encryption import EncryptedTextField
from gigstream.lib.models import (
    Common,
    CommonQuerySet,
    SoftDeletable,
    SoftDeletableQuerySet,
    is_plain_email,
    is_readable,
)
from gigstream.lib.money import MoneyField
from gigstream.lib.states import status_trigger
from workers.enums import WORKER_MOVES, PayoutSchedule, SessionEnd, SignInMethod, WorkerStatus

MAX_REPUTATION = 1000
STARTING_REPUTATION = 500


def percent_field(**kwargs: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=5, decimal_places=2, **kwargs)


class Worker(SoftDeletable):
    """A person who is paid. Changes with their profile; the figures below `derived` follow from other rows
    (domain.md, section 5) and are written only by the rules named there."""

    DERIVED = frozenset(
        {
            "reputation_score",
            "total_tasks",
            "total_earned",
            "completion_rate",
            "average_rating",
            "dispute_rate",
            "account_age_days",
            "account_aged_on",
            "last_active_at",
        }
    )

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=120)
    password_hash = models.CharField(max_length=128, blank=True)
    wallet_id = EncryptedTextField(blank=True, default="", help_text="custody wallet, encrypted at rest")
    wallet_address = models.CharField(
        max_length=42, unique=True, null=True, blank=True, help_text="lower case; payouts go here"
    )
    email_proved_at = models.DateTimeField(
        null=True, blank=True, help_text="when a token that was sent there came back"
    )
    wallet_proved_at = models.DateTimeField(
        null=True, blank=True, help_text="when it signed; empty for a custody wallet, which signs nothing"
    )
    country = models.CharField(
        max_length=2, blank=True, default="", db_default="", help_text="ISO 3166, in the worker's own word"
    )
    country_changed_at = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC", help_text="of IANA")
    status = models.CharField(max_length=16, choices=WorkerStatus.choices, default=WorkerStatus.ACTIVE)
    last_login_at = models.DateTimeField(null=True, blank=True)
    payout_schedule = models.CharField(
        max_length=16,
        choices=PayoutSchedule.choices,
        default=PayoutSchedule.STANDARD,
        db_default=PayoutSchedule.STANDARD,
        help_text="when money is paid out by itself",
    )
    metadata = models.JSONField(default=dict, blank=True)

    # derived
    reputation_score = models.PositiveSmallIntegerField(
        default=STARTING_REPUTATION,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_REPUTATION)],
        editable=False,
    )
    total_tasks = models.PositiveIntegerField(default=0, editable=False, help_text="completed tasks")
    total_earned = MoneyField(default=Decimal(0), editable=False, help_text="pay for ended tasks, in USDC")
    completion_rate = percent_field(default=Decimal(0), editable=False)
    average_rating = models.DecimalField(
        max_digits=3, decimal_places=2, null=True, blank=True, editable=False
    )
    dispute_rate = percent_field(default=Decimal(0), editable=False)
    account_age_days = models.PositiveIntegerField(default=0, editable=False)
    account_aged_on = models.DateField(
        null=True, blank=True, editable=False, help_text="the UTC day for which the age was computed"
    )
    last_active_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = models.Manager.from_queryset(SoftDeletableQuerySet)()

    class Meta:
        db_table = "workers"
        constraints = [
            models.CheckConstraint(name="worker_status_known", condition=Q(status__in=WorkerStatus.values)),
            models.CheckConstraint(name="worker_email_lower_case", condition=Q(email=Lower("email"))),
            models.CheckConstraint(name="worker_email_plain", condition=is_plain_email("email")),
            models.CheckConstraint(name="worker_name_readable", condition=is_readable("full_name")),
            models.CheckConstraint(
                name="worker_wallet_lower_case", condition=Q(wallet_address=Lower("wallet_address"))
            ),
            models.CheckConstraint(
                name="worker_wallet_is_proved_or_custody",
                condition=Q(wallet_address__isnull=True)
                | Q(wallet_proved_at__isnull=False)
                | ~Q(wallet_id=""),
            ),
            models.CheckConstraint(
                name="worker_country_is_a_code", condition=Q(country="") | Q(country__regex="^[A-Z]{2}$")
            ),
            models.CheckConstraint(
                name="worker_reputation_in_range", condition=Q(reputation_score__range=(0, MAX_REPUTATION))
            ),
            models.CheckConstraint(
                name="worker_rates_are_percent",
                condition=Q(completion_rate__range=(0, 100), dispute_rate__range=(0, 100)),
            ),
            models.CheckConstraint(name="worker_rating_1_to_5", condition=Q(average_rating__range=(1, 5))),
            models.CheckConstraint(name="worker_earned_not_negative", condition=Q(total_earned__gte=0)),
            models.CheckConstraint(
                name="worker_payout_schedule_known", condition=Q(payout_schedule__in=PayoutSchedule.values)
            ),
        ]
        indexes = [
            models.Index(name="workers_status_created", fields=["status", "created_at"]),
            models.Index(name="workers_created", fields=["-created_at", "-id"]),
        ]
        triggers = [status_trigger(WORKER_MOVES)]

    def __str__(self) -> str:
        return str(masking.value("full_name", self.full_name))

    def anonymise(self) -> None:
        """Forget who the worker was: name, email, password and wallet."""
        self.email = f"deleted-{self.pk}@invalid.example"
        self.full_name = "Deleted worker"
        self.password_hash = ""
        self.wallet_id = ""
        self.wallet_address = self.wallet_proved_at = None
        self.country, self.time_zone = "", "UTC"
        self.metadata = {}


class WalletChangeQuerySet(CommonQuerySet):
    def open(self) -> Self:
        """Changes that may still take effect."""
        return self.filter(applied_at=None, dropped_at=None)


def is_sha256(column: str) -> Q:
    return Q(**{f"{column}__regex": "^[0-9a-f]{64}$"})


class WorkerSession(Common):
    """One sign-in of a worker, on one device: the family of its refresh tokens. Opened by a sign-in,
    prolonged by each refresh, over when it is revoked or has expired; a revoked one stays so."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="sessions")
    method = models.CharField(max_length=16, choices=SignInMethod.choices)
    expires_at = models.DateTimeField(help_text="when its last refresh token does", db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=24, choices=SessionEnd.choices, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "worker_sessions"
        constraints = [
            models.CheckConstraint(name="session_method_known", condition=Q(method__in=SignInMethod.values)),
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
    """One refresh token, of which only the SHA-256 is kept. Used once; used again, it ends its session."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
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


class SignInAttempts(models.Model):
    """Sign-ins tried under one name from one source, a network address or a known device, since the last
    success there, or, without a source, failed under the name in a day; whether the name is known here or
    not. Neither name nor source is kept. Deleted by a success, or when the lock is over."""

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


class Registration(models.Model):
    """Somebody wants to be a worker under this email address. The job that sends the letter there makes the
    token, of which only the SHA-256 is kept; the token makes the worker. Until then the address is not taken,
    and any number of people may have named it."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
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
    """Somebody asked for a new password under an email address. The job that sends the letter finds the
    worker, if any, and makes the token, of which only the SHA-256 is kept; it opens the account once, until
    it expires. The row is kept for a day, to bound the letters to one address."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
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
                name="password_reset_expires_after_it_was_asked", condition=Q(expires_at__gt=F("created_at"))
            ),
        ]
        indexes = [models.Index(name="password_resets_of_email", fields=["email_hash", "created_at"])]

    def __str__(self) -> str:
        return f"password reset {self.pk}"


class WalletChange(Common):
    """A worker wants to be paid elsewhere. Until it takes effect, a day later, or is dropped, no payout is
    made; the new address is kept here only as long."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="wallet_changes")
    wallet_address = models.CharField(
        max_length=42, blank=True, help_text="lower case; empty once the change has ended"
    )
    effective_at = models.DateTimeField(help_text="when it may take effect, if the email has been sent")
    notified_at = models.DateTimeField(null=True, blank=True, help_text="when the worker was sent an email")
    applied_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(WalletChangeQuerySet)()

    class Meta:
        db_table = "wallet_changes"
        constraints = [
            models.UniqueConstraint(
                name="wallet_change_one_open_per_worker",
                fields=["worker"],
                condition=Q(applied_at__isnull=True, dropped_at__isnull=True),
            ),
            models.CheckConstraint(
                name="wallet_change_ends_once_and_is_forgotten",
                condition=Q(applied_at__isnull=True, dropped_at__isnull=True) & ~Q(wallet_address="")
                | Q(applied_at__isnull=False, dropped_at__isnull=True, wallet_address="")
                | Q(applied_at__isnull=True, dropped_at__isnull=False, wallet_address=""),
            ),
        ]
        indexes = [
            models.Index(
                name="wallet_changes_to_notify",
                fields=["created_at"],
                condition=Q(notified_at__isnull=True, dropped_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"wallet change {self.pk}"


class WalletNonce(models.Model):
    """A number used once, in one message that a wallet signs to sign its worker in or to be paid to."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    nonce = models.CharField(max_length=32, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "wallet_nonces"
        constraints = [
            models.CheckConstraint(
                name="wallet_nonce_form", condition=Q(nonce__regex="^[A-Za-z0-9]{16,32}$")
            ),
            models.CheckConstraint(
                name="wallet_nonce_expires_after_it_was_made", condition=Q(expires_at__gt=F("created_at"))
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
        return f"wallet nonce {self.pk}"
