from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower

from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import (
    SoftDeletable,
    SoftDeletableQuerySet,
    is_plain_email,
    is_readable,
)
from gigstream.core.money import MoneyField
from gigstream.core.people import masking
from gigstream.core.postgres.parts import parts_index
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from gigstream.core.states import status_trigger
from workers.profiles.enums import WORKER_MOVES, PayoutSchedule, WorkerStatus

MAX_REPUTATION = 1000


STARTING_REPUTATION = 500


def percent_field(**kwargs: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=5, decimal_places=2, **kwargs)


class Worker(SoftDeletable):
    """A person who is paid. The columns below `derived` follow from other rows (domain.md, section 5) and are
    written only by the rules named there."""

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

    short_number = ShortNumberField("workers")
    reference = reference_field(Value("WK"))
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=120)
    password_hash = models.CharField(max_length=128, blank=True)
    wallet_id = EncryptedTextField(blank=True, default="", help_text="custody wallet, encrypted at rest")
    wallet_address = models.CharField(
        max_length=42, unique=True, null=True, blank=True, help_text="lower case; payouts go here"
    )
    email_proved_at = models.DateTimeField(
        null=True, blank=True, help_text="when a token from a letter to it was sent back"
    )
    wallet_proved_at = models.DateTimeField(
        null=True, blank=True, help_text="when its signature proved it; empty for a custody wallet"
    )
    country = models.CharField(
        max_length=2, blank=True, default="", db_default="", help_text="ISO 3166, as the worker states it"
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
            parts_index("workers_by_parts_of_name", "full_name"),
        ]
        triggers = [status_trigger(WORKER_MOVES)]

    def __str__(self) -> str:
        return str(masking.mask_value("full_name", self.full_name))

    def anonymise(self) -> None:
        """Overwrite the personal values in memory: name, email, password, wallet, country, metadata."""
        self.email = f"deleted-{self.pk}@invalid.example"
        self.full_name = "Deleted worker"
        self.password_hash = ""
        self.wallet_id = ""
        self.wallet_address = self.wallet_proved_at = None
        self.country, self.time_zone = "", "UTC"
        self.metadata = {}
