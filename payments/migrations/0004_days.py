from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.lib.money
from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0003_reports"),
        ("platforms", "0003_tallies"),
    ]

    operations = [
        migrations.CreateModel(
            name="TransactionDay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
                ("transactions", models.PositiveIntegerField()),
                ("total_amount", gigstream.lib.money.MoneyField()),
                ("total_fees", gigstream.lib.money.MoneyField()),
            ],
            options={
                "db_table": "transaction_days",
            },
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("status", "confirmed"), ("type", "reward")),
                fields=["platform"],
                include=("amount",),
                name="transactions_bonuses",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transaction",
            trigger=pgtrigger.compiler.Trigger(
                name="opens_its_day_again",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    DELETE FROM transaction_days USING made\n                    WHERE transaction_days.day = (made.created_at AT TIME ZONE 'UTC')::date;\n                    RETURN NULL;\n                ",
                    hash="a5034bc44871bf23b9da44d479a2764518abb980",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_opens_its_day_again_0f846",
                    referencing="REFERENCING NEW TABLE AS made ",
                    table="transactions",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="transactionday",
            constraint=models.UniqueConstraint(fields=("day", "type", "status"), name="transaction_day_once"),
        ),
        migration(SQL / "daily_transaction_summary_2.sql", replacing=SQL / "daily_transaction_summary.sql"),
        migration(SQL / "platform_performance_view_2.sql", replacing=SQL / "platform_performance_view.sql"),
    ]
