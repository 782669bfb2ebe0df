"""Who did what, when, and what the jobs and checks reported. Knows other apps only by name and id."""

import pgtrigger
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from audit.enums import ActorType
from gigstream.lib.models import CommonQuerySet, GuardedQuerySet
from gigstream.lib.states import append_only


class CurrentTransactionId(Func):
    """The id of the inserting database transaction: tells the sealer which rows can no longer change."""

    function = "txid_current"
    output_field = models.BigIntegerField()


class AuditLog(models.Model):
    """One act, done or refused. Never changes. Holds ids, not personal data."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    actor_type = models.CharField(max_length=16, choices=ActorType.choices)
    actor_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64)
    resource_type = models.CharField(max_length=32)
    resource_id = models.CharField(max_length=64, blank=True)
    changes_before = models.JSONField(default=dict, blank=True)
    changes_after = models.JSONField(default=dict, blank=True)
    success = models.BooleanField(default=True)
    error_message = models.TextField(blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    transaction_number = models.BigIntegerField(
        db_default=CurrentTransactionId(), editable=False, help_text="id of the database transaction"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "audit_logs"
        permissions = [("export_lists", "Can take lists out as files")]
        constraints = [
            models.CheckConstraint(
                name="audit_actor_type_known", condition=Q(actor_type__in=ActorType.values)
            ),
            models.CheckConstraint(
                name="audit_refusal_has_a_reason", condition=Q(success=True) | ~Q(error_message="")
            ),
        ]
        indexes = [
            models.Index(name="audit_created", fields=["created_at"]),
            models.Index(name="audit_resource", fields=["resource_type", "resource_id", "created_at"]),
            models.Index(name="audit_actor", fields=["actor_type", "actor_id", "created_at"]),
            models.Index(name="audit_action", fields=["action", "created_at"]),
            models.Index(name="audit_transaction", fields=["transaction_number", "id"]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.action} {self.resource_type} {self.resource_id}"


class AuditSeal(models.Model):
    """One link of the hash chain over the audit log. Covers every row whose transaction number is below
    `before_transaction` and not below the previous seal's. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    before_transaction = models.BigIntegerField(unique=True)
    row_count = models.PositiveIntegerField()
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        db_table = "audit_seals"
        constraints = [
            models.CheckConstraint(name="seal_covers_rows", condition=Q(row_count__gt=0)),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"seal {self.pk}: {self.row_count} rows"


class JobHeartbeat(models.Model):
    """The last run of one job, written by the job itself at its start and its end."""

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


class BookCheck(models.Model):
    """The result of one invariant in one run of `check_books`. Never changes."""

    id = models.BigAutoField(primary_key=True)
    checked_at = models.DateTimeField()
    name = models.CharField(max_length=64)
    words = models.TextField(help_text="the invariant in words")
    violations = models.PositiveIntegerField()
    offenders = models.JSONField(default=list, blank=True, help_text="the first offending ids")
    milliseconds = models.PositiveIntegerField()
    passed = models.GeneratedField(
        expression=models.Case(
            models.When(violations=0, then=models.Value(True)), default=models.Value(False)
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        db_table = "book_checks"
        indexes = [models.Index(name="book_checks_recent", fields=["-checked_at", "name"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.name}: {self.violations}"


class Claim(models.Model):
    """One member of staff sees to one thing that waits for a decision, so that no two do the same. Ends when
    they give it back, when somebody takes it over, or when the thing no longer waits."""

    id = models.BigAutoField(primary_key=True)
    subject_type = models.CharField(max_length=32, help_text="what waits, as in the audit log")
    subject_id = models.CharField(max_length=64)
    claimed_by = models.CharField(max_length=64, help_text="id of the member of staff")
    claimed_at = models.DateTimeField()
    reason = models.TextField(blank=True, help_text="why it was taken over from who had it before")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(
        max_length=64, blank=True, help_text="id of the member of staff; empty when the thing was decided"
    )

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "claims"
        constraints = [
            models.UniqueConstraint(
                name="claim_open_once",
                fields=["subject_type", "subject_id"],
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                name="claim_names_its_subject_and_staff",
                condition=~Q(subject_type="") & ~Q(subject_id="") & ~Q(claimed_by=""),
            ),
            models.CheckConstraint(
                name="claim_ends_after_it_began",
                condition=Q(ended_at__isnull=True, ended_by="")
                | Q(ended_at__isnull=False, ended_at__gte=F("claimed_at")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="only_ends",
                operation=pgtrigger.UpdateOf("subject_type", "subject_id", "claimed_by", "claimed_at"),
            ),
            pgtrigger.Protect(
                name="never_changes_once_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"


class AnsweredRequest(models.Model):
    """One request of a caller with an idempotency key, and its first answer: the same again gets the same.
    Written in the transaction of what the request did; never changes; deleted after a week."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)
    caller = models.CharField(max_length=64, help_text="kind and id")
    method = models.CharField(max_length=8)
    path = models.TextField()
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of what was asked")
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "answered_requests"
        constraints = [
            models.UniqueConstraint(name="request_answered_once", fields=["caller", "method", "path", "key"]),
            models.CheckConstraint(
                name="request_answer_is_a_success", condition=Q(status__gte=200, status__lt=300)
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
