from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.lib.ids
import gigstream.lib.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Loan",
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
                ("amount", gigstream.lib.money.MoneyField(help_text="what the worker gets")),
                ("fee", gigstream.lib.money.MoneyField(default=Decimal("0"))),
                ("fee_bps", models.PositiveSmallIntegerField()),
                (
                    "total_due",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("amount"), "+", models.F("fee")
                        ),
                        output_field=gigstream.lib.money.MoneyField(),
                    ),
                ),
                ("amount_repaid", gigstream.lib.money.MoneyField(default=Decimal("0"))),
                ("amount_written_off", gigstream.lib.money.MoneyField(default=Decimal("0"))),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("disbursed", "Disbursed"),
                            ("active", "Active"),
                            ("repaying", "Repaying"),
                            ("repaid", "Repaid"),
                            ("defaulted", "Defaulted"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                (
                    "risk_score",
                    models.PositiveSmallIntegerField(blank=True, help_text="0-1000, when decided", null=True),
                ),
                ("risk_factors", models.JSONField(blank=True, default=dict)),
                (
                    "predicted_earnings",
                    gigstream.lib.money.MoneyField(
                        blank=True, help_text="next 7 days, when decided", null=True
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("disbursed_at", models.DateTimeField(blank=True, null=True)),
                ("repayment_due", models.DateTimeField(blank=True, null=True)),
                ("repaid_at", models.DateTimeField(blank=True, null=True)),
                ("defaulted_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("rejection_reason", models.TextField(blank=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="loans",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "loans",
                "indexes": [
                    models.Index(fields=["worker", "created_at"], name="loans_worker_created"),
                    models.Index(fields=["status", "created_at"], name="loans_status_created"),
                    models.Index(
                        condition=models.Q(
                            ("status__in", ["active", "approved", "disbursed", "pending", "repaying"])
                        ),
                        fields=["repayment_due"],
                        name="loans_repayment_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ["active", "approved", "disbursed", "pending", "repaying"])
                        ),
                        fields=("worker",),
                        name="loan_one_open_per_worker",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="loan_amount_positive",
                    ),
                    models.CheckConstraint(condition=models.Q(("fee__gte", 0)), name="loan_fee_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "pending",
                                    "approved",
                                    "disbursed",
                                    "active",
                                    "repaying",
                                    "repaid",
                                    "defaulted",
                                    "cancelled",
                                ],
                            )
                        ),
                        name="loan_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_repaid__gte", 0),
                            (
                                "amount_repaid__lte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount"), "+", models.F("fee")
                                    ),
                                    "-",
                                    models.F("amount_written_off"),
                                ),
                            ),
                            ("amount_written_off__gte", 0),
                        ),
                        name="loan_repaid_within_due",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "repaid"), _negated=True),
                            models.Q(
                                (
                                    "amount_repaid",
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("amount"), "+", models.F("fee")
                                        ),
                                        "-",
                                        models.F("amount_written_off"),
                                    ),
                                ),
                                ("repaid_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="loan_repaid_means_nothing_owed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status__in", ["active", "defaulted", "disbursed", "repaid", "repaying"]),
                                _negated=True,
                            ),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("disbursed_at__isnull", False),
                                ("repayment_due__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="loan_disbursed_has_times",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("risk_score__isnull", True), ("risk_score__range", (0, 1000)), _connector="OR"
                        ),
                        name="loan_risk_score_in_range",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loan",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{active:defaulted,active:repaid,active:repaying,approved:cancelled,approved:disbursed,defaulted:repaid,disbursed:active,pending:approved,pending:cancelled,repaying:defaulted,repaying:repaid}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="9d03ba501383523b9da4921643b6ea85c47aaba0",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_0a159",
                    table="loans",
                    when="BEFORE",
                ),
            ),
        ),
    ]
