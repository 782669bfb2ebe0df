from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import Common, CommonQuerySet
from workers.profiles.models import Worker


class WalletChangeQuerySet(CommonQuerySet):
    def open(self) -> Self:
        """Narrow to changes that may still take effect."""
        return self.filter(applied_at=None, dropped_at=None)


class WalletChange(Common):
    """A requested change of a worker's payout address. No payout is made until it takes effect, a day later,
    or is dropped; then the new address is deleted here."""

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
    """A number used once, in a message that a wallet signs for a sign-in or to become a payout address."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
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
