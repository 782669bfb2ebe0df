from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

from gigstream.core import sql


class Migration(migrations.Migration):
    dependencies = [("gigstream_core", "0001_money_clock")]
    # Defaults and indexes of these apps' tables need them.
    run_before = [
        ("audit", "__first__"),
        ("workers", "__first__"),
        ("platforms", "__first__"),
        ("payments", "__first__"),
        ("reputation", "__first__"),
        ("loans", "__first__"),
    ]
    operations = [
        sql.migration("gigstream/core/migrations/short_numbers"),
        # Indexes by which parts of names and titles are found.
        TrigramExtension(),
    ]
