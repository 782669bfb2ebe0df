import pgtrigger
from django.db import models
from django.db.models import Q

from gigstream.core.models import Changing, GuardedQuerySet
from gigstream.core.states import status_trigger
from payments.models import ChainOperation
from platforms.models import CreatorProfile
from reputation.milestones.enums import (
    ACTION_MOVES,
    REFUSED_FOR,
    WAITS_FOR,
    ActionStatus,
    ActionTrouble,
    MilestoneAction,
)
from reputation.milestones.models.rules import MilestoneRule

_MADE_TOKEN = Q(action=MilestoneAction.CREATE_TOKEN, status=ActionStatus.DONE)


class CreatorMilestone(Changing):
    """A milestone that a creator has reached, once for each version of a rule, with the metrics at that
    moment. It stays, also where a correction takes a metric below the rule again: a note says so. The status
    is that of its action, which moves through `ACTION_MOVES`."""

    creator = models.ForeignKey(
        CreatorProfile, on_delete=models.PROTECT, related_name="milestones", db_index=False
    )
    rule = models.ForeignKey(MilestoneRule, on_delete=models.PROTECT, related_name="milestones")
    description = models.CharField(max_length=300, help_text="the rule's")
    action = models.CharField(max_length=24, choices=MilestoneAction.choices)
    current_value = models.JSONField(help_text="each metric over each window when it was reached")
    month = models.DateField(help_text="the month, by its first day, over which months were counted")
    reached_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=ActionStatus.choices)
    trouble = models.CharField(
        max_length=24,
        choices=ActionTrouble.choices,
        blank=True,
        default="",
        help_text="why the action waits or was refused",
    )
    operation = models.OneToOneField(
        ChainOperation,
        on_delete=models.PROTECT,
        related_name="milestone",
        null=True,
        blank=True,
        help_text="operation that makes the token",
    )
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="when the action is next tried")
    noted_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(
        max_length=300, blank=True, default="", help_text="metrics that have fallen below the rule again"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "creator_milestones"
        constraints = [
            models.UniqueConstraint(name="creator_milestone_once", fields=["creator", "rule"]),
            models.CheckConstraint(
                name="creator_milestone_action_known", condition=Q(action__in=MilestoneAction.values)
            ),
            models.CheckConstraint(
                name="creator_milestone_trouble_fits_its_status",
                condition=Q(status=ActionStatus.DONE, trouble="")
                | Q(status=ActionStatus.WAITING, trouble__in=["", *sorted(WAITS_FOR)])
                | Q(status=ActionStatus.REFUSED, trouble__in=sorted(REFUSED_FOR)),
            ),
            models.CheckConstraint(
                name="creator_milestone_waits_for_a_token_alone",
                condition=Q(action=MilestoneAction.CREATE_TOKEN) | Q(status=ActionStatus.DONE),
            ),
            models.CheckConstraint(
                name="creator_milestone_has_the_operation_of_its_token",
                condition=_MADE_TOKEN & Q(operation__isnull=False) | ~_MADE_TOKEN & Q(operation__isnull=True),
            ),
            models.CheckConstraint(
                name="creator_milestone_waits_until_a_time",
                condition=Q(status=ActionStatus.WAITING, next_attempt_at__isnull=False)
                | ~Q(status=ActionStatus.WAITING) & Q(next_attempt_at__isnull=True),
            ),
            models.CheckConstraint(
                name="creator_milestone_noted_as_a_whole",
                condition=Q(noted_at__isnull=True, note="") | Q(noted_at__isnull=False) & ~Q(note=""),
            ),
            models.CheckConstraint(name="creator_milestone_of_a_month", condition=Q(month__day=1)),
        ]
        indexes = [
            models.Index(name="creator_milestones_recent", fields=["-created_at", "-id"]),
            models.Index(
                name="creator_milestones_waiting",
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
            ),
        ]
        triggers = [
            status_trigger(ACTION_MOVES),
            pgtrigger.Protect(
                name="stays_as_it_was_reached",
                operation=pgtrigger.UpdateOf(
                    "creator_id", "rule_id", "description", "action", "current_value", "month", "reached_at"
                ),
                condition=pgtrigger.AnyChange(
                    "creator", "rule", "description", "action", "current_value", "month", "reached_at"
                ),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.description
