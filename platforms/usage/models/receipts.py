"""Batches, and the receipts that a platform has for them: a chain without a gap, signed."""

from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import CommonQuerySet, GuardedQuerySet
from gigstream.core.states import append_only
from platforms.platforms.models import Platform
from platforms.usage.enums import ReceiptKind

_SHA256 = "^[0-9a-f]{64}$"
_ED25519_SIGNATURE = "^[0-9a-f]{128}$"


class UsageBatch(models.Model):
    """A batch of usage events of which some were taken. The numbers of its events follow from its own."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="usage_batches", db_index=False
    )
    received_at = models.DateTimeField()
    given = models.PositiveIntegerField(help_text="events in the batch")
    accepted = models.PositiveIntegerField()
    replayed = models.PositiveIntegerField(help_text="events that were on record already")
    refused = models.PositiveIntegerField()
    first_day = models.DateField(help_text="of its accepted events")
    last_day = models.DateField(help_text="of its accepted events")

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "usage_batches"
        verbose_name_plural = "usage batches"
        constraints = [
            models.CheckConstraint(name="usage_batch_has_events", condition=Q(accepted__gt=0)),
            models.CheckConstraint(
                name="usage_batch_counts_each_event",
                condition=Q(given=F("accepted") + F("replayed") + F("refused")),
            ),
            models.CheckConstraint(
                name="usage_batch_days_in_order", condition=Q(first_day__lte=F("last_day"))
            ),
        ]
        indexes = [
            models.Index(name="usage_batches_of_platform", fields=["platform", "-id"]),
            models.Index(name="usage_batches_by_time", fields=["received_at"]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"batch {self.pk}: {self.accepted} events"


class SigningKey(models.Model):
    """An Ed25519 key (RFC 8032) that signs receipts. The public half stays known when the key is retired."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    name = models.CharField(
        max_length=43, unique=True, help_text="thumbprint of the public key (RFC 7638), as `kid` in the JWKS"
    )
    public = models.CharField(max_length=43, help_text="public key in base64url, as `x` in the JWKS")
    private = EncryptedTextField(blank=True, help_text="encrypted at rest, empty once it is retired")
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "usage_signing_keys"
        constraints = [
            models.UniqueConstraint(
                name="signing_key_one_current",
                fields=["retired_at"],
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="signing_key_retired_as_a_whole",
                condition=Q(Q(retired_at__isnull=True), ~Q(private=""))
                | Q(retired_at__isnull=False, private=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReceiptChain(models.Model):
    """The end of a platform's chain of receipts: locked by who adds one."""

    platform = models.OneToOneField(
        Platform, on_delete=models.PROTECT, primary_key=True, related_name="receipt_chain"
    )
    last_number = models.PositiveBigIntegerField()
    last_hash = models.CharField(max_length=64)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "usage_receipt_chains"
        constraints = [
            models.CheckConstraint(
                name="receipt_chain_hash_is_sha256", condition=Q(last_hash__regex=_SHA256)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.last_number} receipts"


class UsageReceipt(models.Model):
    """A receipt for the events of a batch, or for those of a correction. Never changes."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="usage_receipts", db_index=False
    )
    number = models.PositiveBigIntegerField(help_text="1, 2, … of this platform, without a gap")
    kind = models.CharField(max_length=16, choices=ReceiptKind.choices)
    batch = models.OneToOneField(
        UsageBatch, on_delete=models.PROTECT, related_name="receipt", null=True, blank=True
    )
    count = models.PositiveIntegerField(help_text="events under the root")
    root = models.CharField(max_length=64, help_text="root of the Merkle tree over the events (RFC 6962)")
    totals = models.JSONField(help_text="events by kind")
    received_at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    signature = models.CharField(max_length=128, help_text="Ed25519, hexadecimal")

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "usage_receipts"
        constraints = [
            models.UniqueConstraint(name="receipt_once_per_number", fields=["platform", "number"]),
            models.CheckConstraint(name="receipt_number_from_1", condition=Q(number__gte=1)),
            models.CheckConstraint(name="receipt_kind_known", condition=Q(kind__in=ReceiptKind.values)),
            models.CheckConstraint(
                name="receipt_names_its_batch",
                condition=~Q(kind=ReceiptKind.BATCH) | Q(batch__isnull=False),
            ),
            models.CheckConstraint(name="receipt_covers_events", condition=Q(count__gt=0)),
            models.CheckConstraint(
                name="receipt_hashes_are_sha256",
                condition=Q(root__regex=_SHA256, previous_hash__regex=_SHA256, hash__regex=_SHA256),
            ),
            models.CheckConstraint(
                name="receipt_is_signed", condition=Q(signature__regex=_ED25519_SIGNATURE)
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"receipt {self.number}"
