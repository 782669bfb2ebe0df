from pathlib import Path

from django.db import migrations

from gigstream.lib.sql import migration


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [migration(Path(__file__).parent / "sql" / "stream_functions.sql")]
