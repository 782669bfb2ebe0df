"""Who did what, when, and what the jobs and checks reported. Knows other apps only by name and id."""

import pgtrigger
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from audit.enums import ActorType, DatabaseKind, Decision
from audit.movements import StaffMovement as StaffMovement
from audit.personal_changes import PersonalChange as PersonalChange
from gigstream.lib.ids import new_id
from gigstream.lib.models import CommonQuerySet, GuardedQuerySet
from gigstream.lib.money import LARGEST, MoneyField
from gigstream.lib.states import append_only, never_truncated


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
        indexes = [models.Index(name="claims_subject", fields=["subject_type", "subject_id", "claimed_at"])]
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


# What was asked for, and what was decided; the rest of an approval says only who was told.
ASKED = (
    "kind",
    "subject_type",
    "subject_id",
    "parameters",
    "amount",
    "payload_hash",
    "act_key",
    "reason",
    "requested_by",
    "requested_at",
    "expires_at",
)
DECIDED = (
    "decision",
    "decided_by",
    "decided_at",
    "decision_reason",
    "executed_at",
    "outcome",
    "error",
)


class Approval(models.Model):
    """An act that one member of staff has asked for and another lets happen: it is executed in the
    transaction that approves it. What was asked for never changes, nor does what was decided."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64, help_text="of the acts that the apps have registered")
    subject_type = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict, blank=True)
    amount = MoneyField(null=True, blank=True, help_text="the money concerned, where there is some")
    payload_hash = models.CharField(max_length=64, help_text="SHA-256 of what is to be done, in one order")
    act_key = models.CharField(
        max_length=128,
        blank=True,
        help_text="tells acts of one kind on one subject apart",
    )
    reason = models.TextField()
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    decision = models.CharField(max_length=16, choices=Decision.choices, null=True, blank=True)
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(default=dict, blank=True, help_text="what was made, by name")
    error = models.TextField(blank=True, help_text="why what was approved could not be done")
    approvers_told_at = models.DateTimeField(null=True, blank=True)
    requester_told_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "approvals"
        constraints = [
            models.CheckConstraint(
                name="approval_by_two_people",
                condition=Q(decision__isnull=True)
                | Q(decision=Decision.WITHDRAWN, decided_by=F("requested_by"))
                | (~Q(decision=Decision.WITHDRAWN) & ~Q(decided_by=F("requested_by"))),
            ),
            models.CheckConstraint(
                name="approval_decided_names_who_and_when",
                condition=Q(decision__isnull=True, decided_by="", decided_at__isnull=True)
                | (
                    Q(decision__isnull=False, decision__in=Decision.values, decided_at__isnull=False)
                    & ~Q(decided_by="")
                ),
            ),
            models.CheckConstraint(
                name="approval_in_time",
                condition=Q(decision__isnull=True)
                | Q(decision=Decision.EXPIRED, decided_at__gte=F("expires_at"))
                | (~Q(decision=Decision.EXPIRED) & Q(decided_at__lt=F("expires_at"))),
            ),
            models.CheckConstraint(
                name="approval_approved_is_done_or_failed",
                condition=Q(decision__isnull=True, executed_at__isnull=True, error="")
                | (
                    Q(decision__isnull=False)
                    & (
                        Q(decision=Decision.APPROVED, executed_at__isnull=False, error="")
                        | (Q(decision=Decision.APPROVED, executed_at__isnull=True) & ~Q(error=""))
                        | (~Q(decision=Decision.APPROVED) & Q(executed_at__isnull=True, error=""))
                    )
                ),
            ),
            models.CheckConstraint(
                name="approval_says_why",
                condition=~Q(reason="")
                & ~Q(requested_by="")
                & (Q(decision__isnull=True) | ~Q(decision=Decision.REFUSED) | ~Q(decision_reason="")),
            ),
            models.CheckConstraint(
                name="approval_amount_in_range",
                condition=Q(amount__isnull=True) | Q(amount__gte=0, amount__lte=LARGEST),
            ),
            models.UniqueConstraint(
                name="approval_asked_once",
                fields=["kind", "subject_type", "subject_id", "act_key"],
                condition=Q(decision__isnull=True),
            ),
        ]
        indexes = [
            models.Index(name="approvals_subject", fields=["subject_type", "subject_id", "requested_at"]),
            models.Index(name="approvals_requested", fields=["requested_at"]),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="asked_stays",
                operation=pgtrigger.UpdateOf(*ASKED),
                condition=pgtrigger.AnyChange(*ASKED),
            ),
            pgtrigger.Protect(
                name="decided_once",
                operation=pgtrigger.UpdateOf(*DECIDED),
                condition=pgtrigger.Q(old__decision__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject_type} {self.subject_id}"


class LimitChange(models.Model):
    """From then on a limit that staff may set has this value: the newest row holds. Never changes."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=64)
    value = models.CharField(
        max_length=32, null=True, blank=True, help_text="empty: what the environment says, or its default"
    )
    changed_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)
    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, null=True, blank=True, related_name="limit_changes"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "limit_changes"
        constraints = [
            models.CheckConstraint(
                name="limit_set_with_an_approval",
                condition=Q(value__isnull=True) | Q(approval__isnull=False),
            ),
        ]
        indexes = [models.Index(name="limit_changes_newest", fields=["name", "-id"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.name


class Letter(models.Model):
    """An email that waits, was sent, or was given up after hours of trying. Who gets it and what it says is
    worked out when it is sent, by the app that its kind belongs to: no address and no token is kept here."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    kind = models.CharField(max_length=32, help_text="of those that the apps have registered")
    subject_id = models.CharField(max_length=64, help_text="of the row that it is about")
    recipient = models.CharField(
        max_length=64, blank=True, help_text='party, as in "staff:4", where several get one'
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="empty once it has ended")
    give_up_at = models.DateTimeField(help_text="what fails after that is not tried again")
    last_error = models.CharField(max_length=64, blank=True, help_text="what kind of error, never its text")
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


class DatabaseIdentity(models.Model):
    """What this database was made as: test or live, and for which provider. One row, written by `migrate`; it
    never changes, so money of one kind never meets the other."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    kind = models.CharField(max_length=8, choices=DatabaseKind.choices)
    provider = models.CharField(max_length=64, help_text="name of the provider that moves the money")

    class Meta:
        db_table = "database_identity"
        verbose_name_plural = "database identity"
        constraints = [
            models.CheckConstraint(name="database_identity_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(name="database_kind_known", condition=Q(kind__in=DatabaseKind.values)),
            models.CheckConstraint(name="database_names_its_provider", condition=~Q(provider="")),
            models.CheckConstraint(
                name="live_database_has_no_simulated_provider",
                condition=~Q(kind=DatabaseKind.LIVE, provider="sandbox"),
            ),
        ]
        triggers = [append_only(), never_truncated()]

    def __str__(self) -> str:
        return f"a {self.kind} database with the provider {self.provider}"
