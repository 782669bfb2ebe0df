from django.db import migrations

from gigstream.core import sql


class Migration(migrations.Migration):
    dependencies = [("platforms", "0002_functions_and_views")]

    operations = [
        sql.migration("platforms/migrations/usage_partitions"),
        sql.migration("platforms/migrations/usage_recounts"),
    ]
