"""The second factor of the staff: an app that shows codes, and the codes for when it is lost."""

from time import time
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from audit.models import Approval
from gigstream.lib.encryption import EncryptedTextField, number_rows
from workers.models import is_sha256

STEP_SECONDS = 30
DIGITS = 6
# How many steps a clock may be off, to either side.
TOLERANCE = 1


def hash_code(code: str) -> str:
    """A recovery code as a keyed hash: the table alone opens nothing, nor lets codes be tried against it."""
    return salted_hmac("gigstream.console.recovery", code, algorithm="sha256").hexdigest()


class SecondFactor(TimestampMixin, ThrottlingMixin, Device):
    """What takes a code from a member of staff. After a wrong one it takes none for 1, 2, 4 … seconds."""

    class Meta:
        abstract = True

    def get_throttle_factor(self) -> int:
        return 1

    def verify_token(self, token: str) -> bool:
        """Whether the code is right, which it is only once. The row is locked by whoever asks."""
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
    """An app, on somebody's telephone, that shows a new code every 30 seconds (RFC 6238). Counts once its
    owner has shown a first code (`confirmed`); beside it there may be one that is to take its place."""

    key = EncryptedTextField(editable=False, help_text="20 random bytes in hexadecimal, encrypted at rest")
    last_step = models.BigIntegerField(
        default=-1, help_text="the time step of the newest code that was taken"
    )

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
    """Codes that somebody has written down, each of which stands in for the app once. Made anew together."""

    hashes = models.JSONField(default=list, help_text="of the codes that are left")

    class Meta:
        db_table = "staff_recovery_codes"
        verbose_name_plural = "recovery codes"
        constraints = [models.UniqueConstraint(name="staff_recovery_codes_one_each", fields=["user"])]

    def __str__(self) -> str:
        return f"recovery codes of {self.user}"

    def _take(self, token: str) -> bool:
        given = hash_code(token)
        left = [one for one in self.hashes if not constant_time_compare(one, given)]
        right, self.hashes = len(left) < len(self.hashes), left
        return right


class PasswordCode(models.Model):
    """What lets a member of staff choose a password, once: two people have approved that it is sent to them.
    The job that sends the email makes the code, of which only the SHA-256 is kept."""

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
