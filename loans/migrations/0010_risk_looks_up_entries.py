from pathlib import Path

from django.db import migrations

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loans", "0009_approval_by_the_system")]

    operations = [
        migration(SQL / "worker_risk_assessment_5.sql", replacing=SQL / "worker_risk_assessment_4.sql"),
    ]
