import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReputationEvent",
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
                            ("task_completed", "Task Completed"),
                            ("task_late", "Task Late"),
                            ("dispute_filed", "Dispute Filed"),
                            ("dispute_resolved", "Dispute Resolved"),
                            ("rating_received", "Rating Received"),
                            ("manual_adjustment", "Manual Adjustment"),
                            ("loan_repaid", "Loan Repaid"),
                            ("loan_defaulted", "Loan Defaulted"),
                        ],
                        max_length=24,
                    ),
                ),
                ("delta", models.SmallIntegerField()),
                ("previous_score", models.PositiveSmallIntegerField(editable=False)),
                ("new_score", models.PositiveSmallIntegerField(editable=False)),
                (
                    "number",
                    models.PositiveIntegerField(editable=False, help_text="1, 2, … of this worker's events"),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "triggered_by",
                    models.CharField(blank=True, help_text="who or what caused it", max_length=80),
                ),
                (
                    "source_key",
                    models.CharField(
                        blank=True,
                        help_text="the fact behind it, so that it counts once",
                        max_length=160,
                        null=True,
                        unique=True,
                    ),
                ),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "task",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reputation_events",
                        to="platforms.task",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reputation_events",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "reputation_events",
                "indexes": [
                    models.Index(fields=["worker", "created_at"], name="reputation_worker_created"),
                    models.Index(fields=["created_at"], name="reputation_created"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("worker", "number"), name="reputation_events_in_order"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "task_completed",
                                    "task_late",
                                    "dispute_filed",
                                    "dispute_resolved",
                                    "rating_received",
                                    "manual_adjustment",
                                    "loan_repaid",
                                    "loan_defaulted",
                                ],
                            )
                        ),
                        name="reputation_event_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("new_score__range", (0, 1000)), ("previous_score__range", (0, 1000))
                        ),
                        name="reputation_scores_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("event_type", "manual_adjustment"), ("reason", ""), _negated=True
                        ),
                        name="reputation_adjustment_has_a_reason",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reputationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="335f97db5fb4ca4be29a1ec1b64c5392ddbddb7f",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_1ee79",
                    table="reputation_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reputationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="goes_only_with_its_worker",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF current_setting('gigstream.erasing_worker', true) = OLD.worker_id::text THEN\n                        RETURN OLD;\n                    END IF;\n                    RAISE EXCEPTION 'reputation events are append-only';\n                ",
                    hash="97f4425abe3fa6d5d47e98c7813ba98db83541ae",
                    operation="DELETE",
                    pgid="pgtrigger_goes_only_with_its_worker_67f3d",
                    table="reputation_events",
                    when="BEFORE",
                ),
            ),
        ),
    ]
