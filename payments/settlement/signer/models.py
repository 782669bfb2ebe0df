"""Transactions that we sign ourselves: nonces, and the versions of each that were sent."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from gigstream.core.clock import DatabaseNow
from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import Common, GuardedQuerySet
from gigstream.core.states import append_only


class SignerAccount(models.Model):
    """Account that signs, with the nonce of its next transaction."""

    address = models.CharField(primary_key=True, max_length=42)
    next_nonce = models.PositiveBigIntegerField(default=0)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "signer_accounts"
        constraints = [
            models.CheckConstraint(name="signer_address_lower_case", condition=Q(address=Lower("address"))),
        ]

    def __str__(self) -> str:
        return self.address


class SignedCall(Common):
    """Call of a contract under a key, with a nonce that is its own for good: all its versions have it, so
    that the chain takes one of them at most."""

    idempotency_key = models.UUIDField(unique=True)
    account = models.ForeignKey(SignerAccount, on_delete=models.PROTECT, related_name="calls", db_index=False)
    nonce = models.PositiveBigIntegerField()
    contract = models.CharField(max_length=42)
    function = models.CharField(max_length=120)
    data = EncryptedTextField(
        blank=True, help_text="the call as the chain takes it, encrypted at rest; empty once it is mined"
    )
    gas_limit = models.PositiveIntegerField()
    mined_at = models.DateTimeField(null=True, blank=True, help_text="when a look found it deep in the chain")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "signed_calls"
        constraints = [
            models.UniqueConstraint(name="signed_call_nonce_once", fields=["account", "nonce"]),
            models.CheckConstraint(
                name="signed_call_can_be_sent_until_mined", condition=Q(mined_at__isnull=False) | ~Q(data="")
            ),
        ]
        indexes = [
            models.Index(
                name="signed_calls_open", fields=["account", "nonce"], condition=Q(mined_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.function.partition('(')[0]} with nonce {self.nonce}"


class SignedVersion(models.Model):
    """Version of a call that was signed and may have been sent: each has a higher price than the one before.
    The last can be empty, which takes the nonce and does nothing."""

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(SignedCall, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    max_fee = models.DecimalField(max_digits=27, decimal_places=9, help_text="gwei")
    priority_fee = models.DecimalField(max_digits=27, decimal_places=9, help_text="gwei")
    is_empty = models.BooleanField(default=False)
    tx_hash = models.CharField(max_length=66, unique=True)
    signed_at = models.DateTimeField(db_default=DatabaseNow())

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "signed_versions"
        constraints = [
            models.UniqueConstraint(name="signed_version_once_per_number", fields=["call", "number"]),
            models.CheckConstraint(name="signed_version_number_from_1", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="signed_version_has_a_price", condition=Q(max_fee__gt=0, priority_fee__gte=0)
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"version {self.number} of {self.call_id}"
