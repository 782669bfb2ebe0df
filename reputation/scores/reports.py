"""Views of reputations, as models that are only read."""

from django.db import models

from gigstream.core.postgres.reports import Report
from reputation.scores.enums import ReputationEventType, Tier


class ReputationHistory(Report):
    """A worker's score right after a reputation event."""

    event = models.OneToOneField(
        "reputation.ReputationEvent",
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    worker = models.ForeignKey(
        "workers.Worker", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    number = models.PositiveIntegerField(help_text="1, 2, … of this worker's events")
    happened_at = models.DateTimeField()
    event_type = models.CharField(max_length=24, choices=ReputationEventType.choices)
    task = models.ForeignKey(
        "platforms.Task", on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+"
    )
    delta = models.SmallIntegerField(help_text="points of the event")
    previous_score = models.PositiveSmallIntegerField()
    new_score = models.PositiveSmallIntegerField()
    change = models.SmallIntegerField(help_text="delta, as far as the score stayed within 0 to 1000")
    tier = models.CharField(max_length=16, choices=Tier.choices, help_text="the band of the new score")
    reason = models.TextField()

    class Meta(Report.Meta):
        db_table = "reputation_history_view"
        verbose_name_plural = "reputation history"

    def __str__(self) -> str:
        return f"{self.event_type}: {self.previous_score} to {self.new_score}"
