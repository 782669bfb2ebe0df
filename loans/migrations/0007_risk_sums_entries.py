from pathlib import Path

from django.db import migrations

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0006_approvals_instead_of_signatures"),
        ("payments", "0019_streams_keep_rate_and_time"),
    ]

    operations = [
        migration(SQL / "worker_risk_assessment_3.sql", replacing=SQL / "worker_risk_assessment_2.sql"),
    ]
