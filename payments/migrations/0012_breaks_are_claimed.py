from pathlib import Path

from django.db import migrations

from gigstream.lib import sql

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_claims_subject"),
        ("payments", "0011_transactions_of_rare_types"),
    ]

    operations = [
        sql.migration(SQL / "break_owners_to_claims.sql"),
        migrations.RemoveField(model_name="reconciliationbreak", name="owner"),
    ]
