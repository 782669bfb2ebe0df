from pathlib import Path

from django.db import migrations, models

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("platforms", "0001_initial"),
    ]

    operations = [
        migration(SQL / "task_completion_stats_view.sql"),
        migrations.CreateModel(
            name="TaskCompletionStats",
            fields=[
                (
                    "id",
                    models.CharField(
                        help_text="platform:task_type", max_length=60, primary_key=True, serialize=False
                    ),
                ),
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
                ("total_tasks", models.PositiveIntegerField()),
                ("open_tasks", models.PositiveIntegerField(help_text="created, assigned or in progress")),
                ("completed_tasks", models.PositiveIntegerField()),
                ("cancelled_tasks", models.PositiveIntegerField()),
                ("disputed_tasks", models.PositiveIntegerField(help_text="in dispute now")),
                (
                    "success_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="percent: completed of completed, cancelled and disputed; 0 while there are none",
                        max_digits=5,
                    ),
                ),
                ("average_seconds", models.DecimalField(decimal_places=3, max_digits=15, null=True)),
                ("median_seconds", models.DecimalField(decimal_places=3, max_digits=15, null=True)),
                (
                    "p95_seconds",
                    models.DecimalField(
                        decimal_places=3,
                        help_text="95 of 100 completed tasks took no longer",
                        max_digits=15,
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name": "task completion statistics",
                "verbose_name_plural": "task completion statistics",
                "db_table": "task_completion_stats_view",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
