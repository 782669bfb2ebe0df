"""Second factors of staff, authenticator apps and recovery codes, and the codes to choose a password."""

from time import time
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from audit.models import Approval
from gigstream.core.encryption import EncryptedTextField, number_rows
from gigstream.sign_in.models import is_sha256

STEP_SECONDS = 30
DIGITS = 6
# Steps that a clock may be off, to either side.
TOLERANCE = 1


def hash_code(code: str) -> str:
    """Return the keyed hash of a recovery code; without the key, codes cannot be tried against the table."""
    return salted_hmac("gigstream.console.recovery", code, algorithm="sha256").hexdigest()


class SecondFactor(TimestampMixin, ThrottlingMixin, Device):
    """Base of a second factor. After wrong codes it accepts none for 1, 2, 4 … seconds."""

    class Meta:
        abstract = True

    def get_throttle_factor(self) -> int:
        return 1

    def verify_token(self, token: str) -> bool:
        """Whether the code is right; each code is right only once. The caller holds the row's lock."""
        allowed, _ = self.verify_is_allowed()
        right = bool(allowed) and self._take(token)
        if right:
            self.throttle_reset(commit=False)
            self.set_last_used_timestamp(commit=False)
        elif allowed:
            self.throttle_increment(commit=False)
        self.save()
        return right

    def _take(self, token: str) -> bool:
        raise NotImplementedError


class Authenticator(SecondFactor):
    """Authenticator app with a new code every 30 seconds (RFC 6238). It counts once its owner has entered a
    first code (`confirmed`); an unconfirmed replacement may exist beside it."""

    key = EncryptedTextField(editable=False, help_text="20 random bytes in hexadecimal, encrypted at rest")
    last_step = models.BigIntegerField(default=-1, help_text="the time step of the newest accepted code")

    class Meta:
        db_table = "staff_authenticators"
        constraints = [
            models.UniqueConstraint(name="staff_authenticator_one_of_each", fields=["user", "confirmed"])
        ]

    def __str__(self) -> str:
        return f"authenticator of {self.user}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        number_rows([self])
        super().save(*args, **kwargs)

    def _take(self, token: str) -> bool:
        codes = TOTP(bytes.fromhex(self.key), STEP_SECONDS, digits=DIGITS)
        codes.time = time()
        if not token.isascii() or not token.isdigit() or len(token) != DIGITS:
            return False
        if not codes.verify(int(token), TOLERANCE, self.last_step + 1):
            return False
        self.last_step = codes.t()
        return True


class RecoveryCodes(SecondFactor):
    """Recovery codes, each of which replaces the app once. All are renewed together."""

    hashes = models.JSONField(default=list, help_text="of the codes that are left")

    class Meta:
        db_table = "staff_recovery_codes"
        verbose_name_plural = "recovery codes"
        constraints = [models.UniqueConstraint(name="staff_recovery_codes_one_each", fields=["user"])]

    def __str__(self) -> str:
        return f"recovery codes of {self.user}"

    def _take(self, token: str) -> bool:
        given = hash_code(token)
        left = [kept for kept in self.hashes if not constant_time_compare(kept, given)]
        right, self.hashes = len(left) < len(self.hashes), left
        return right


class PasswordCode(models.Model):
    """Single-use code with which a member of staff chooses a password, approved by two people. The job that
    sends the email makes the code; only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_codes")
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "staff_password_codes"
        constraints = [
            models.CheckConstraint(
                name="staff_password_code_hash_is_sha256",
                condition=Q(token_hash__isnull=True) | is_sha256("token_hash"),
            ),
            models.CheckConstraint(
                name="staff_password_code_sent_was_made",
                condition=Q(sent_at__isnull=True) | Q(token_hash__isnull=False),
            ),
            models.CheckConstraint(
                name="staff_password_code_expires_after_it_was_made",
                condition=Q(expires_at__gt=F("created_at")),
            ),
            models.UniqueConstraint(
                name="staff_password_code_one_each", fields=["user"], condition=Q(used_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"password code {self.pk}"
