from datetime import datetime
from decimal import Decimal

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Lower
from django.db.models.lookups import Regex

from gigstream.core.clock import DatabaseNow
from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import (
    CommonQuerySet,
    RowNumberField,
    SoftDeletable,
    SoftDeletableQuerySet,
    is_plain_email,
    is_readable,
)
from gigstream.core.money import MoneyField
from gigstream.core.postgres.parts import parts_index
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from platforms.platforms.scopes import LIST_FORM, default_scopes

DEFAULT_FEE_BPS = 200


class Platform(SoftDeletable):
    """A client company that funds tasks. The figures below `derived` are written only by
    `update_platform_statistics`."""

    DERIVED = frozenset({"total_payouts", "total_tasks", "active_workers", "unique_workers"})

    short_number = ShortNumberField("platforms")
    reference = reference_field(Value("PF"))
    number = RowNumberField()
    name = models.CharField(max_length=120, unique=True)
    contact_email = models.EmailField()
    webhook_url = models.URLField(max_length=500, blank=True)
    webhook_secret = EncryptedTextField(blank=True, default="", help_text="encrypted at rest")
    wallet_id = EncryptedTextField(blank=True, default="", help_text="custody wallet, encrypted at rest")
    wallet_address = models.CharField(max_length=42, unique=True, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    fee_bps = models.PositiveSmallIntegerField(
        default=DEFAULT_FEE_BPS, help_text="on top of the pay; a task keeps the rate it was posted at"
    )
    bonus_limit = MoneyField(
        null=True, blank=True, help_text="of a task's bonuses; empty: the task's own pay"
    )
    metadata = models.JSONField(default=dict, blank=True)
    key_requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="of each API key; empty is the settings' limit"
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="of all API keys together; empty is the settings' limit"
    )

    # derived
    total_payouts = MoneyField(default=Decimal(0), editable=False, help_text="paid for ended tasks, in USDC")
    total_tasks = models.PositiveIntegerField(default=0, editable=False, help_text="tasks posted")
    active_workers = models.PositiveIntegerField(default=0, editable=False, help_text="with an open task now")
    unique_workers = models.PositiveIntegerField(default=0, editable=False, help_text="ever engaged")

    objects = models.Manager.from_queryset(SoftDeletableQuerySet)()

    class Meta:
        db_table = "platforms"
        constraints = [
            models.CheckConstraint(name="platform_fee_in_range", condition=Q(fee_bps__range=(0, 10_000))),
            models.CheckConstraint(
                name="platform_wallet_lower_case", condition=Q(wallet_address=Lower("wallet_address"))
            ),
            models.CheckConstraint(
                name="platform_bonus_limit_not_negative",
                condition=Q(bonus_limit__isnull=True) | Q(bonus_limit__gte=0),
            ),
            models.CheckConstraint(
                name="platform_request_limits_in_range",
                condition=(
                    Q(key_requests_per_minute__isnull=True) | Q(key_requests_per_minute__range=(1, 100_000))
                )
                & (Q(requests_per_minute__isnull=True) | Q(requests_per_minute__range=(1, 100_000))),
            ),
            models.CheckConstraint(name="platform_payouts_not_negative", condition=Q(total_payouts__gte=0)),
            models.CheckConstraint(name="platform_name_readable", condition=is_readable("name")),
            models.CheckConstraint(name="platform_email_plain", condition=is_plain_email("contact_email")),
        ]
        indexes = [
            models.Index(name="platforms_created", fields=["-created_at", "-id"]),
            models.Index(name="platforms_contact", fields=["contact_email"]),
            parts_index("platforms_by_parts_of_name", "name"),
        ]

    def __str__(self) -> str:
        return self.name

    def anonymise(self) -> None:
        """Overwrite the company's name, contact, wallet and webhook in memory."""
        self.name = f"Deleted platform {self.reference}"
        self.contact_email = f"deleted-{self.pk}@invalid.example"
        self.webhook_url = ""
        self.webhook_secret = ""
        self.wallet_id = ""
        self.wallet_address = None
        self.is_active = False
        self.metadata = {}


class ApiKey(models.Model):
    """A credential of a platform, of which only the SHA-256 is kept. Several may be valid at a time."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60, blank=True)
    prefix = models.CharField(max_length=16, unique=True, help_text="the public part, for look-up")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    is_live = models.BooleanField(default=False, help_text="gs_live_ rather than gs_test_")
    scopes = ArrayField(models.CharField(max_length=32), default=default_scopes)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    # The time of the present request, by the database's clock.
    as_of: datetime | None = None

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        constraints = [
            models.CheckConstraint(
                name="api_key_hash_is_sha256",
                condition=Q(secret_hash__regex="^[0-9a-f]{64}$"),  # noqa: S106 - a pattern
            ),
            models.CheckConstraint(name="api_key_name_readable", condition=is_readable("name")),
            models.CheckConstraint(
                # The form only: scopes are registered in code, so that a new one needs no migration.
                name="api_key_scopes_well_formed",
                condition=Regex(Cast("scopes", models.TextField()), LIST_FORM),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="key_is_of_the_databases_kind",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("is_live"),
                func="""
                    IF EXISTS (SELECT FROM database_identity WHERE (kind = 'live') <> NEW.is_live) THEN
                        RAISE EXCEPTION 'gigstream: keys of test and live are made in databases of their own';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"gs_{'live' if self.is_live else 'test'}_{self.prefix}_…"
