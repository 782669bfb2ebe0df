from django.db import models
from django.db.models import F, Q

from audit.notices.enums import NoticeWay
from gigstream.core.models import CommonQuerySet

MEMBER = r"^staff:[0-9]+$"
KEPT_WAYS = [NoticeWay.PAGE, NoticeWay.DIGEST, NoticeWay.EMAIL]


class Notice(models.Model):
    """Notice to a member of staff about a row, kept by the transaction of its cause. It names the row by type
    and id. Its words hold no personal data: they may stand in an email, and support may read them."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField()
    recipient = models.CharField(max_length=80, help_text='as in "staff:4"')
    kind = models.CharField(max_length=32, help_text="of those that the apps have registered")
    subject_type = models.CharField(max_length=32, help_text="type of the row, as in the audit log")
    subject_id = models.CharField(max_length=64)
    cause = models.CharField(
        max_length=64, blank=True, help_text="differs for different causes of a kind on a row"
    )
    words = models.TextField()
    address = models.CharField(
        max_length=200, blank=True, help_text="of the page to open, if it is not the row's own"
    )
    way = models.CharField(max_length=8, choices=NoticeWay.choices)
    read_at = models.DateTimeField(null=True, blank=True)
    letter_due_at = models.DateTimeField(null=True, blank=True, help_text="empty for a notice without letter")
    lettered_at = models.DateTimeField(
        null=True, blank=True, help_text="when its letter was put among those that wait"
    )

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "notices"
        constraints = [
            models.UniqueConstraint(
                name="notice_once_per_cause",
                fields=["recipient", "kind", "subject_type", "subject_id", "cause"],
            ),
            models.CheckConstraint(
                name="notice_names_its_reader_and_subject",
                condition=Q(recipient__regex=MEMBER)
                & ~Q(kind="")
                & ~Q(subject_type="")
                & ~Q(subject_id="")
                & ~Q(words=""),
            ),
            models.CheckConstraint(name="notice_way_known", condition=Q(way__in=KEPT_WAYS)),
            models.CheckConstraint(
                name="notice_address_is_here", condition=Q(address="") | Q(address__regex=r"^/($|[^/\\])")
            ),
            models.CheckConstraint(
                name="notice_read_after_it_was_kept",
                condition=Q(read_at__isnull=True) | Q(read_at__gte=F("created_at")),
            ),
            models.CheckConstraint(
                name="notice_letter_by_its_way",
                condition=Q(way=NoticeWay.PAGE, letter_due_at__isnull=True, lettered_at__isnull=True)
                | (~Q(way=NoticeWay.PAGE) & Q(letter_due_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(name="notices_of_person", fields=["recipient", "-id"]),
            models.Index(name="notices_unread", fields=["recipient"], condition=Q(read_at__isnull=True)),
            models.Index(
                name="notices_open_subject",
                fields=["subject_type", "subject_id"],
                condition=Q(read_at__isnull=True),
            ),
            models.Index(
                name="notices_without_letter",
                fields=["letter_due_at"],
                condition=Q(letter_due_at__isnull=False, lettered_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"


class NoticePreference(models.Model):
    """The way in which a member of staff has chosen to get notices of a kind; without it the way of their
    role holds."""

    id = models.BigAutoField(primary_key=True)
    member = models.CharField(max_length=80, help_text='as in "staff:4"')
    kind = models.CharField(max_length=32)
    way = models.CharField(max_length=8, choices=NoticeWay.choices)
    chosen_at = models.DateTimeField()

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "notice_preferences"
        constraints = [
            models.UniqueConstraint(name="notice_preference_once", fields=["member", "kind"]),
            models.CheckConstraint(
                name="notice_preference_names_member_and_kind",
                condition=Q(member__regex=MEMBER) & ~Q(kind=""),
            ),
            models.CheckConstraint(name="notice_preference_way_known", condition=Q(way__in=NoticeWay.values)),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.kind} {self.way}"
