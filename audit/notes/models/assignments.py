import pgtrigger
from django.db import models
from django.db.models import F, Q

from audit.notes.enums import AssignmentState
from audit.notes.models.notes import IS_STAFF
from gigstream.core.models import CommonQuerySet

LONGEST_REASON = 500


class Assignment(models.Model):
    """The assignment of an object to a member of staff, from whom the others expect the next step. An object
    has at most one that is not done; a done one stays."""

    id = models.BigAutoField(primary_key=True)
    subject_type = models.CharField(max_length=32, help_text="type of the object, as in the audit log")
    subject_id = models.CharField(max_length=64)
    assignee = models.CharField(max_length=64, help_text='as in "staff:4"')
    due_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=32, choices=AssignmentState.choices, default=AssignmentState.OPEN)
    reason = models.CharField(max_length=LONGEST_REASON, help_text="of the last change")
    assigned_by = models.CharField(max_length=64, help_text='as in "staff:4"')
    assigned_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        app_label = "audit"
        db_table = "assignments"
        constraints = [
            models.UniqueConstraint(
                name="assignment_open_once",
                fields=["subject_type", "subject_id"],
                condition=~Q(state=AssignmentState.DONE),
            ),
            models.CheckConstraint(
                name="assignment_names_its_subject", condition=~Q(subject_type="") & ~Q(subject_id="")
            ),
            models.CheckConstraint(
                name="assignment_names_staff",
                condition=Q(assignee__regex=IS_STAFF, assigned_by__regex=IS_STAFF),
            ),
            models.CheckConstraint(
                name="assignment_state_known", condition=Q(state__in=AssignmentState.values)
            ),
            models.CheckConstraint(name="assignment_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="assignment_changes_after_it_began", condition=Q(changed_at__gte=F("assigned_at"))
            ),
        ]
        indexes = [
            models.Index(
                name="assignments_of_member",
                fields=["assignee", "due_on"],
                condition=~Q(state=AssignmentState.DONE),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="keeps_its_subject",
                operation=pgtrigger.UpdateOf("subject_type", "subject_id", "assigned_by", "assigned_at"),
            ),
            pgtrigger.Protect(
                name="done_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=AssignmentState.DONE),
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"
