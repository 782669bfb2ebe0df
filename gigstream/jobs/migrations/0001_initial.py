from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("every_seconds__gt", 0)), name="heartbeat_interval_positive"
                    )
                ],
            },
        ),
    ]
