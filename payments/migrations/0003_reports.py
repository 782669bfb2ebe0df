from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import gigstream.lib.money
from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0002_stream_functions"),
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
        migration(SQL / "active_streams_view.sql"),
        migration(SQL / "platform_performance_view.sql"),
        migration(SQL / "daily_transaction_summary.sql"),
        migrations.CreateModel(
            name="ActiveStream",
            fields=[
                (
                    "stream",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="payments.stream",
                    ),
                ),
                ("task_title", models.CharField(max_length=200)),
                ("worker_name", models.CharField(max_length=120)),
                ("platform_name", models.CharField(max_length=120)),
                ("total_amount", gigstream.lib.money.MoneyField()),
                ("released_amount", gigstream.lib.money.MoneyField()),
                ("remaining_amount", gigstream.lib.money.MoneyField(help_text="total less released")),
                (
                    "vested_amount",
                    gigstream.lib.money.MoneyField(
                        help_text="earned to the second, never less than released"
                    ),
                ),
                (
                    "claimable_amount",
                    gigstream.lib.money.MoneyField(
                        help_text="vested less released: what a claim would pay now"
                    ),
                ),
                (
                    "progress_percent",
                    models.DecimalField(decimal_places=2, help_text="released of the total", max_digits=5),
                ),
                ("releases", models.PositiveIntegerField(help_text="number of the last release")),
                ("release_interval", models.PositiveIntegerField(help_text="seconds")),
                ("start_at", models.DateTimeField()),
                ("end_at", models.DateTimeField()),
                ("next_release_at", models.DateTimeField()),
                (
                    "seconds_to_next_release",
                    models.PositiveIntegerField(help_text="rounded up; 0 when it is due"),
                ),
            ],
            options={
                "db_table": "active_streams_view",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="DailyTransactionSummary",
            fields=[
                (
                    "id",
                    models.CharField(
                        help_text="day:type:status", max_length=60, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(help_text="the UTC day of created_at")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("payout", "Payout"),
                            ("advance", "Advance"),
                            ("refund", "Refund"),
                            ("repayment", "Repayment"),
                            ("fee", "Fee"),
                            ("deposit", "Deposit"),
                            ("reward", "Reward"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("submitted", "Submitted"),
                            ("confirmed", "Confirmed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=16,
                    ),
                ),
                ("transactions", models.PositiveIntegerField(help_text="how many")),
                ("total_amount", gigstream.lib.money.MoneyField()),
                ("total_fees", gigstream.lib.money.MoneyField(help_text="network fees, borne by the house")),
                ("average_amount", gigstream.lib.money.MoneyField(help_text="rounded to 6 decimals")),
            ],
            options={
                "verbose_name_plural": "daily transaction summaries",
                "db_table": "daily_transaction_summary",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="PlatformPerformance",
            fields=[
                (
                    "platform",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="platforms.platform",
                    ),
                ),
                ("total_tasks", models.PositiveIntegerField(help_text="tasks posted")),
                ("open_tasks", models.PositiveIntegerField(help_text="assigned, in progress or disputed")),
                ("completed_tasks", models.PositiveIntegerField()),
                ("cancelled_tasks", models.PositiveIntegerField()),
                (
                    "paid_amount",
                    gigstream.lib.money.MoneyField(help_text="to workers for tasks, without bonuses"),
                ),
                (
                    "bonus_amount",
                    gigstream.lib.money.MoneyField(help_text="to workers on top of their tasks' pay"),
                ),
                ("fee_amount", gigstream.lib.money.MoneyField(help_text="to the house")),
                ("unique_workers", models.PositiveIntegerField(help_text="ever engaged")),
                (
                    "unique_workers_7_days",
                    models.PositiveIntegerField(help_text="assigned a task in the last 7 days"),
                ),
                (
                    "unique_workers_30_days",
                    models.PositiveIntegerField(help_text="assigned a task in the last 30 days"),
                ),
                (
                    "average_completion_seconds",
                    models.DecimalField(
                        decimal_places=3,
                        help_text="from start to completion; NULL without any",
                        max_digits=15,
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "platform performance",
                "db_table": "platform_performance_view",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
