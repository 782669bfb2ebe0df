import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.lib.encryption
import gigstream.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("platforms", "0004_task_terms_stay_as_posted"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sequence", models.PositiveBigIntegerField(help_text="that of the event")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("delivered", "Delivered"),
                            ("dead", "Dead"),
                            ("blocked", "Blocked"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(default=0, help_text="since it was queued or replayed"),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when a job may next take it up; doubles as the job's lease",
                        null=True,
                    ),
                ),
                ("last_attempt_at", models.DateTimeField(blank=True, null=True)),
                (
                    "status_code",
                    models.PositiveSmallIntegerField(blank=True, help_text="of the last answer", null=True),
                ),
                (
                    "error",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("status", "answered, but not with 2xx"),
                            (
                                "blocked_address",
                                "the name leads to a forbidden address, or the URL is not allowed",
                            ),
                            ("unresolved", "the name has no address"),
                            ("connection", "no connection, or it broke"),
                            ("tls", "no valid certificate for the name"),
                            ("timeout", "no answer in time"),
                            ("protocol", "the answer was no HTTP, or too long"),
                            ("disabled", "the webhook was switched off"),
                        ],
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "milliseconds",
                    models.PositiveIntegerField(
                        blank=True, help_text="how long the last attempt took", null=True
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "db_table": "webhook_deliveries",
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "platform",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="webhook",
                        serialize=False,
                        to="platforms.platform",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "starts_after",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="the last event before the webhook was set or enabled: later ones are delivered",
                    ),
                ),
                (
                    "queued_through",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="the last event that a delivery was made for; the job takes up those after it",
                    ),
                ),
                (
                    "previous_secret",
                    gigstream.lib.encryption.EncryptedTextField(
                        blank=True, default="", help_text="encrypted at rest"
                    ),
                ),
                (
                    "previous_secret_until",
                    models.DateTimeField(
                        blank=True, help_text="deliveries carry a second signature until then", null=True
                    ),
                ),
                (
                    "failing_since",
                    models.DateTimeField(
                        blank=True, help_text="first failure since the last success", null=True
                    ),
                ),
                (
                    "disabled_at",
                    models.DateTimeField(blank=True, help_text="nothing is delivered since then", null=True),
                ),
            ],
            options={
                "db_table": "webhook_endpoints",
            },
        ),
        migrations.CreateModel(
            name="Event",
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
                    "sequence",
                    models.PositiveBigIntegerField(
                        help_text="1, 2, … of this platform's events, without a gap"
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("task.created", "Task Created"),
                            ("task.assigned", "Task Assigned"),
                            ("task.started", "Task Started"),
                            ("task.completed", "Task Completed"),
                            ("task.cancelled", "Task Cancelled"),
                            ("task.disputed", "Task Disputed"),
                            ("task.resolved", "Task Resolved"),
                            ("stream.opened", "Stream Opened"),
                            ("stream.released", "Stream Released"),
                            ("stream.paused", "Stream Paused"),
                            ("stream.resumed", "Stream Resumed"),
                            ("stream.topped_up", "Stream Topped Up"),
                            ("stream.completed", "Stream Completed"),
                            ("stream.cancelled", "Stream Cancelled"),
                            ("transaction.submitted", "Transaction Submitted"),
                            ("transaction.confirmed", "Transaction Confirmed"),
                            ("transaction.failed", "Transaction Failed"),
                            ("worker.reputation_changed", "Worker Reputation Changed"),
                            ("balance.low", "Balance Low"),
                            ("webhook.ping", "Webhook Ping"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "request_id",
                    models.CharField(blank=True, help_text="of the request that caused it", max_length=64),
                ),
                ("payload", models.JSONField(help_text="amounts and times as text, as the API gives them")),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "events",
            },
        ),
        migrations.CreateModel(
            name="EventCounter",
            fields=[
                (
                    "platform",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="event_counter",
                        serialize=False,
                        to="platforms.platform",
                    ),
                ),
                ("last_sequence", models.PositiveBigIntegerField()),
            ],
            options={
                "db_table": "event_counters",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_sequence__gte", 1)), name="event_counter_from_1"
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="eventcounter",
            trigger=pgtrigger.compiler.Trigger(
                name="never_goes_back",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."last_sequence" <= (OLD."last_sequence"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="5d6f112ec1998a441b7714a1ef16e9e6b40faeab",
                    operation="UPDATE",
                    pgid="pgtrigger_never_goes_back_9f49d",
                    table="event_counters",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="event",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="delivery", to="platforms.event"
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="platform",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="platforms.platform",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("starts_after__lte", models.F("queued_through"))),
                name="webhook_queued_since_its_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("previous_secret", ""), ("previous_secret_until__isnull", True)),
                    models.Q(
                        models.Q(("previous_secret", ""), _negated=True),
                        ("previous_secret_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="webhook_old_secret_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(fields=("platform", "sequence"), name="event_once_per_number"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("sequence__gte", 1)), name="event_sequence_from_1"
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "type__in",
                        [
                            "task.created",
                            "task.assigned",
                            "task.started",
                            "task.completed",
                            "task.cancelled",
                            "task.disputed",
                            "task.resolved",
                            "stream.opened",
                            "stream.released",
                            "stream.paused",
                            "stream.resumed",
                            "stream.topped_up",
                            "stream.completed",
                            "stream.cancelled",
                            "transaction.submitted",
                            "transaction.confirmed",
                            "transaction.failed",
                            "worker.reputation_changed",
                            "balance.low",
                            "webhook.ping",
                        ],
                    )
                ),
                name="event_type_known",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="207184f80ef73d5c0e8fb4c554a7efc7efdc3900",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_c30a5",
                    table="events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="goes_only_with_its_platform",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF current_setting('gigstream.erasing_platform', true) = OLD.platform_id::text THEN\n                        RETURN OLD;\n                    END IF;\n                    RAISE EXCEPTION 'events are append-only';\n                ",
                    hash="9f0af689048669226a37b34681ae0c3c33dc9806",
                    operation="DELETE",
                    pgid="pgtrigger_goes_only_with_its_platform_60855",
                    table="events",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["platform", "next_attempt_at"],
                name="deliveries_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(
                fields=("platform", "sequence"), name="delivery_once_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "delivered", "dead", "blocked"])),
                name="delivery_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("error__isnull", True),
                    (
                        "error__in",
                        [
                            "status",
                            "blocked_address",
                            "unresolved",
                            "connection",
                            "tls",
                            "timeout",
                            "protocol",
                            "disabled",
                        ],
                    ),
                    _connector="OR",
                ),
                name="delivery_error_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", True), ("next_attempt_at__isnull", False), ("status", "pending")
                    ),
                    models.Q(
                        models.Q(("status", "pending"), _negated=True),
                        ("ended_at__isnull", False),
                        ("next_attempt_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="delivery_is_due_or_ended",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="webhookdelivery",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{blocked:pending,dead:pending,delivered:pending,pending:blocked,pending:dead,pending:delivered}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="b21a7a2f10e81d4ae28836d3fecf5afd2533d3fd",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_f2aed",
                    table="webhook_deliveries",
                    when="BEFORE",
                ),
            ),
        ),
    ]
