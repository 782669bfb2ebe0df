from decimal import Decimal

import django.core.validators
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.lib.encryption
import gigstream.lib.ids
import gigstream.lib.money


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("full_name", models.CharField(max_length=120)),
                ("password_hash", models.CharField(blank=True, max_length=128)),
                (
                    "wallet_id",
                    gigstream.lib.encryption.EncryptedTextField(
                        blank=True, default="", help_text="custody wallet, encrypted at rest"
                    ),
                ),
                (
                    "wallet_address",
                    models.CharField(
                        blank=True,
                        help_text="lower case; payouts go here",
                        max_length=42,
                        null=True,
                        unique=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended")],
                        default="active",
                        max_length=16,
                    ),
                ),
                ("last_login_at", models.DateTimeField(blank=True, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "reputation_score",
                    models.PositiveSmallIntegerField(
                        default=500,
                        editable=False,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                    ),
                ),
                (
                    "total_tasks",
                    models.PositiveIntegerField(default=0, editable=False, help_text="completed tasks"),
                ),
                (
                    "total_earned",
                    gigstream.lib.money.MoneyField(
                        default=Decimal("0"), editable=False, help_text="pay for ended tasks, in USDC"
                    ),
                ),
                (
                    "completion_rate",
                    models.DecimalField(decimal_places=2, default=Decimal("0"), editable=False, max_digits=5),
                ),
                (
                    "average_rating",
                    models.DecimalField(
                        blank=True, decimal_places=2, editable=False, max_digits=3, null=True
                    ),
                ),
                (
                    "dispute_rate",
                    models.DecimalField(decimal_places=2, default=Decimal("0"), editable=False, max_digits=5),
                ),
                ("account_age_days", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "account_aged_on",
                    models.DateField(
                        blank=True,
                        editable=False,
                        help_text="the UTC day for which the age was computed",
                        null=True,
                    ),
                ),
                ("last_active_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "db_table": "workers",
                "indexes": [
                    models.Index(fields=["status", "created_at"], name="workers_status_created"),
                    models.Index(fields=["-created_at", "-id"], name="workers_created"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "suspended"])),
                        name="worker_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                        name="worker_email_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wallet_address", django.db.models.functions.text.Lower("wallet_address"))
                        ),
                        name="worker_wallet_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reputation_score__range", (0, 1000))),
                        name="worker_reputation_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("completion_rate__range", (0, 100)), ("dispute_rate__range", (0, 100))
                        ),
                        name="worker_rates_are_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("average_rating__range", (1, 5))), name="worker_rating_1_to_5"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_earned__gte", 0)), name="worker_earned_not_negative"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="worker",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{active:suspended,suspended:active}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="1cd5a165c8877226ecde77371b87f037f8d4df9c",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_076d5",
                    table="workers",
                    when="BEFORE",
                ),
            ),
        ),
    ]
