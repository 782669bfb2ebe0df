from datetime import UTC, datetime

import django.db.models.expressions
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.lib.money

FILL = """
UPDATE streams s
SET first_total = total_amount, first_duration_seconds = duration_seconds,
    last_act_at = greatest(start_at, paused_at, completed_at, cancelled_at, (
        SELECT max(e.created_at) FROM ledger_entries e WHERE e.stream_id = s.id AND e.kind = 'release'))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0018_open_parts"),
        ("platforms", "0011_events_of_a_request"),
        ("workers", "0003_wallet_changes"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="stream",
            name="released_never_goes_back",
        ),
        migrations.RemoveConstraint(
            model_name="stream",
            name="stream_active_has_next_release",
        ),
        migrations.AddField(
            model_name="stream",
            name="first_duration_seconds",
            field=models.PositiveIntegerField(default=0, help_text="when it was opened"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="stream",
            name="first_total",
            field=gigstream.lib.money.MoneyField(
                default=0, help_text="when it was opened: top-ups keep its rate"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="stream",
            name="last_act_at",
            field=models.DateTimeField(
                default=datetime(1970, 1, 1, tzinfo=UTC),
                help_text="of the latest release, claim, pause, resume, top-up or end; for a clock that steps back it is still this late",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="stream",
            name="parked_at",
            field=models.DateTimeField(
                blank=True, help_text="no release is tried any more: staff must look", null=True
            ),
        ),
        migrations.AlterField(
            model_name="stream",
            name="completed_at",
            field=models.DateTimeField(blank=True, help_text="no later than its end", null=True),
        ),
        # A rate changed by earlier top-ups is taken for the first: the money is held at it.
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="stream",
            index=models.Index(
                condition=models.Q(("parked_at__isnull", False)), fields=["parked_at"], name="streams_parked"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stream",
            trigger=pgtrigger.compiler.Trigger(
                name="released_never_goes_back",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."released_amount" < (OLD."released_amount") OR NEW."sequence" < (OLD."sequence") OR NEW."last_act_at" < (OLD."last_act_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="bfc8b0d74f139d261222d4702c03a7dd385b1caa",
                    operation="UPDATE",
                    pgid="pgtrigger_released_never_goes_back_07dbe",
                    table="streams",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_duration_seconds__gt", 0),
                    ("first_total__gt", 0),
                    django.db.models.lookups.LessThanOrEqual(
                        django.db.models.expressions.CombinedExpression(
                            models.F("duration_seconds"), "*", models.F("first_total")
                        ),
                        django.db.models.expressions.CombinedExpression(
                            models.F("first_duration_seconds"), "*", models.F("total_amount")
                        ),
                    ),
                    django.db.models.lookups.GreaterThan(
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("duration_seconds"), "+", models.Value(1)
                            ),
                            "*",
                            models.F("first_total"),
                        ),
                        django.db.models.expressions.CombinedExpression(
                            models.F("first_duration_seconds"), "*", models.F("total_amount")
                        ),
                    ),
                ),
                name="stream_vests_at_first_rate",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "active"), _negated=True),
                    models.Q(("next_release_at__isnull", False), ("parked_at__isnull", True)),
                    models.Q(("next_release_at__isnull", True), ("parked_at__isnull", False)),
                    _connector="OR",
                ),
                name="stream_active_has_next_release",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(("parked_at__isnull", True), ("status", "active"), _connector="OR"),
                name="stream_parked_is_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_act_at__gte", models.F("start_at")),
                    models.Q(
                        ("paused_at__isnull", True),
                        ("last_act_at__gte", models.F("paused_at")),
                        _connector="OR",
                    ),
                ),
                name="stream_last_act_is_its_latest_time",
            ),
        ),
    ]
