import datetime
from decimal import Decimal
from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import gigstream.lib.money
from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"

# What `update_platform_statistics` would have counted, had it kept these from the first task on.
COUNT_THE_PAST = """
    INSERT INTO task_tallies (platform_id, task_type, created_tasks, assigned_tasks, in_progress_tasks,
        completed_tasks, disputed_tasks, cancelled_tasks, paid_amount, fee_amount, took)
    SELECT platform_id, task_type, count(*) FILTER (WHERE status = 'created'),
           count(*) FILTER (WHERE status = 'assigned'), count(*) FILTER (WHERE status = 'in_progress'),
           count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'disputed'),
           count(*) FILTER (WHERE status = 'cancelled'), coalesce(sum(paid_amount), 0),
           coalesce(sum(trunc(paid_amount * fee_bps / 10000, 6)), 0),
           coalesce(sum(completed_at - started_at) FILTER (WHERE status = 'completed'), interval '0')
    FROM tasks GROUP BY platform_id, task_type;
    UPDATE engagements SET last_assigned_at = given.last
    FROM (SELECT platform_id, worker_id, max(assigned_at) AS last FROM tasks GROUP BY 1, 2) AS given
    WHERE (engagements.platform_id, engagements.worker_id) = (given.platform_id, given.worker_id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("platforms", "0002_reports"),
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TaskTally",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
                ("created_tasks", models.IntegerField(default=0)),
                ("assigned_tasks", models.IntegerField(default=0)),
                ("in_progress_tasks", models.IntegerField(default=0)),
                ("completed_tasks", models.IntegerField(default=0)),
                ("disputed_tasks", models.IntegerField(default=0)),
                ("cancelled_tasks", models.IntegerField(default=0)),
                (
                    "paid_amount",
                    gigstream.lib.money.MoneyField(
                        default=Decimal("0"), help_text="to workers, for tasks whose money has closed"
                    ),
                ),
                (
                    "fee_amount",
                    gigstream.lib.money.MoneyField(default=Decimal("0"), help_text="taken on that pay"),
                ),
                (
                    "took",
                    models.DurationField(
                        default=datetime.timedelta(0),
                        help_text="all completed tasks, from start to completion",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "task tallies",
                "db_table": "task_tallies",
            },
        ),
        migrations.AddField(
            model_name="engagement",
            name="last_assigned_at",
            field=models.DateTimeField(help_text="when the worker last got one of its tasks", null=True),
        ),
        migrations.AddIndex(
            model_name="engagement",
            index=models.Index(fields=["platform", "last_assigned_at"], name="engagements_lately"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("platform"),
                models.F("task_type"),
                django.db.models.expressions.CombinedExpression(
                    models.F("completed_at"), "-", models.F("started_at")
                ),
                condition=models.Q(("status", "completed")),
                include=("started_at", "completed_at"),
                name="tasks_by_time_taken",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(
                    ("paid_amount__isnull", True), ("status__in", ["in_progress", "disputed"])
                ),
                fields=["platform", "task_type"],
                name="tasks_under_way",
            ),
        ),
        migrations.AddField(
            model_name="tasktally",
            name="platform",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tallies",
                to="platforms.platform",
            ),
        ),
        migrations.AddConstraint(
            model_name="tasktally",
            constraint=models.UniqueConstraint(
                fields=("platform", "task_type"), name="task_tally_once_per_type"
            ),
        ),
        migrations.AddConstraint(
            model_name="tasktally",
            constraint=models.CheckConstraint(
                condition=models.Q(("task_type__in", ["fixed", "time_based", "milestone"])),
                name="task_tally_type_known",
            ),
        ),
        migrations.RunSQL(COUNT_THE_PAST, migrations.RunSQL.noop),
        migration(SQL / "task_time_percentile.sql"),
        migration(SQL / "task_completion_stats_view_2.sql", replacing=SQL / "task_completion_stats_view.sql"),
    ]
