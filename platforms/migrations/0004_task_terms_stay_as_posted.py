import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("platforms", "0003_tallies"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="task",
            trigger=pgtrigger.compiler.Trigger(
                name="terms_stay_as_posted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."fee_bps" IS DISTINCT FROM (NEW."fee_bps") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id") OR OLD."task_type" IS DISTINCT FROM (NEW."task_type"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "task_type", "fee_bps" rows from % table\', TG_TABLE_NAME;',
                    hash="ff2006e049a130611d2a37e1eac556969b538568",
                    operation='UPDATE OF "platform_id", "task_type", "fee_bps"',
                    pgid="pgtrigger_terms_stay_as_posted_3e036",
                    table="tasks",
                    when="BEFORE",
                ),
            ),
        ),
    ]
