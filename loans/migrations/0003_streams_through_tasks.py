from pathlib import Path

from django.db import migrations

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0002_reports"),
        ("payments", "0005_stream_with_nothing_left_is_completed"),
    ]
    # The views look for streams where they keep their indexes before payments drops the others.
    run_before = [("payments", "0006_fewer_stream_indexes")]

    operations = [
        migration(SQL / "worker_earnings_view_2.sql", replacing=SQL / "worker_earnings_view.sql"),
        migration(SQL / "worker_risk_assessment_2.sql", replacing=SQL / "worker_risk_assessment.sql"),
    ]
