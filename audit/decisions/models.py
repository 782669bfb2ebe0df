from django.db import models
from django.db.models import F, Q

from gigstream.core.ids import new_id
from gigstream.core.models import GuardedQuerySet
from gigstream.core.states import append_only


class Decision(models.Model):
    """A decision about a worker under a registered rule, written with its effect. Never changes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rule = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(help_text="of the rule")
    subject_type = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    worker_id = models.UUIDField(help_text="stays when the worker is erased")
    outcome = models.CharField(max_length=32)
    inputs = models.JSONField(default=dict, blank=True, help_text="the values that decided, by name")
    sentence = models.TextField(help_text="the decision in words")
    reason = models.TextField(blank=True, help_text="given by the person who decided")
    needs_person = models.BooleanField(help_text="whether only a person may decide so")
    requested_by = models.CharField(max_length=80, blank=True, help_text="the first of two members of staff")
    decided_by = models.CharField(max_length=80)
    decided_at = models.DateTimeField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "decisions"
        constraints = [
            models.CheckConstraint(
                name="decision_names_its_rule", condition=~Q(rule="") & ~Q(outcome="") & Q(version__gte=1)
            ),
            models.CheckConstraint(
                name="decision_names_its_subject", condition=~Q(subject_type="") & ~Q(subject_id="")
            ),
            models.CheckConstraint(name="decision_is_in_words", condition=~Q(sentence="")),
            models.CheckConstraint(name="decision_names_its_decider", condition=~Q(decided_by="")),
            models.CheckConstraint(
                name="decision_needs_a_person",
                condition=Q(needs_person=False) | (Q(decided_by__startswith="staff:") & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="decision_by_two_people",
                condition=Q(requested_by="") | ~Q(requested_by=F("decided_by")),
            ),
        ]
        indexes = [
            models.Index(name="decisions_worker", fields=["worker_id", "decided_at"]),
            models.Index(name="decisions_subject", fields=["subject_type", "subject_id", "decided_at"]),
            models.Index(name="decisions_rule", fields=["rule", "decided_at"]),
            models.Index(name="decisions_recent", fields=["-decided_at", "-id"]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.rule}: {self.outcome}"
