from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from gigstream.lib.encryption import EncryptedTextField
from gigstream.lib.models import SoftDeletable, SoftDeletableQuerySet
from gigstream.lib.money import MoneyField
from gigstream.lib.states import status_trigger
from workers.enums import WORKER_MOVES, WorkerStatus

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
    status = models.CharField(max_length=16, choices=WorkerStatus.choices, default=WorkerStatus.ACTIVE)
    last_login_at = models.DateTimeField(null=True, blank=True)
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
            models.CheckConstraint(
                name="worker_wallet_lower_case", condition=Q(wallet_address=Lower("wallet_address"))
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
        ]
        indexes = [
            models.Index(name="workers_status_created", fields=["status", "created_at"]),
            models.Index(name="workers_created", fields=["-created_at", "-id"]),
        ]
        triggers = [status_trigger(WORKER_MOVES)]

    def __str__(self) -> str:
        return self.full_name

    def anonymise(self) -> None:
        """Forget who the worker was: name, email, password and wallet."""
        self.email = f"deleted-{self.pk}@invalid.example"
        self.full_name = "Deleted worker"
        self.password_hash = ""
        self.wallet_id = ""
        self.wallet_address = None
        self.metadata = {}
