import pgtrigger
from django.db import models
from django.db.models import Q

from audit.personal_changes.models import PersonalChange as PersonalChange
from audit.staff_movements.models import StaffMovement as StaffMovement
from gigstream.core.clock import DatabaseNow
from gigstream.core.models import CommonQuerySet


class Letter(models.Model):
    """An email that waits, was sent, or was given up after hours of tries. The app of its kind writes address
    and text when it is sent: no address and no token is stored here."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    kind = models.CharField(max_length=32, help_text="of those that the apps have registered")
    subject_id = models.CharField(max_length=64, help_text="of the row that it is about")
    recipient = models.CharField(
        max_length=64,
        blank=True,
        help_text='as in "staff:4", if several people get a letter about the subject',
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="empty once it has ended")
    give_up_at = models.DateTimeField(help_text="a failure after that is not tried again")
    last_error = models.CharField(
        max_length=64, blank=True, help_text="the class of the error, never its text"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "letters"
        constraints = [
            models.CheckConstraint(
                name="letter_waits_or_has_ended",
                condition=Q(next_try_at__isnull=False, sent_at__isnull=True, given_up_at__isnull=True)
                | Q(next_try_at__isnull=True, sent_at__isnull=False, given_up_at__isnull=True)
                | Q(next_try_at__isnull=True, sent_at__isnull=True, given_up_at__isnull=False),
            ),
            models.CheckConstraint(
                name="letter_given_up_was_tried", condition=Q(given_up_at__isnull=True) | Q(tries__gt=0)
            ),
            models.CheckConstraint(
                name="letter_names_its_subject", condition=~Q(kind="") & ~Q(subject_id="")
            ),
            models.UniqueConstraint(
                name="letter_waits_once",
                fields=["kind", "subject_id", "recipient"],
                condition=Q(next_try_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="letters_due", fields=["next_try_at", "id"], condition=Q(next_try_at__isnull=False)
            ),
            models.Index(name="letters_created", fields=["-created_at", "-id"]),
        ]
        triggers = [
            pgtrigger.Protect(
                name="ended_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__next_try_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"
