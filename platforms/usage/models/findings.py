"""Artificial use: rules as data, what they found, and the events that are left out of pay."""

from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.states import append_only, status_trigger
from platforms.catalogue.models import CreatorProfile
from platforms.platforms.models import Platform
from platforms.usage.enums import FINDING_MOVES, FindingStatus, RuleKind


class UsageRule(models.Model):
    """A version of a rule of artificial use on a platform. The newest version of a kind holds; one with a
    threshold of 0 switches the rule off."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="usage_rules", db_index=False
    )
    kind = models.CharField(max_length=24, choices=RuleKind.choices)
    threshold = models.PositiveIntegerField(help_text="0 switches the rule off")
    decided_by = models.CharField(max_length=80)
    reason = models.TextField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "usage_rules"
        constraints = [
            models.CheckConstraint(name="usage_rule_kind_known", condition=Q(kind__in=RuleKind.values)),
            models.CheckConstraint(
                name="usage_rule_has_a_reason", condition=~Q(reason="") & ~Q(decided_by="")
            ),
        ]
        indexes = [models.Index(name="usage_rules_newest", fields=["platform", "kind", "-id"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.kind} from {self.threshold}"


class UsageFinding(models.Model):
    """Plays of a creator's works on a day that a rule leaves out of pay until a person decides, or 30 days
    have passed. Plays that are found later on the same day are a finding of their own."""

    id = models.BigAutoField(primary_key=True)
    creator = models.ForeignKey(
        CreatorProfile, on_delete=models.PROTECT, related_name="usage_findings", db_index=False
    )
    day = models.DateField()
    kind = models.CharField(max_length=24, choices=RuleKind.choices)
    number = models.PositiveIntegerField(db_default=1, help_text="1, 2, … of this creator, day and rule")
    threshold = models.PositiveIntegerField(help_text="of the rule that found them")
    plays = models.PositiveIntegerField(help_text="plays left out, each under the first rule that found it")
    found_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=FindingStatus.choices, default=FindingStatus.HELD)
    contested_at = models.DateTimeField(null=True, blank=True)
    contest = models.CharField(max_length=1000, blank=True, default="", help_text="the creator's words")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=80, blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "usage_findings"
        constraints = [
            models.UniqueConstraint(name="finding_once", fields=["creator", "day", "kind", "number"]),
            models.CheckConstraint(name="finding_kind_known", condition=Q(kind__in=RuleKind.values)),
            models.CheckConstraint(name="finding_status_known", condition=Q(status__in=FindingStatus.values)),
            models.CheckConstraint(name="finding_of_plays", condition=Q(plays__gt=0)),
            models.CheckConstraint(
                name="finding_decided_as_a_whole",
                condition=Q(status=FindingStatus.HELD, decided_at__isnull=True, decided_by="", reason="")
                | Q(
                    ~Q(status=FindingStatus.HELD), ~Q(decided_by=""), ~Q(reason=""), decided_at__isnull=False
                ),
            ),
            models.CheckConstraint(
                name="finding_contested_in_words",
                condition=Q(contested_at__isnull=True, contest="")
                | Q(contested_at__isnull=False) & ~Q(contest=""),
            ),
        ]
        indexes = [
            models.Index(name="findings_held", fields=["found_at"], condition=Q(status=FindingStatus.HELD)),
        ]
        triggers = [status_trigger(FINDING_MOVES)]

    def __str__(self) -> str:
        return f"{self.plays} plays on {self.day}"


class UsageMark(models.Model):
    """An event that a finding leaves out of pay. It still counts as use."""

    event_number = models.BigIntegerField(primary_key=True)
    occurred_at = models.DateTimeField()
    work_number = models.BigIntegerField()
    finding = models.ForeignKey(UsageFinding, on_delete=models.CASCADE, related_name="marks")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "usage_marks"

    def __str__(self) -> str:
        return f"event {self.event_number}"
