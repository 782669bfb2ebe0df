from pathlib import Path

from django.db import migrations, models

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("payments", "0019_streams_keep_rate_and_time")]

    operations = [
        migrations.RemoveIndex(model_name="transaction", name="transactions_bonuses"),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("status", "confirmed"), ("type", "reward")),
                fields=["platform"],
                include=("task", "amount"),
                name="transactions_bonuses",
            ),
        ),
        migration(SQL / "platform_performance_view_3.sql", replacing=SQL / "platform_performance_view_2.sql"),
    ]
