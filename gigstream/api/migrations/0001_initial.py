import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.core.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AnsweredRequest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=gigstream.core.clock.DatabaseNow(), db_index=True, editable=False
                    ),
                ),
                ("caller", models.CharField(help_text="kind and id", max_length=64)),
                ("method", models.CharField(max_length=8)),
                ("path", models.TextField()),
                ("key", models.CharField(max_length=255)),
                (
                    "request_hash",
                    models.CharField(help_text="SHA-256 of the request's content", max_length=64),
                ),
                ("status", models.PositiveSmallIntegerField()),
                ("body", models.TextField(blank=True)),
            ],
            options={
                "db_table": "answered_requests",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("caller", "method", "path", "key"), name="request_answered_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__gte", 200), ("status__lt", 300)),
                        name="request_answer_is_a_success",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="answeredrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="1f3d547930d216b61aaf5ea3898fbe84f293d6eb",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_313f4",
                    table="answered_requests",
                    when="BEFORE",
                ),
            ),
        ),
    ]
