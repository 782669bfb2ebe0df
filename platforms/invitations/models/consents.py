"""Consents: which platforms a worker has agreed to work for (docs/decisions/consent.md)."""

from datetime import datetime
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Common, GuardedQuerySet
from gigstream.core.people.row_names import loaded_name
from platforms.invitations.enums import ConsentSource
from platforms.tasks.enums import PartySide
from workers.models import Worker


class ConsentQuerySet(GuardedQuerySet["Consent"]):
    def open(self) -> Self:
        """Narrow to consents that have not ended."""
        return self.filter(ended_at=None)

    def in_force_at(self, now: datetime) -> Self:
        """Narrow to open consents that were accepted at `now` or before."""
        return self.open().filter(accepted_at__lte=now)


class Consent(Common):
    """A worker's agreement to work for a platform. It decides whom the platform may see and assign. Ended
    once, never changed otherwise; a worker who comes back gives a new one."""

    platform = models.ForeignKey(
        "platforms.Platform", on_delete=models.CASCADE, related_name="consents", db_index=False
    )
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="consents", db_index=False)
    source = models.CharField(max_length=16, choices=ConsentSource.choices, help_text="how the worker agreed")
    accepted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=16, choices=PartySide.choices, null=True, blank=True)

    objects = models.Manager.from_queryset(ConsentQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "consents"
        constraints = [
            models.UniqueConstraint(
                name="consent_one_open_per_pair",
                fields=["worker", "platform"],
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(name="consent_source_known", condition=Q(source__in=ConsentSource.values)),
            models.CheckConstraint(
                name="consent_ended_as_a_whole",
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False, ended_by__in=PartySide.values),
            ),
            models.CheckConstraint(
                name="consent_ends_after_acceptance",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("accepted_at")),
            ),
        ]
        indexes = [
            models.Index(name="consents_of_pair", fields=["worker", "platform", "accepted_at"]),
            models.Index(
                name="consents_of_platform",
                fields=["platform", "-accepted_at", "-id"],
                condition=Q(ended_at__isnull=True),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="given_once",
                operation=pgtrigger.UpdateOf("platform_id", "worker_id", "source", "accepted_at"),
                condition=pgtrigger.AnyChange("platform", "worker", "source", "accepted_at"),
            ),
            pgtrigger.Protect(
                name="ended_once",
                operation=pgtrigger.UpdateOf("ended_at", "ended_by"),
                condition=pgtrigger.Q(old__ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return (
            " · ".join(filter(None, (loaded_name(self, "platform"), loaded_name(self, "worker"))))
            or "consent"
        )
