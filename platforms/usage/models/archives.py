from django.db import models
from django.db.models import Q

from gigstream.core.models import GuardedQuerySet


class UsageArchive(models.Model):
    """A month of usage events that was put into a file. Its day rows are sealed until the file is attached
    again."""

    month = models.DateField(primary_key=True, help_text="its first day")
    events = models.PositiveBigIntegerField()
    file = models.CharField(max_length=255)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="of the file")
    root = models.CharField(max_length=64, help_text="root of the Merkle tree over its lines (RFC 6962)")
    totals = models.JSONField(help_text="events by kind")
    detached_at = models.DateTimeField()
    attached_at = models.DateTimeField(null=True, blank=True, help_text="when the file was attached again")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "usage_archives"
        constraints = [
            models.CheckConstraint(name="archive_of_a_whole_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="archive_hashes_are_sha256",
                condition=Q(sha256__regex="^[0-9a-f]{64}$", root__regex="^[0-9a-f]{64}$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.events} events"
