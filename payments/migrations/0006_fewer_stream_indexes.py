from pathlib import Path

from django.db import migrations, models

from gigstream.lib.sql import migration

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0005_stream_with_nothing_left_is_completed"),
        ("platforms", "0004_task_terms_stay_as_posted"),
        ("workers", "0001_initial"),
    ]

    operations = [
        migration(SQL / "active_streams_view_2.sql", replacing=SQL / "active_streams_view.sql"),
        migrations.RemoveIndex(model_name="stream", name="streams_worker_created"),
        migrations.RemoveIndex(model_name="stream", name="streams_platform_created"),
        migrations.RemoveIndex(model_name="stream", name="streams_status_created"),
        migrations.AddIndex(
            model_name="stream",
            index=models.Index(
                condition=models.Q(("status", "active"), _negated=True),
                fields=["status", "created_at"],
                name="streams_stopped",
            ),
        ),
    ]
