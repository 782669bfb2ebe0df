from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CircuitBreaker",
            fields=[
                ("service", models.CharField(max_length=32, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("closed", "Closed"), ("open", "Open"), ("half_open", "Half Open")],
                        default="closed",
                        max_length=16,
                    ),
                ),
                ("failures_in_a_row", models.PositiveIntegerField(default=0)),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                (
                    "retry_at",
                    models.DateTimeField(blank=True, help_text="when one call may try again", null=True),
                ),
                (
                    "open_seconds",
                    models.PositiveIntegerField(default=0, help_text="how long it opened for last"),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "db_table": "circuit_breakers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["closed", "open", "half_open"])),
                        name="breaker_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("open_seconds", 0),
                                ("opened_at__isnull", True),
                                ("retry_at__isnull", True),
                                ("state", "closed"),
                            ),
                            models.Q(
                                models.Q(("state", "closed"), _negated=True),
                                ("open_seconds__gt", 0),
                                ("opened_at__isnull", False),
                                ("retry_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="breaker_open_has_its_times",
                    ),
                ],
            },
        ),
    ]
