import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.core.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("kind", models.CharField(help_text="of those that the apps have registered", max_length=32)),
                ("subject_id", models.CharField(help_text="of the row that it is about", max_length=64)),
                (
                    "recipient",
                    models.CharField(
                        blank=True,
                        help_text='as in "staff:4", if several people get a letter about the subject',
                        max_length=64,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_try_at",
                    models.DateTimeField(blank=True, help_text="empty once it has ended", null=True),
                ),
                ("give_up_at", models.DateTimeField(help_text="a failure after that is not tried again")),
                (
                    "last_error",
                    models.CharField(
                        blank=True, help_text="the class of the error, never its text", max_length=64
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("given_up_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "letters",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_try_at__isnull", False)),
                        fields=["next_try_at", "id"],
                        name="letters_due",
                    ),
                    models.Index(fields=["-created_at", "-id"], name="letters_created"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("given_up_at__isnull", True),
                                ("next_try_at__isnull", False),
                                ("sent_at__isnull", True),
                            ),
                            models.Q(
                                ("given_up_at__isnull", True),
                                ("next_try_at__isnull", True),
                                ("sent_at__isnull", False),
                            ),
                            models.Q(
                                ("given_up_at__isnull", False),
                                ("next_try_at__isnull", True),
                                ("sent_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="letter_waits_or_has_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("given_up_at__isnull", True), ("tries__gt", 0), _connector="OR"),
                        name="letter_given_up_was_tried",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", ""), _negated=True), models.Q(("subject_id", ""), _negated=True)
                        ),
                        name="letter_names_its_subject",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("next_try_at__isnull", False)),
                        fields=("kind", "subject_id", "recipient"),
                        name="letter_waits_once",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="letter",
            trigger=pgtrigger.compiler.Trigger(
                name="ended_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."next_try_at" IS NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="6b0a431d45394052e48ad4f573d63b60ee8f1c66",
                    operation="UPDATE",
                    pgid="pgtrigger_ended_stays_a2b97",
                    table="letters",
                    when="BEFORE",
                ),
            ),
        ),
    ]
