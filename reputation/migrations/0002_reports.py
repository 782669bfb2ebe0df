from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("reputation", "0001_initial"),
    ]

    operations = [
        migration(SQL / "reputation_history_view.sql"),
        migrations.CreateModel(
            name="ReputationHistory",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="reputation.reputationevent",
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="1, 2, … of this worker's events")),
                ("happened_at", models.DateTimeField()),
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
                ("delta", models.SmallIntegerField(help_text="what the event is worth")),
                ("previous_score", models.PositiveSmallIntegerField()),
                ("new_score", models.PositiveSmallIntegerField()),
                (
                    "change",
                    models.SmallIntegerField(help_text="delta, as far as the score stayed within 0 to 1000"),
                ),
                (
                    "tier",
                    models.CharField(
                        choices=[
                            ("Starter", "Starter"),
                            ("Bronze", "Bronze"),
                            ("Silver", "Silver"),
                            ("Gold", "Gold"),
                            ("Platinum", "Platinum"),
                            ("Diamond", "Diamond"),
                        ],
                        help_text="the band of the new score",
                        max_length=16,
                    ),
                ),
                ("reason", models.TextField()),
            ],
            options={
                "verbose_name_plural": "reputation history",
                "db_table": "reputation_history_view",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
