import pgtrigger
from django.db import models
from django.db.models import Q

from gigstream.core.models import Common, GuardedQuerySet
from platforms.models import Task
from reputation.scores.enums import ReputationEventType
from workers.models import MAX_REPUTATION, Worker

# Deleting a worker without money history takes their events along; nothing else deletes them.
ERASING_WORKER = "gigstream.erasing_worker"


class ReputationEvent(Common):
    """A fact that moved a worker's reputation. Never changes; goes only when its worker is deleted.
    `previous_score` and `new_score` are filled by `update_reputation_score`."""

    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="reputation_events", db_index=False
    )
    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="reputation_events", null=True, blank=True
    )
    event_type = models.CharField(max_length=24, choices=ReputationEventType.choices)
    delta = models.SmallIntegerField()
    previous_score = models.PositiveSmallIntegerField(editable=False)
    new_score = models.PositiveSmallIntegerField(editable=False)
    number = models.PositiveIntegerField(editable=False, help_text="1, 2, … of this worker's events")
    reason = models.TextField(blank=True)
    triggered_by = models.CharField(max_length=80, blank=True, help_text="the actor behind it")
    source_key = models.CharField(
        max_length=160,
        unique=True,
        null=True,
        blank=True,
        help_text="the fact behind it, so that it counts once",
    )
    counted_on = models.DateField(
        null=True,
        blank=True,
        help_text="the UTC day to whose bounds it counts; empty without bounds",
    )
    metadata = models.JSONField(default=dict, blank=True)

    # Whether no other platform had paid the worker when it happened: known only while it is being recorded.
    by_the_only_payer: bool = False

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "reputation_events"
        constraints = [
            models.UniqueConstraint(name="reputation_events_in_order", fields=["worker", "number"]),
            models.CheckConstraint(
                name="reputation_event_type_known", condition=Q(event_type__in=ReputationEventType.values)
            ),
            models.CheckConstraint(
                name="reputation_scores_in_range",
                condition=Q(previous_score__range=(0, MAX_REPUTATION), new_score__range=(0, MAX_REPUTATION)),
            ),
            models.CheckConstraint(
                name="reputation_adjustment_has_a_reason",
                condition=~Q(event_type=ReputationEventType.MANUAL_ADJUSTMENT, reason=""),
            ),
        ]
        indexes = [
            models.Index(name="reputation_worker_created", fields=["worker", "created_at"]),
            models.Index(name="reputation_created", fields=["created_at"]),
            models.Index(
                name="reputation_bounded",
                fields=["worker", "counted_on"],
                condition=Q(counted_on__isnull=False) & ~Q(delta=0),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="goes_only_with_its_worker",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=f"""
                    IF current_setting('{ERASING_WORKER}', true) = OLD.worker_id::text THEN
                        RETURN OLD;
                    END IF;
                    RAISE EXCEPTION 'reputation events are append-only';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.delta:+d}"
