"""Calls to outside services and their circuit breakers (docs/decisions/remote-calls.md)."""

import pgtrigger
from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.remote_calls.enums import BreakerState, ErrorClass


class RemoteCall(models.Model):
    """A call to an outside service, written before it is made and ended after it: a call that is still open
    when its lease is over is of unknown outcome. Never changes once ended.

    Each subject that makes calls has a table of its own, with a foreign key to the row that a call is about.
    """

    id = models.BigAutoField(primary_key=True)
    number = models.PositiveIntegerField(help_text="1, 2, … of the calls about the same row")
    service = models.CharField(max_length=32)
    operation = models.CharField(max_length=16)
    started_at = models.DateTimeField(db_default=DatabaseNow())
    ended_at = models.DateTimeField(null=True, blank=True)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    error_class = models.CharField(max_length=24, null=True, blank=True)
    error_message = models.TextField(blank=True)
    answer = models.JSONField(null=True, blank=True, help_text="as received, without secrets")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(name="%(class)s_number_from_1", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="%(class)s_ended_has_its_time",
                condition=Q(ended_at__isnull=True, milliseconds__isnull=True, error_class__isnull=True)
                | Q(ended_at__isnull=False, milliseconds__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="%(class)s_started", fields=["started_at"]),
            models.Index(name="%(class)s_open", fields=["started_at"], condition=Q(ended_at__isnull=True)),
            models.Index(
                name="%(class)s_unknown",
                fields=["started_at"],
                condition=Q(error_class=ErrorClass.UNKNOWN_OUTCOME),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="never_changes_once_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.number}"


class CircuitBreaker(models.Model):
    """The switch of calls to a service. One row for all processes: open means that calls wait."""

    service = models.CharField(primary_key=True, max_length=32)
    state = models.CharField(max_length=16, choices=BreakerState.choices, default=BreakerState.CLOSED)
    failures_in_a_row = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True, help_text="when one call may try again")
    open_seconds = models.PositiveIntegerField(default=0, help_text="how long it opened for last")
    updated_at = models.DateTimeField(auto_now=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "circuit_breakers"
        constraints = [
            models.CheckConstraint(name="breaker_state_known", condition=Q(state__in=BreakerState.values)),
            models.CheckConstraint(
                name="breaker_open_has_its_times",
                condition=Q(
                    state=BreakerState.CLOSED, opened_at__isnull=True, retry_at__isnull=True, open_seconds=0
                )
                | Q(
                    ~Q(state=BreakerState.CLOSED),
                    opened_at__isnull=False,
                    retry_at__isnull=False,
                    open_seconds__gt=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.state}"
