from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import gigstream.lib.money
from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0001_initial"),
        ("payments", "0002_stream_functions"),
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
        migration(SQL / "worker_earnings_view.sql"),
        migration(SQL / "worker_risk_assessment.sql"),
        migration(SQL / "loan_repayment_status_view.sql"),
        migrations.CreateModel(
            name="LoanRepaymentStatus",
            fields=[
                (
                    "loan",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="loans.loan",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("disbursed", "Disbursed"),
                            ("active", "Active"),
                            ("repaying", "Repaying"),
                            ("repaid", "Repaid"),
                            ("defaulted", "Defaulted"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount", gigstream.lib.money.MoneyField(help_text="the advance")),
                ("fee", gigstream.lib.money.MoneyField()),
                ("total_due", gigstream.lib.money.MoneyField(help_text="advance and fee")),
                ("amount_repaid", gigstream.lib.money.MoneyField()),
                ("amount_written_off", gigstream.lib.money.MoneyField()),
                (
                    "owed",
                    gigstream.lib.money.MoneyField(
                        help_text="still to be repaid; 0 for an advance that was not paid out"
                    ),
                ),
                (
                    "progress_percent",
                    models.DecimalField(decimal_places=2, help_text="repaid of the total due", max_digits=5),
                ),
                ("disbursed_at", models.DateTimeField(null=True)),
                ("repayment_due", models.DateTimeField(null=True)),
                (
                    "is_overdue",
                    models.BooleanField(help_text="owed beyond the due date, defaulted loans included"),
                ),
                (
                    "overdue_days",
                    models.PositiveIntegerField(help_text="whole days beyond the due date, while overdue"),
                ),
                ("is_defaulted", models.BooleanField(help_text="has ever been in default")),
                ("defaulted_at", models.DateTimeField(null=True)),
                ("repaid_at", models.DateTimeField(null=True)),
                ("repaid_on_time", models.BooleanField(help_text="NULL until it is repaid", null=True)),
            ],
            options={
                "verbose_name_plural": "loan repayment statuses",
                "db_table": "loan_repayment_status_view",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="WorkerEarnings",
            fields=[
                (
                    "worker",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="workers.worker",
                    ),
                ),
                ("total_tasks", models.PositiveIntegerField(help_text="ever assigned")),
                ("completed_tasks", models.PositiveIntegerField()),
                ("active_tasks", models.PositiveIntegerField(help_text="assigned, in progress or disputed")),
                (
                    "earned_amount",
                    gigstream.lib.money.MoneyField(help_text="all pay and rewards, before repayments"),
                ),
                (
                    "released_amount",
                    gigstream.lib.money.MoneyField(help_text="the part of it that streams have released"),
                ),
                (
                    "pending_amount",
                    gigstream.lib.money.MoneyField(help_text="what open tasks still hold for the worker"),
                ),
                ("payout_amount", gigstream.lib.money.MoneyField(help_text="confirmed payouts")),
                (
                    "advance_amount",
                    gigstream.lib.money.MoneyField(help_text="confirmed transfers of advances"),
                ),
                ("repayment_amount", gigstream.lib.money.MoneyField(help_text="repaid of advances")),
                ("reward_amount", gigstream.lib.money.MoneyField(help_text="rewards and bonuses")),
                (
                    "in_transit_amount",
                    gigstream.lib.money.MoneyField(help_text="payouts and advances under way"),
                ),
                ("available_amount", gigstream.lib.money.MoneyField(help_text="can be paid out now")),
                ("open_loans", models.PositiveIntegerField(help_text="0 or 1")),
                (
                    "owed_amount",
                    gigstream.lib.money.MoneyField(
                        help_text="of advances that were paid out, defaulted ones included"
                    ),
                ),
                (
                    "completion_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="completed of completed, cancelled and disputed tasks",
                        max_digits=5,
                    ),
                ),
                (
                    "average_rating",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="of the worker, 1 to 5; NULL without ratings",
                        max_digits=3,
                        null=True,
                    ),
                ),
                (
                    "on_time_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="completed tasks that were not late, of all completed",
                        max_digits=5,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "worker earnings",
                "db_table": "worker_earnings_view",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="WorkerRiskAssessment",
            fields=[
                (
                    "worker",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="workers.worker",
                    ),
                ),
                ("reputation_score", models.PositiveSmallIntegerField()),
                (
                    "account_age_days",
                    models.PositiveIntegerField(help_text="UTC days since the account was opened"),
                ),
                ("completed_tasks", models.PositiveIntegerField()),
                (
                    "completion_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="completed of completed, cancelled and disputed tasks, ever",
                        max_digits=5,
                    ),
                ),
                ("completed_tasks_30_days", models.PositiveIntegerField()),
                (
                    "completion_rate_30_days",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="the same of the tasks that ended in the last 30 days",
                        max_digits=5,
                    ),
                ),
                ("earned_30_days", gigstream.lib.money.MoneyField()),
                (
                    "on_time_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="completed tasks that were not late, of all completed",
                        max_digits=5,
                    ),
                ),
                ("average_rating", models.DecimalField(decimal_places=2, max_digits=3, null=True)),
                ("disputes", models.PositiveIntegerField(help_text="ever opened about the worker's tasks")),
                (
                    "weeks_with_earnings",
                    models.PositiveSmallIntegerField(help_text="of the last 8, counted back from now"),
                ),
                (
                    "earnings_variation",
                    models.DecimalField(
                        decimal_places=4,
                        help_text="standard deviation over mean of the last 8 weeks' earnings; NULL without any",
                        max_digits=7,
                        null=True,
                    ),
                ),
                ("loans", models.PositiveIntegerField(help_text="advances that were paid out")),
                ("open_loans", models.PositiveIntegerField(help_text="0 or 1, requests included")),
                ("repaid_loans", models.PositiveIntegerField()),
                ("repaid_on_time_loans", models.PositiveIntegerField()),
                (
                    "defaulted_loans",
                    models.PositiveIntegerField(help_text="ever, those repaid later included"),
                ),
                ("owed_amount", gigstream.lib.money.MoneyField()),
                (
                    "reputation_points",
                    models.DecimalField(decimal_places=2, help_text="score / 1000 x 300", max_digits=6),
                ),
                (
                    "age_points",
                    models.DecimalField(
                        decimal_places=2, help_text="days, at most 90, / 90 x 150", max_digits=6
                    ),
                ),
                (
                    "task_points",
                    models.DecimalField(
                        decimal_places=2, help_text="completed tasks, at most 50, / 50 x 250", max_digits=6
                    ),
                ),
                (
                    "performance_points",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="(0.4 completion rate of 30 days + 0.4 on-time rate + 0.2 average rating / 5) x 200",
                        max_digits=6,
                    ),
                ),
                (
                    "dispute_points",
                    models.DecimalField(
                        decimal_places=2, help_text="100 less 20 for each dispute, not below 0", max_digits=6
                    ),
                ),
                (
                    "loan_points",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="+50 when all loans that ended were repaid on time, -50 when less than 80 % were, else 0",
                        max_digits=6,
                    ),
                ),
                (
                    "earnings_points",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="+30 steady (variation below 0.5), -30 volatile (above 1.0); 0 between, or below 4 weeks with earnings",
                        max_digits=6,
                    ),
                ),
                ("score", models.PositiveSmallIntegerField()),
                ("eligible", models.BooleanField()),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        help_text="what speaks against an advance, with the numbers",
                        size=None,
                    ),
                ),
            ],
            options={
                "db_table": "worker_risk_assessment",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
