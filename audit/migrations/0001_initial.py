from decimal import Decimal

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import audit.log.models
import gigstream.core.clock
import gigstream.core.encryption
import gigstream.core.ids
import gigstream.core.money
import gigstream.core.postgres.short_numbers


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "subject_type",
                    models.CharField(help_text="type of the object, as in the audit log", max_length=32),
                ),
                ("subject_id", models.CharField(max_length=64)),
                ("assignee", models.CharField(help_text='as in "staff:4"', max_length=64)),
                ("due_on", models.DateField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("waiting_platform", "waiting for the platform"),
                            ("waiting_worker", "waiting for the worker"),
                            ("waiting_provider", "waiting for the provider"),
                            ("done", "done"),
                        ],
                        default="open",
                        max_length=32,
                    ),
                ),
                ("reason", models.CharField(help_text="of the last change", max_length=500)),
                ("assigned_by", models.CharField(help_text='as in "staff:4"', max_length=64)),
                ("assigned_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "assignments",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=["assignee", "due_on"],
                        name="assignments_of_member",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=("subject_type", "subject_id"),
                        name="assignment_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("subject_type", ""), _negated=True),
                            models.Q(("subject_id", ""), _negated=True),
                        ),
                        name="assignment_names_its_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assigned_by__regex", "^staff:[0-9]+$"), ("assignee__regex", "^staff:[0-9]+$")
                        ),
                        name="assignment_names_staff",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["open", "waiting_platform", "waiting_worker", "waiting_provider", "done"],
                            )
                        ),
                        name="assignment_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="assignment_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("changed_at__gte", models.F("assigned_at"))),
                        name="assignment_changes_after_it_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditLog",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "actor_type",
                    models.CharField(
                        choices=[
                            ("worker", "Worker"),
                            ("platform", "Platform"),
                            ("staff", "Staff"),
                            ("system", "System"),
                            ("provider", "Provider"),
                        ],
                        max_length=16,
                    ),
                ),
                ("actor_id", models.CharField(blank=True, max_length=64)),
                ("action", models.CharField(max_length=64)),
                ("resource_type", models.CharField(max_length=32)),
                ("resource_id", models.CharField(blank=True, max_length=64)),
                ("changes_before", models.JSONField(blank=True, default=dict)),
                ("changes_after", models.JSONField(blank=True, default=dict)),
                ("success", models.BooleanField(default=True)),
                ("error_message", models.TextField(blank=True)),
                ("ip_address", models.GenericIPAddressField(blank=True, null=True)),
                ("user_agent", models.CharField(blank=True, max_length=256)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "transaction_number",
                    models.BigIntegerField(
                        db_default=audit.log.models.CurrentTransactionId(),
                        editable=False,
                        help_text="id of the database transaction",
                    ),
                ),
            ],
            options={
                "db_table": "audit_logs",
                "permissions": [("export_lists", "Can export lists as files")],
                "indexes": [
                    models.Index(fields=["created_at"], name="audit_created"),
                    models.Index(
                        fields=["resource_type", "resource_id", "created_at"], name="audit_resource"
                    ),
                    models.Index(fields=["actor_type", "actor_id", "created_at"], name="audit_actor"),
                    models.Index(fields=["action", "created_at"], name="audit_action"),
                    models.Index(fields=["transaction_number", "id"], name="audit_transaction"),
                    models.Index(
                        condition=models.Q(("actor_type__in", ["platform", "staff", "worker"])),
                        fields=["created_at"],
                        name="audit_of_persons",
                    ),
                    models.Index(
                        condition=models.Q(("actor_type__in", ["platform", "staff", "worker"])),
                        fields=["resource_type", "resource_id", "created_at"],
                        name="audit_resource_of_persons",
                    ),
                    models.Index(
                        condition=models.Q(("success", False)), fields=["created_at"], name="audit_refused"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.search.SearchVector(
                            django.db.models.fields.json.KeyTextTransform("reason", "metadata"),
                            config="simple",
                        ),
                        condition=models.Q(("metadata__has_key", "reason")),
                        name="audit_reason_words",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("actor_type__in", ["worker", "platform", "staff", "system", "provider"])
                        ),
                        name="audit_actor_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("success", True), models.Q(("error_message", ""), _negated=True), _connector="OR"
                        ),
                        name="audit_refusal_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("before_transaction", models.BigIntegerField(unique=True)),
                ("row_count", models.PositiveIntegerField()),
                ("previous_hash", models.CharField(max_length=64, unique=True)),
                ("hash", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "db_table": "audit_seals",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("row_count__gt", 0)), name="seal_covers_rows")
                ],
            },
        ),
        migrations.CreateModel(
            name="BookCheck",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("checked_at", models.DateTimeField()),
                ("name", models.CharField(max_length=64)),
                ("words", models.TextField(help_text="the invariant in words")),
                ("violations", models.PositiveIntegerField()),
                (
                    "offenders",
                    models.JSONField(blank=True, default=list, help_text="the first offending ids"),
                ),
                ("milliseconds", models.PositiveIntegerField()),
                (
                    "passed",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(then=models.Value(True), violations=0), default=models.Value(False)
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
            ],
            options={
                "db_table": "book_checks",
                "indexes": [models.Index(fields=["-checked_at", "name"], name="book_checks_recent")],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "subject_type",
                    models.CharField(help_text="type of the item, as in the audit log", max_length=32),
                ),
                ("subject_id", models.CharField(max_length=64)),
                ("claimed_by", models.CharField(help_text="id of the member of staff", max_length=64)),
                ("claimed_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, help_text="why it was taken over from another")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        help_text="id of the member of staff; empty when the item was decided",
                        max_length=64,
                    ),
                ),
            ],
            options={
                "db_table": "claims",
                "indexes": [
                    models.Index(fields=["subject_type", "subject_id", "claimed_at"], name="claims_subject")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("subject_type", "subject_id"),
                        name="claim_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("subject_type", ""), _negated=True),
                            models.Q(("subject_id", ""), _negated=True),
                            models.Q(("claimed_by", ""), _negated=True),
                        ),
                        name="claim_names_its_subject_and_staff",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by", "")),
                            models.Q(("ended_at__gte", models.F("claimed_at")), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="claim_ends_after_it_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DatabaseIdentity",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("kind", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=8)),
                (
                    "provider",
                    models.CharField(help_text="name of the provider that moves the money", max_length=64),
                ),
            ],
            options={
                "verbose_name_plural": "database identity",
                "db_table": "database_identity",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="database_identity_is_one_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["test", "live"])), name="database_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("provider", ""), _negated=True),
                        name="database_names_its_provider",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "live"), ("provider", "sandbox"), _negated=True),
                        name="live_database_has_no_simulated_provider",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("rule", models.CharField(max_length=64)),
                ("version", models.PositiveSmallIntegerField(help_text="of the rule")),
                ("subject_type", models.CharField(max_length=32)),
                ("subject_id", models.CharField(max_length=64)),
                ("worker_id", models.UUIDField(help_text="stays when the worker is erased")),
                ("outcome", models.CharField(max_length=32)),
                (
                    "inputs",
                    models.JSONField(blank=True, default=dict, help_text="the values that decided, by name"),
                ),
                ("sentence", models.TextField(help_text="the decision in words")),
                ("reason", models.TextField(blank=True, help_text="given by the person who decided")),
                ("needs_person", models.BooleanField(help_text="whether only a person may decide so")),
                (
                    "requested_by",
                    models.CharField(
                        blank=True, help_text="the first of two members of staff", max_length=80
                    ),
                ),
                ("decided_by", models.CharField(max_length=80)),
                ("decided_at", models.DateTimeField()),
            ],
            options={
                "db_table": "decisions",
                "indexes": [
                    models.Index(fields=["worker_id", "decided_at"], name="decisions_worker"),
                    models.Index(
                        fields=["subject_type", "subject_id", "decided_at"], name="decisions_subject"
                    ),
                    models.Index(fields=["rule", "decided_at"], name="decisions_rule"),
                    models.Index(fields=["-decided_at", "-id"], name="decisions_recent"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rule", ""), _negated=True),
                            models.Q(("outcome", ""), _negated=True),
                            ("version__gte", 1),
                        ),
                        name="decision_names_its_rule",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("subject_type", ""), _negated=True),
                            models.Q(("subject_id", ""), _negated=True),
                        ),
                        name="decision_names_its_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sentence", ""), _negated=True), name="decision_is_in_words"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("decided_by", ""), _negated=True),
                        name="decision_names_its_decider",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needs_person", False),
                            models.Q(
                                ("decided_by__startswith", "staff:"), models.Q(("reason", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="decision_needs_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("requested_by", ""),
                            models.Q(("requested_by", models.F("decided_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="decision_by_two_people",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("approvals")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("AP"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                (
                    "kind",
                    models.CharField(help_text="of the actions that the apps have registered", max_length=64),
                ),
                ("subject_type", models.CharField(max_length=32)),
                ("subject_id", models.CharField(max_length=64)),
                ("parameters", models.JSONField(blank=True, default=dict)),
                (
                    "amount",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="the money concerned, if any", null=True
                    ),
                ),
                (
                    "payload_hash",
                    models.CharField(help_text="SHA-256 of the action and its reason", max_length=64),
                ),
                (
                    "act_key",
                    models.CharField(
                        blank=True,
                        help_text="differs for different actions of a kind on a subject",
                        max_length=128,
                    ),
                ),
                ("reason", models.TextField()),
                ("requested_by", models.CharField(max_length=80)),
                (
                    "requested_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                        ],
                        max_length=16,
                        null=True,
                    ),
                ),
                ("decided_by", models.CharField(blank=True, max_length=80)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision_reason", models.TextField(blank=True)),
                ("executed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.JSONField(blank=True, default=dict, help_text="the rows that were made, by name"),
                ),
                ("error", models.TextField(blank=True, help_text="the refusal of an approved action")),
            ],
            options={
                "db_table": "approvals",
                "indexes": [
                    models.Index(
                        fields=["subject_type", "subject_id", "requested_at"], name="approvals_subject"
                    ),
                    models.Index(fields=["requested_at"], name="approvals_requested"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decision__isnull", True),
                            models.Q(("decided_by", models.F("requested_by")), ("decision", "withdrawn")),
                            models.Q(
                                models.Q(("decision", "withdrawn"), _negated=True),
                                models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="approval_by_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True), ("decided_by", ""), ("decision__isnull", True)
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decision__in", ["approved", "refused", "withdrawn", "expired"]),
                                ("decision__isnull", False),
                                models.Q(("decided_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="approval_decided_names_who_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decision__isnull", True),
                            models.Q(("decided_at__gte", models.F("expires_at")), ("decision", "expired")),
                            models.Q(
                                models.Q(("decision", "expired"), _negated=True),
                                ("decided_at__lt", models.F("expires_at")),
                            ),
                            _connector="OR",
                        ),
                        name="approval_in_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decision__isnull", True), ("error", ""), ("executed_at__isnull", True)
                            ),
                            models.Q(
                                ("decision__isnull", False),
                                models.Q(
                                    models.Q(
                                        ("decision", "approved"),
                                        ("error", ""),
                                        ("executed_at__isnull", False),
                                    ),
                                    models.Q(
                                        ("decision", "approved"),
                                        ("executed_at__isnull", True),
                                        models.Q(("error", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("decision", "approved"), _negated=True),
                                        ("error", ""),
                                        ("executed_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="approval_approved_is_done_or_failed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("requested_by", ""), _negated=True),
                            models.Q(
                                ("decision__isnull", True),
                                models.Q(("decision", "refused"), _negated=True),
                                models.Q(("decision_reason", ""), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="approval_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__isnull", True),
                            models.Q(("amount__gte", 0), ("amount__lte", Decimal("99999999999999.999999"))),
                            _connector="OR",
                        ),
                        name="approval_amount_in_range",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decision__isnull", True)),
                        fields=("kind", "subject_type", "subject_id", "act_key"),
                        name="approval_requested_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "subject_type",
                    models.CharField(help_text="type of the object, as in the audit log", max_length=32),
                ),
                ("subject_id", models.CharField(max_length=64)),
                ("written_by", models.CharField(help_text='as in "staff:4"', max_length=64)),
                ("text", models.CharField(max_length=4000)),
                (
                    "answers",
                    models.ForeignKey(
                        blank=True,
                        help_text="the note that it answers, about the same object",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answered_by",
                        to="audit.note",
                    ),
                ),
            ],
            options={
                "db_table": "notes",
                "indexes": [
                    models.Index(fields=["subject_type", "subject_id", "-id"], name="notes_of_subject")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("subject_type", ""), _negated=True),
                            models.Q(("subject_id", ""), _negated=True),
                        ),
                        name="note_names_its_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("written_by__regex", "^staff:[0-9]+$")),
                        name="note_written_by_staff",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True),
                            models.Q(
                                (
                                    "text__regex",
                                    "[\\u0001-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                                ),
                                _negated=True,
                            ),
                        ),
                        name="note_text_readable",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                ("recipient", models.CharField(help_text='as in "staff:4"', max_length=80)),
                ("kind", models.CharField(help_text="of those that the apps have registered", max_length=32)),
                (
                    "subject_type",
                    models.CharField(help_text="type of the row, as in the audit log", max_length=32),
                ),
                ("subject_id", models.CharField(max_length=64)),
                (
                    "cause",
                    models.CharField(
                        blank=True, help_text="differs for different causes of a kind on a row", max_length=64
                    ),
                ),
                ("words", models.TextField()),
                (
                    "address",
                    models.CharField(
                        blank=True,
                        help_text="of the page to open, if it is not the row's own",
                        max_length=200,
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("page", "On the page"),
                            ("digest", "On the page, and by one email a day"),
                            ("email", "On the page, and by email at once"),
                            ("nothing", "Not at all"),
                        ],
                        max_length=8,
                    ),
                ),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "letter_due_at",
                    models.DateTimeField(
                        blank=True, help_text="empty for a notice without letter", null=True
                    ),
                ),
                (
                    "lettered_at",
                    models.DateTimeField(
                        blank=True, help_text="when its letter was put among those that wait", null=True
                    ),
                ),
            ],
            options={
                "db_table": "notices",
                "indexes": [
                    models.Index(fields=["recipient", "-id"], name="notices_of_person"),
                    models.Index(
                        condition=models.Q(("read_at__isnull", True)),
                        fields=["recipient"],
                        name="notices_unread",
                    ),
                    models.Index(
                        condition=models.Q(("read_at__isnull", True)),
                        fields=["subject_type", "subject_id"],
                        name="notices_open_subject",
                    ),
                    models.Index(
                        condition=models.Q(("letter_due_at__isnull", False), ("lettered_at__isnull", True)),
                        fields=["letter_due_at"],
                        name="notices_without_letter",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recipient", "kind", "subject_type", "subject_id", "cause"),
                        name="notice_once_per_cause",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("recipient__regex", "^staff:[0-9]+$"),
                            models.Q(("kind", ""), _negated=True),
                            models.Q(("subject_type", ""), _negated=True),
                            models.Q(("subject_id", ""), _negated=True),
                            models.Q(("words", ""), _negated=True),
                        ),
                        name="notice_names_its_reader_and_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("way__in", ["page", "digest", "email"])), name="notice_way_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("address", ""), ("address__regex", "^/($|[^/\\\\])"), _connector="OR"
                        ),
                        name="notice_address_is_here",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("read_at__isnull", True),
                            ("read_at__gte", models.F("created_at")),
                            _connector="OR",
                        ),
                        name="notice_read_after_it_was_kept",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("letter_due_at__isnull", True),
                                ("lettered_at__isnull", True),
                                ("way", "page"),
                            ),
                            models.Q(
                                models.Q(("way", "page"), _negated=True), ("letter_due_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="notice_letter_by_its_way",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticePreference",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("member", models.CharField(help_text='as in "staff:4"', max_length=80)),
                ("kind", models.CharField(max_length=32)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("page", "On the page"),
                            ("digest", "On the page, and by one email a day"),
                            ("email", "On the page, and by email at once"),
                            ("nothing", "Not at all"),
                        ],
                        max_length=8,
                    ),
                ),
                ("chosen_at", models.DateTimeField()),
            ],
            options={
                "db_table": "notice_preferences",
                "constraints": [
                    models.UniqueConstraint(fields=("member", "kind"), name="notice_preference_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("member__regex", "^staff:[0-9]+$"), models.Q(("kind", ""), _negated=True)
                        ),
                        name="notice_preference_names_member_and_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("way__in", ["page", "digest", "email", "nothing"])),
                        name="notice_preference_way_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonalChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("resource_type", models.CharField(max_length=32)),
                ("resource_id", models.CharField(max_length=64)),
                ("field", models.CharField(max_length=64)),
                (
                    "old_value",
                    gigstream.core.encryption.EncryptedTextField(blank=True, help_text="encrypted at rest"),
                ),
                (
                    "new_value",
                    gigstream.core.encryption.EncryptedTextField(blank=True, help_text="encrypted at rest"),
                ),
                ("salt", models.CharField(help_text="key of the digests that the log keeps", max_length=64)),
                ("reason", models.CharField(max_length=500)),
                ("changed_by", models.CharField(help_text="actor type and id, as in staff:4", max_length=80)),
            ],
            options={
                "db_table": "personal_changes",
                "indexes": [
                    models.Index(
                        fields=["resource_type", "resource_id", "created_at"], name="personal_changes_of_row"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="personal_change_has_a_reason"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffMovement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("staff", models.CharField(max_length=80)),
                ("action", models.CharField(max_length=64)),
                ("receiver_type", models.CharField(max_length=16)),
                ("receiver_id", models.CharField(max_length=64)),
                ("amount", gigstream.core.money.MoneyField()),
            ],
            options={
                "db_table": "staff_movements",
                "indexes": [
                    models.Index(fields=["staff", "created_at"], name="staff_movements_person"),
                    models.Index(
                        fields=["receiver_type", "receiver_id", "created_at"], name="staff_movements_receiver"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="staff_movement_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("receiver_type__in", ["platform", "worker"]),
                            models.Q(("receiver_id", ""), _negated=True),
                        ),
                        name="staff_movement_names_its_receiver",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LimitChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=64)),
                (
                    "value",
                    models.CharField(
                        blank=True,
                        help_text="empty: the value of the environment, or its default",
                        max_length=32,
                        null=True,
                    ),
                ),
                ("changed_by", models.CharField(max_length=80)),
                (
                    "changed_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "approval",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="limit_changes",
                        to="audit.approval",
                    ),
                ),
            ],
            options={
                "db_table": "limit_changes",
                "indexes": [models.Index(fields=["name", "-id"], name="limit_changes_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value__isnull", True), ("approval__isnull", False), _connector="OR"
                        ),
                        name="limit_set_with_an_approval",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NoteFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                (
                    "media_type",
                    models.CharField(
                        choices=[
                            ("application/pdf", "PDF"),
                            ("image/png", "PNG"),
                            ("image/jpeg", "JPEG"),
                            ("text/csv", "CSV"),
                            ("text/plain", "TXT"),
                        ],
                        max_length=32,
                    ),
                ),
                ("size", models.PositiveIntegerField(help_text="bytes")),
                ("sha256", models.CharField(max_length=64)),
                (
                    "stored_name",
                    models.CharField(help_text="file in the storage", max_length=100, unique=True),
                ),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="audit.note"
                    ),
                ),
            ],
            options={
                "db_table": "note_files",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(
                                (
                                    "name__regex",
                                    "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                                ),
                                _negated=True,
                            ),
                        ),
                        name="note_file_name_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "media_type__in",
                                ["application/pdf", "image/png", "image/jpeg", "text/csv", "text/plain"],
                            )
                        ),
                        name="note_file_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0), ("size__lte", 5000000)),
                        name="note_file_size_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="note_file_hashed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stored_name", ""), _negated=True), name="note_file_is_stored"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoteMention",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("member", models.CharField(help_text='as in "staff:4"', max_length=64)),
                (
                    "note",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentions",
                        to="audit.note",
                    ),
                ),
            ],
            options={
                "db_table": "note_mentions",
                "indexes": [models.Index(fields=["member", "-id"], name="note_mentions_of_member")],
                "constraints": [
                    models.UniqueConstraint(fields=("note", "member"), name="note_mentions_each_once"),
                    models.CheckConstraint(
                        condition=models.Q(("member__regex", "^staff:[0-9]+$")), name="note_mention_of_staff"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approval",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="f0a5c3683517f76e8af53d19c66b8d5ebe1f6d85",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_f5657",
                    table="approvals",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approval",
            trigger=pgtrigger.compiler.Trigger(
                name="request_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."act_key" IS DISTINCT FROM (NEW."act_key") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."parameters" IS DISTINCT FROM (NEW."parameters") OR OLD."payload_hash" IS DISTINCT FROM (NEW."payload_hash") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."requested_at" IS DISTINCT FROM (NEW."requested_at") OR OLD."requested_by" IS DISTINCT FROM (NEW."requested_by") OR OLD."subject_id" IS DISTINCT FROM (NEW."subject_id") OR OLD."subject_type" IS DISTINCT FROM (NEW."subject_type"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "kind", "subject_type", "subject_id", "parameters", "amount", "payload_hash", "act_key", "reason", "requested_by", "requested_at", "expires_at" rows from % table\', TG_TABLE_NAME;',
                    hash="9b6986eb8232c79b7d4e530f2bfe591f3042f8d1",
                    operation='UPDATE OF "kind", "subject_type", "subject_id", "parameters", "amount", "payload_hash", "act_key", "reason", "requested_by", "requested_at", "expires_at"',
                    pgid="pgtrigger_request_stays_2e90e",
                    table="approvals",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approval",
            trigger=pgtrigger.compiler.Trigger(
                name="decided_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."decision" IS NOT NULL)',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "decision", "decided_by", "decided_at", "decision_reason", "executed_at", "outcome", "error" rows from % table\', TG_TABLE_NAME;',
                    hash="506ff9ea936142962ca8dd804f3c585df74a5613",
                    operation='UPDATE OF "decision", "decided_by", "decided_at", "decision_reason", "executed_at", "outcome", "error"',
                    pgid="pgtrigger_decided_once_7f72c",
                    table="approvals",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="556bffc8cae58b3ce624f6f05f4cdf9f376d0f6c",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_92730",
                    table="assignments",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_its_subject",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "subject_type", "subject_id", "assigned_by", "assigned_at" rows from % table\', TG_TABLE_NAME;',
                    hash="18e3b0cc1fc73e716da77910315f643564a40ef0",
                    operation='UPDATE OF "subject_type", "subject_id", "assigned_by", "assigned_at"',
                    pgid="pgtrigger_keeps_its_subject_fdc48",
                    table="assignments",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="done_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" = 'done')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="49a2e58baba33f16cd75bdfb97541e6f4d481779",
                    operation="UPDATE",
                    pgid="pgtrigger_done_stays_c0a6b",
                    table="assignments",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditlog",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="aea345cd947023fc0874c22a93005a7bc508b7c2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e464f",
                    table="audit_logs",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditseal",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3a35ee96e46c59d634982734b349187e81bb2f94",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_3a3ab",
                    table="audit_seals",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bookcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="98b5aaf5cd410b9408f19b4db5ac6935530b8fb7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_d07a7",
                    table="book_checks",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="claim",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="a917688b6d077dd34ea0e7331e084b09b6eec6b8",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_998ce",
                    table="claims",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="claim",
            trigger=pgtrigger.compiler.Trigger(
                name="only_ends",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "subject_type", "subject_id", "claimed_by", "claimed_at" rows from % table\', TG_TABLE_NAME;',
                    hash="e5cb8d165e8b3b4862bde70f1304ee32d688305d",
                    operation='UPDATE OF "subject_type", "subject_id", "claimed_by", "claimed_at"',
                    pgid="pgtrigger_only_ends_e0afc",
                    table="claims",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="claim",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changes_once_ended",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."ended_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="52540c3993a4acab6e39f3c73e20b805ef618c21",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changes_once_ended_97701",
                    table="claims",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="databaseidentity",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f507cf49806d80793f0ef5c156ce85dfee300cdf",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_0e5d9",
                    table="database_identity",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="databaseidentity",
            trigger=pgtrigger.compiler.Trigger(
                name="never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'gigstream: the table % is never emptied', TG_TABLE_NAME;",
                    hash="9b06055b13d8284200b3c76a6fc25424cb4cd2d9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_truncated_0474e",
                    table="database_identity",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="decision",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a1f94e88a9b568a4939384659bdf03371701e1aa",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_64c4d",
                    table="decisions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="personalchange",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_row_and_reason",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "resource_type", "resource_id", "field", "salt", "reason", "changed_by", "created_at" rows from % table\', TG_TABLE_NAME;',
                    hash="85b410f93dee8ba60a97fc97cafeaa32d1ce6d3c",
                    operation='UPDATE OF "resource_type", "resource_id", "field", "salt", "reason", "changed_by", "created_at"',
                    pgid="pgtrigger_keeps_row_and_reason_6102b",
                    table="personal_changes",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="staffmovement",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="13925074ca85ef08069c9356049531e7764a7df0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_b4729",
                    table="staff_movements",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="limitchange",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3461b93d04357ffbaf2e86317e0001e623cbd1c4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_3ce83",
                    table="limit_changes",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="note",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9f076b9c8475a5d4de828195cc955a60059912db",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_1f7f4",
                    table="notes",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notefile",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ebf1257f61defc4bff5d8ad6014787952514b764",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_ce458",
                    table="note_files",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notemention",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="dfde36767df54beffb9971bc5ab4b3343251ef02",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_23972",
                    table="note_mentions",
                    when="BEFORE",
                ),
            ),
        ),
    ]
