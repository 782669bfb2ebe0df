from pathlib import Path

from django.db import migrations

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0007_risk_sums_entries"),
        ("platforms", "0016_disputes_and_pay_of_pairs"),
    ]

    operations = [
        migration(SQL / "worker_risk_assessment_4.sql", replacing=SQL / "worker_risk_assessment_3.sql"),
    ]
