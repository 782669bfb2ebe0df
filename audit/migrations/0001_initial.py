import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import audit.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("before_transaction", models.BigIntegerField(unique=True)),
                ("row_count", models.PositiveIntegerField()),
                ("previous_hash", models.CharField(max_length=64, unique=True)),
                ("hash", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "db_table": "audit_seals",
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
            },
        ),
        migrations.CreateModel(
            name="JobHeartbeat",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("every_seconds", models.PositiveIntegerField()),
                ("last_started_at", models.DateTimeField(null=True)),
                ("last_finished_at", models.DateTimeField(null=True)),
                ("last_succeeded_at", models.DateTimeField(null=True)),
                ("rows", models.PositiveIntegerField(default=0, help_text="rows the last run worked on")),
                ("runs", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
            ],
            options={
                "db_table": "job_heartbeats",
            },
        ),
        migrations.CreateModel(
            name="AuditLog",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
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
                        db_default=audit.models.CurrentTransactionId(),
                        editable=False,
                        help_text="id of the database transaction",
                    ),
                ),
            ],
            options={
                "db_table": "audit_logs",
                "indexes": [
                    models.Index(fields=["created_at"], name="audit_created"),
                    models.Index(
                        fields=["resource_type", "resource_id", "created_at"], name="audit_resource"
                    ),
                    models.Index(fields=["actor_type", "actor_id", "created_at"], name="audit_actor"),
                    models.Index(fields=["action", "created_at"], name="audit_action"),
                    models.Index(fields=["transaction_number", "id"], name="audit_transaction"),
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
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(
                condition=models.Q(("row_count__gt", 0)), name="seal_covers_rows"
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
        migrations.AddIndex(
            model_name="bookcheck",
            index=models.Index(fields=["-checked_at", "name"], name="book_checks_recent"),
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
        migrations.AddConstraint(
            model_name="jobheartbeat",
            constraint=models.CheckConstraint(
                condition=models.Q(("every_seconds__gt", 0)), name="heartbeat_interval_positive"
            ),
        ),
    ]
