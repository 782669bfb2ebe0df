from django.db import models
from django.db.models import Q


class JobHeartbeat(models.Model):
    """The last run of a job, written by the job itself at its start and its end."""

    name = models.CharField(max_length=64, primary_key=True)
    every_seconds = models.PositiveIntegerField()
    last_started_at = models.DateTimeField(null=True)
    last_finished_at = models.DateTimeField(null=True)
    last_succeeded_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0, help_text="rows the last run worked on")
    runs = models.PositiveBigIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        db_table = "job_heartbeats"
        constraints = [
            models.CheckConstraint(name="heartbeat_interval_positive", condition=Q(every_seconds__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name
