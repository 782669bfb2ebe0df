from pathlib import Path

from django.db import migrations

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0010_risk_looks_up_entries"),
        # A task says whose fault its end was.
        ("platforms", "0019_assignments_given_back"),
    ]

    operations = [
        migration(SQL / "worker_earnings_view_3.sql", replacing=SQL / "worker_earnings_view_2.sql"),
        migration(SQL / "worker_risk_assessment_6.sql", replacing=SQL / "worker_risk_assessment_5.sql"),
    ]
