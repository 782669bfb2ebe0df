import pgtrigger
from django.db import models
from django.db.models import Q, Value

from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import Changing, RowNumberField, is_readable
from gigstream.core.people import masking
from gigstream.core.postgres.parts import parts_index
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from gigstream.core.states import status_trigger
from platforms.catalogue.enums import CREATOR_MOVES, CreatorStatus
from platforms.catalogue.querysets import CreatorQuerySet, is_address_or_empty
from platforms.platforms.models import Platform
from workers.models import Worker


class CreatorProfile(Changing):
    """A worker as a creator on a platform. Moves through `CREATOR_MOVES`. A worker who leaves takes the name
    and the addresses along; the profile and its works stay, because use was counted for them."""

    short_number = ShortNumberField("creators")
    reference = reference_field(Value("CR"))
    number = RowNumberField()
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="creators", db_index=False)
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="creator_profiles")
    status = models.CharField(max_length=16, choices=CreatorStatus.choices, default=CreatorStatus.PENDING)
    display_name = models.CharField(
        max_length=120, blank=True, help_text="name that the public sees; empty once the worker has left"
    )
    token_address = models.CharField(
        max_length=42, blank=True, default="", help_text="contract of the creator's token, if there is one"
    )
    metrics_address = EncryptedTextField(
        blank=True, default="", help_text="address to which metrics are written, encrypted at rest"
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CreatorQuerySet)()

    class Meta:
        db_table = "creator_profiles"
        constraints = [
            models.UniqueConstraint(name="creator_once_per_platform", fields=["platform", "worker"]),
            models.CheckConstraint(name="creator_status_known", condition=Q(status__in=CreatorStatus.values)),
            models.CheckConstraint(
                name="creator_named_until_closed",
                condition=Q(status=CreatorStatus.CLOSED) | ~Q(display_name=""),
            ),
            models.CheckConstraint(name="creator_name_readable", condition=is_readable("display_name")),
            models.CheckConstraint(
                name="creator_token_address_well_formed", condition=is_address_or_empty("token_address")
            ),
            models.CheckConstraint(
                name="creator_verified_has_time",
                condition=Q(status=CreatorStatus.CLOSED)
                | Q(status=CreatorStatus.PENDING, verified_at__isnull=True)
                | Q(status=CreatorStatus.VERIFIED, verified_at__isnull=False),
            ),
            models.CheckConstraint(
                name="creator_closed_has_time",
                condition=Q(status=CreatorStatus.CLOSED, closed_at__isnull=False)
                | Q(~Q(status=CreatorStatus.CLOSED), closed_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(name="creators_of_platform", fields=["platform", "-created_at", "-id"]),
            parts_index("creators_by_parts_of_name", "display_name"),
        ]
        triggers = [
            status_trigger(CREATOR_MOVES),
            pgtrigger.Protect(
                name="stays_with_its_pair",
                operation=pgtrigger.UpdateOf("platform_id", "worker_id"),
                condition=pgtrigger.AnyChange("platform", "worker"),
            ),
        ]

    def __str__(self) -> str:
        return str(masking.mask_value("display_name", self.display_name)) or f"creator {self.reference}"
