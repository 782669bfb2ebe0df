from django.db import migrations

from gigstream.core import sql


class Migration(migrations.Migration):
    dependencies = [("reputation", "0001_initial")]

    operations = [sql.migration("reputation/migrations/reputation_history_view")]
