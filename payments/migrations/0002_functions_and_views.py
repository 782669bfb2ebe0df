from django.db import migrations

from gigstream.core import sql


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0001_initial"),
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
        sql.migration("payments/migrations/stream_functions"),
        sql.migration("payments/migrations/part_functions"),
        sql.migration("payments/migrations/task_payouts"),
        sql.migration("payments/migrations/subject_protection"),
        sql.migration("payments/migrations/royalty_functions"),
        sql.migration("payments/migrations/active_streams_view"),
        sql.migration("payments/migrations/platform_performance_view"),
        sql.migration("payments/migrations/daily_transaction_summary"),
    ]
