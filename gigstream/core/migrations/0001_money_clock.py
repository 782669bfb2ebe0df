from django.db import migrations

from gigstream.core import sql


class Migration(migrations.Migration):
    # Defaults of columns and views of each app call the clock.
    run_before = [
        ("audit", "__first__"),
        ("gigstream_jobs", "__first__"),
        ("gigstream_api", "__first__"),
        ("gigstream_letters", "__first__"),
        ("gigstream_sign_in", "__first__"),
        ("gigstream_staff", "__first__"),
        ("gigstream_saved_views", "__first__"),
        ("workers", "__first__"),
        ("platforms", "__first__"),
        ("payments", "__first__"),
        ("reputation", "__first__"),
        ("loans", "__first__"),
    ]
    operations = [sql.migration("gigstream/core/migrations/money_clock")]
