from django.db import migrations

from gigstream.core import sql


class Migration(migrations.Migration):
    dependencies = [("platforms", "0001_initial")]

    operations = [
        sql.migration("platforms/migrations/round_half_even"),
        sql.migration("platforms/migrations/task_time_percentile"),
        sql.migration("platforms/migrations/task_completion_stats_view"),
    ]
