from decimal import Decimal

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.lib.encryption
import gigstream.lib.ids
import gigstream.lib.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Platform",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("name", models.CharField(max_length=120, unique=True)),
                ("contact_email", models.EmailField(max_length=254)),
                ("webhook_url", models.URLField(blank=True, max_length=500)),
                (
                    "webhook_secret",
                    gigstream.lib.encryption.EncryptedTextField(
                        blank=True, default="", help_text="encrypted at rest"
                    ),
                ),
                (
                    "wallet_id",
                    gigstream.lib.encryption.EncryptedTextField(
                        blank=True, default="", help_text="custody wallet, encrypted at rest"
                    ),
                ),
                ("wallet_address", models.CharField(blank=True, max_length=42, null=True, unique=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "fee_bps",
                    models.PositiveSmallIntegerField(
                        default=200, help_text="on top of the pay; a task keeps the rate it was posted at"
                    ),
                ),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "total_payouts",
                    gigstream.lib.money.MoneyField(
                        default=Decimal("0"), editable=False, help_text="paid for ended tasks, in USDC"
                    ),
                ),
                (
                    "total_tasks",
                    models.PositiveIntegerField(default=0, editable=False, help_text="tasks posted"),
                ),
                (
                    "active_workers",
                    models.PositiveIntegerField(default=0, editable=False, help_text="with an open task now"),
                ),
                (
                    "unique_workers",
                    models.PositiveIntegerField(default=0, editable=False, help_text="ever engaged"),
                ),
            ],
            options={
                "db_table": "platforms",
                "indexes": [models.Index(fields=["-created_at", "-id"], name="platforms_created")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fee_bps__range", (0, 10000))), name="platform_fee_in_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wallet_address", django.db.models.functions.text.Lower("wallet_address"))
                        ),
                        name="platform_wallet_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_payouts__gte", 0)), name="platform_payouts_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("external_task_id", models.CharField(blank=True, max_length=120, null=True)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "task_type",
                    models.CharField(
                        choices=[
                            ("fixed", "Fixed"),
                            ("time_based", "Time Based"),
                            ("milestone", "Milestone"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "amount",
                    gigstream.lib.money.MoneyField(
                        help_text="the worker's pay in USDC, without the platform's fee"
                    ),
                ),
                (
                    "fee_bps",
                    models.PositiveSmallIntegerField(
                        help_text="the platform's rate when the task was posted"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("assigned", "Assigned"),
                            ("in_progress", "In Progress"),
                            ("completed", "Completed"),
                            ("disputed", "Disputed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="created",
                        max_length=16,
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("assigned_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "disputed_at",
                    models.DateTimeField(blank=True, help_text="the last time it was disputed", null=True),
                ),
                (
                    "duration_seconds",
                    models.PositiveIntegerField(
                        blank=True, help_text="time_based: how long the pay streams", null=True
                    ),
                ),
                (
                    "release_interval",
                    models.PositiveIntegerField(
                        blank=True, help_text="time_based: seconds between releases", null=True
                    ),
                ),
                (
                    "paid_amount",
                    gigstream.lib.money.MoneyField(
                        blank=True,
                        help_text="what the worker was paid in all; set when the task's money closed",
                        null=True,
                    ),
                ),
                ("verification_data", models.JSONField(blank=True, default=dict)),
                ("completion_proof", models.JSONField(blank=True, default=dict)),
                (
                    "worker_rating",
                    models.PositiveSmallIntegerField(blank=True, help_text="of the worker, 1-5", null=True),
                ),
                (
                    "platform_rating",
                    models.PositiveSmallIntegerField(blank=True, help_text="of the platform, 1-5", null=True),
                ),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="platforms.platform",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "tasks",
            },
        ),
        migrations.CreateModel(
            name="Milestone",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField(help_text="1, 2, … in the order of approval")),
                ("title", models.CharField(max_length=200)),
                ("amount", gigstream.lib.money.MoneyField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="milestones",
                        to="platforms.task",
                    ),
                ),
            ],
            options={
                "db_table": "milestones",
                "ordering": ["task", "number"],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("severity", models.PositiveSmallIntegerField(help_text="1 (minor) to 5 (grave)")),
                ("reason", models.TextField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("worker", "Worker"), ("platform", "Platform")],
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "worker_amount",
                    gigstream.lib.money.MoneyField(
                        blank=True, help_text="of what was held, paid to the worker", null=True
                    ),
                ),
                (
                    "refund_amount",
                    gigstream.lib.money.MoneyField(
                        blank=True, help_text="of what was held, given back", null=True
                    ),
                ),
                ("resolution", models.TextField(blank=True)),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="disputes",
                        to="platforms.task",
                    ),
                ),
            ],
            options={
                "db_table": "disputes",
            },
        ),
        migrations.CreateModel(
            name="WorkEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("started", "Started"),
                            ("milestone_reached", "Milestone Reached"),
                            ("completed", "Completed"),
                            ("bonus", "Bonus"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "external_id",
                    models.CharField(
                        blank=True, help_text="the platform's own id", max_length=120, null=True
                    ),
                ),
                ("event_date", models.DateField(blank=True, null=True)),
                ("milestone_number", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "amount",
                    gigstream.lib.money.MoneyField(blank=True, help_text="bonus: what it pays", null=True),
                ),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="work_events",
                        to="platforms.task",
                    ),
                ),
            ],
            options={
                "db_table": "work_events",
            },
        ),
        migrations.CreateModel(
            name="Engagement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("open_tasks", models.PositiveIntegerField(default=0)),
                ("finished_tasks", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagements",
                        to="workers.worker",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagements",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "engagements",
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "worker"), name="engagement_once_per_pair"),
                    models.CheckConstraint(
                        condition=models.Q(("first_at__lte", models.F("last_at"))),
                        name="engagement_times_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=60)),
                (
                    "prefix",
                    models.CharField(help_text="the public part, for look-up", max_length=16, unique=True),
                ),
                ("secret_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("is_live", models.BooleanField(default=False, help_text="gs_live_ rather than gs_test_")),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "db_table": "api_keys",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("secret_hash__regex", "^[0-9a-f]{64}$")),
                        name="api_key_hash_is_sha256",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["worker", "created_at"], name="tasks_worker_created"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["platform", "created_at"], name="tasks_platform_created"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["status", "created_at"], name="tasks_status_created"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["created_at"], name="tasks_created"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["completed_at"], name="tasks_completed"),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.UniqueConstraint(
                fields=("platform", "external_task_id"), name="task_external_id_once_per_platform"
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))),
                name="task_amount_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(("task_type__in", ["fixed", "time_based", "milestone"])),
                name="task_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        ["created", "assigned", "in_progress", "completed", "disputed", "cancelled"],
                    )
                ),
                name="task_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("worker__isnull", False), ("status__in", ["created", "cancelled"]), _connector="OR"
                ),
                name="task_worker_once_assigned",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "completed"), _negated=True),
                    models.Q(("completed_at__isnull", False), ("paid_amount__isnull", False)),
                    _connector="OR",
                ),
                name="task_completed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "cancelled"), _negated=True),
                    models.Q(("cancelled_at__isnull", False), ("paid_amount__isnull", False)),
                    _connector="OR",
                ),
                name="task_cancelled_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "disputed"), _negated=True),
                    ("disputed_at__isnull", False),
                    _connector="OR",
                ),
                name="task_disputed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("paid_amount__isnull", True),
                    models.Q(("paid_amount__gte", 0), ("paid_amount__lte", models.F("amount"))),
                    _connector="OR",
                ),
                name="task_paid_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("worker_rating__isnull", True), ("worker_rating__range", (1, 5)), _connector="OR"
                    ),
                    models.Q(
                        ("platform_rating__isnull", True), ("platform_rating__range", (1, 5)), _connector="OR"
                    ),
                ),
                name="task_ratings_1_to_5",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("duration_seconds__gt", 0),
                        ("duration_seconds__isnull", False),
                        ("release_interval__gt", 0),
                        ("release_interval__isnull", False),
                        ("task_type", "time_based"),
                    ),
                    models.Q(
                        models.Q(("task_type", "time_based"), _negated=True),
                        ("duration_seconds__isnull", True),
                        ("release_interval__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="task_schedule_only_when_time_based",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_bps__range", (0, 10000))), name="task_fee_in_range"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="task",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{assigned:cancelled,assigned:in_progress,completed:disputed,created:assigned,created:cancelled,disputed:cancelled,disputed:completed,in_progress:cancelled,in_progress:completed,in_progress:disputed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="0908161f90a095d4dfb1fc1bde7880f2fb1f88f9",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_ad2b6",
                    table="tasks",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.UniqueConstraint(
                fields=("task", "number"), name="milestone_number_once_per_task"
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))),
                name="milestone_amount_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="milestone_number_from_1"
            ),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(fields=["created_at"], name="disputes_created"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("task",),
                name="dispute_one_open_per_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__range", (1, 5))), name="dispute_severity_1_to_5"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="dispute_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("outcome__isnull", True),
                        ("refund_amount__isnull", True),
                        ("resolved_at__isnull", True),
                        ("worker_amount__isnull", True),
                    ),
                    models.Q(
                        ("outcome__isnull", False),
                        ("refund_amount__gte", 0),
                        ("refund_amount__isnull", False),
                        ("resolved_at__isnull", False),
                        ("worker_amount__gte", 0),
                        ("worker_amount__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="dispute_resolved_as_a_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="workevent",
            index=models.Index(fields=["created_at"], name="work_events_created"),
        ),
        migrations.AddConstraint(
            model_name="workevent",
            constraint=models.UniqueConstraint(
                fields=("task", "event_type", "external_id", "event_date"),
                name="work_event_reported_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="workevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("event_type__in", ["started", "milestone_reached", "completed", "bonus"])
                ),
                name="work_event_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="workevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("amount__isnull", False), ("event_type", "bonus")),
                    models.Q(models.Q(("event_type", "bonus"), _negated=True), ("amount__isnull", True)),
                    _connector="OR",
                ),
                name="work_event_bonus_has_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="workevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("event_type", "milestone_reached"),
                        ("milestone_number__gte", 1),
                        ("milestone_number__isnull", False),
                    ),
                    models.Q(
                        models.Q(("event_type", "milestone_reached"), _negated=True),
                        ("milestone_number__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="work_event_milestone_has_number",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="5cc3d96092286fa320a58b9779598cd6cd9066a7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_927f1",
                    table="work_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="task",
            trigger=pgtrigger.compiler.Trigger(
                name="worker_keeps_the_task",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."worker_id" IS NOT NULL AND OLD."worker_id" IS DISTINCT FROM (NEW."worker_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update of \"worker_id\" rows from % table', TG_TABLE_NAME;",
                    hash="ece85b9d234c12e33ec463c972ce7a4d46031ef7",
                    operation='UPDATE OF "worker_id"',
                    pgid="pgtrigger_worker_keeps_the_task_faebb",
                    table="tasks",
                    when="BEFORE",
                ),
            ),
        ),
    ]
