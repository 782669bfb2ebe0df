from pathlib import Path

from django.db import migrations

from gigstream.lib import sql

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("payments", "0017_payout_holds")]

    operations = [
        sql.migration(SQL / "part_functions.sql"),
        migrations.RunSQL(sql.load(SQL / "cover_all_parts.sql"), migrations.RunSQL.noop),
    ]
