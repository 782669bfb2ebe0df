from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import CommonQuerySet
from gigstream.core.people.row_names import loaded_name, with_owner
from gigstream.sign_in.models import is_sha256
from reputation.sybils.enums import TieKind
from workers.models import Worker


class WorkerTie(models.Model):
    """Something of a worker that another account may share, as a keyed hash from which it cannot be guessed.
    It goes with its worker."""

    id = models.BigAutoField(primary_key=True)
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="ties", db_index=False)
    kind = models.CharField(max_length=16, choices=TieKind.choices)
    key_hash = models.CharField(max_length=64, editable=False, help_text="keyed")
    first_seen_at = models.DateTimeField(db_default=DatabaseNow())
    last_seen_at = models.DateTimeField(db_default=DatabaseNow())

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "worker_ties"
        constraints = [
            models.UniqueConstraint(name="tie_once_per_worker", fields=["worker", "kind", "key_hash"]),
            models.CheckConstraint(name="tie_kind_known", condition=Q(kind__in=TieKind.values)),
            models.CheckConstraint(name="tie_hash_is_sha256", condition=is_sha256("key_hash")),
            models.CheckConstraint(
                name="tie_last_seen_after_first", condition=Q(last_seen_at__gte=F("first_seen_at"))
            ),
        ]
        indexes = [models.Index(name="worker_ties_key", fields=["kind", "key_hash", "worker"])]

    def __str__(self) -> str:
        return with_owner(f"{self.get_kind_display()}", self, "worker")


class Cluster(models.Model):
    """Accounts that ties link to each other, directly or by way of others, as of the last run. Its id is that
    of its oldest account."""

    id = models.UUIDField(primary_key=True, editable=False)
    accounts = models.PositiveIntegerField()
    found_at = models.DateTimeField(help_text="when it was first found")
    seen_at = models.DateTimeField(help_text="when it was last found")

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "sybil_clusters"
        constraints = [
            models.CheckConstraint(name="cluster_of_two_or_more", condition=Q(accounts__gte=2)),
            models.CheckConstraint(
                name="cluster_seen_after_it_was_found", condition=Q(seen_at__gte=F("found_at"))
            ),
        ]
        indexes = [models.Index(name="sybil_clusters_largest", fields=["-accounts", "id"])]

    def __str__(self) -> str:
        return f"{self.accounts} accounts"


class ClusterMember(models.Model):
    """An account in a cluster."""

    id = models.BigAutoField(primary_key=True)
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="members")
    worker = models.OneToOneField(Worker, on_delete=models.CASCADE, related_name="cluster_member")

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "sybil_cluster_members"

    def __str__(self) -> str:
        return loaded_name(self, "worker") or "worker"


class Clearing(models.Model):
    """The finding of staff that an account is another person's than those linked with it: it holds for
    clusters of at most so many accounts. It goes with its worker."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    worker = models.OneToOneField(Worker, on_delete=models.CASCADE, related_name="clearing")
    accounts = models.PositiveIntegerField(help_text="of the cluster then")
    reason = models.TextField()
    decided_by = models.CharField(max_length=80)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "sybil_clearings"
        constraints = [
            models.CheckConstraint(name="clearing_of_two_or_more", condition=Q(accounts__gte=2)),
            models.CheckConstraint(
                name="clearing_by_a_person_with_a_reason",
                condition=Q(decided_by__startswith="staff:") & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{loaded_name(self, 'worker') or 'worker'} among {self.accounts}"
