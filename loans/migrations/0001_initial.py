from decimal import Decimal

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.core.clock
import gigstream.core.ids
import gigstream.core.models
import gigstream.core.money
import gigstream.core.postgres.short_numbers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Loan",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("loans")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("LO"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                ("amount", gigstream.core.money.MoneyField(help_text="paid to the worker")),
                ("fee", gigstream.core.money.MoneyField(default=Decimal("0"))),
                ("fee_bps", models.PositiveSmallIntegerField()),
                (
                    "term_days",
                    models.PositiveSmallIntegerField(
                        db_default=30, help_text="from the payment to the due date"
                    ),
                ),
                (
                    "terms",
                    models.TextField(
                        blank=True,
                        db_default="",
                        help_text="word for word; empty for loans older than the texts",
                    ),
                ),
                (
                    "terms_hash",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="SHA-256 of the terms, by which they are accepted",
                        max_length=64,
                    ),
                ),
                ("terms_accepted_at", models.DateTimeField(blank=True, help_text="by the worker", null=True)),
                (
                    "total_due",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("amount"), "+", models.F("fee")
                        ),
                        output_field=gigstream.core.money.MoneyField(),
                    ),
                ),
                ("amount_repaid", gigstream.core.money.MoneyField(default=Decimal("0"))),
                ("amount_written_off", gigstream.core.money.MoneyField(default=Decimal("0"))),
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
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="next 7 days, when decided", null=True
                    ),
                ),
                (
                    "automatic_up_to",
                    gigstream.core.money.MoneyField(
                        blank=True,
                        help_text="largest advance that the system could have approved at the request",
                        null=True,
                    ),
                ),
                (
                    "is_automatic",
                    models.BooleanField(db_default=False, default=False, help_text="approved by the system"),
                ),
                (
                    "exception_reason",
                    models.TextField(
                        blank=True, db_default="", help_text="why staff lent to a worker who was not eligible"
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
                    "told_platform",
                    models.ForeignKey(
                        blank=True,
                        help_text="hears how the loan goes on, because the worker said so",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="told_loans",
                        to="platforms.platform",
                    ),
                ),
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
                "verbose_name": "advance",
                "db_table": "loans",
                "indexes": [
                    models.Index(fields=["worker", "created_at"], name="loans_worker_created"),
                    models.Index(fields=["status", "created_at"], name="loans_status_created"),
                    models.Index(fields=["amount", "created_at"], name="loans_amount_created"),
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
                            models.Q(("terms", ""), ("terms_hash", "")),
                            ("terms_hash", gigstream.core.models.Sha256("terms")),
                            _connector="OR",
                        ),
                        name="loan_terms_have_their_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_automatic", False),
                            models.Q(
                                ("amount__lte", models.F("automatic_up_to")),
                                ("automatic_up_to__isnull", False),
                                ("exception_reason", ""),
                                ("risk_score__gte", 700),
                                ("risk_score__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="loan_approved_by_the_system_within_limits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("exception_reason", ""), ("amount__lte", Decimal("500")), _connector="OR"
                        ),
                        name="loan_by_exception_within_the_largest",
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
        migrations.CreateModel(
            name="WorkerEarnings",
            fields=[
                (
                    "worker",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="workers.worker",
                    ),
                ),
                ("total_tasks", models.PositiveIntegerField(help_text="ever assigned")),
                ("completed_tasks", models.PositiveIntegerField()),
                ("active_tasks", models.PositiveIntegerField(help_text="assigned, in progress or disputed")),
                (
                    "earned_amount",
                    gigstream.core.money.MoneyField(help_text="all pay and rewards, before repayments"),
                ),
                (
                    "released_amount",
                    gigstream.core.money.MoneyField(help_text="the part of it that streams have released"),
                ),
                (
                    "pending_amount",
                    gigstream.core.money.MoneyField(help_text="what open tasks still hold for the worker"),
                ),
                ("payout_amount", gigstream.core.money.MoneyField(help_text="confirmed payouts")),
                (
                    "advance_amount",
                    gigstream.core.money.MoneyField(help_text="confirmed transfers of advances"),
                ),
                ("repayment_amount", gigstream.core.money.MoneyField(help_text="repaid of advances")),
                (
                    "reward_amount",
                    gigstream.core.money.MoneyField(
                        help_text="bonuses, and rewards by the house, without those of quests"
                    ),
                ),
                ("quest_amount", gigstream.core.money.MoneyField(help_text="rewards of quests")),
                (
                    "in_transit_amount",
                    gigstream.core.money.MoneyField(help_text="payouts and advances under way"),
                ),
                ("available_amount", gigstream.core.money.MoneyField(help_text="can be paid out now")),
                ("open_loans", models.PositiveIntegerField(help_text="0 or 1")),
                (
                    "owed_amount",
                    gigstream.core.money.MoneyField(
                        help_text="of advances that were paid out, defaulted ones included"
                    ),
                ),
                (
                    "completion_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="completed of the completed tasks and those that ended by the worker's fault",
                        max_digits=5,
                    ),
                ),
                (
                    "average_rating",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="of the worker, 1 to 5; NULL without ratings",
                        max_digits=3,
                        null=True,
                    ),
                ),
                (
                    "on_time_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="completed tasks that were not late, of all completed",
                        max_digits=5,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "worker earnings",
                "db_table": "worker_earnings_view",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="WorkerRiskAssessment",
            fields=[
                (
                    "worker",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="workers.worker",
                    ),
                ),
                ("reputation_score", models.PositiveSmallIntegerField()),
                (
                    "account_age_days",
                    models.PositiveIntegerField(help_text="UTC days since the account was opened"),
                ),
                ("completed_tasks", models.PositiveIntegerField()),
                (
                    "counted_tasks",
                    models.PositiveIntegerField(
                        help_text="completed tasks of at least 1 USDC, of one platform at most 40 % of them all"
                    ),
                ),
                (
                    "completion_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="completed of the completed tasks and those that ended by the worker's fault, ever",
                        max_digits=5,
                    ),
                ),
                ("completed_tasks_30_days", models.PositiveIntegerField()),
                (
                    "completion_rate_30_days",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="the same of the tasks that ended in the last 30 days",
                        max_digits=5,
                    ),
                ),
                ("earned_30_days", gigstream.core.money.MoneyField()),
                (
                    "on_time_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="completed tasks that were not late, of all completed",
                        max_digits=5,
                    ),
                ),
                ("average_rating", models.DecimalField(decimal_places=2, max_digits=3, null=True)),
                (
                    "counted_rating",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="the average, with 40 % of the weight for one platform at most and 3 for the rest",
                        max_digits=3,
                        null=True,
                    ),
                ),
                ("disputes", models.PositiveIntegerField(help_text="decided against the worker")),
                (
                    "weeks_with_earnings",
                    models.PositiveSmallIntegerField(help_text="of the last 8, counted back from now"),
                ),
                (
                    "earnings_variation",
                    models.DecimalField(
                        decimal_places=4,
                        help_text="standard deviation over mean of the last 8 weeks' earnings; NULL without any",
                        max_digits=7,
                        null=True,
                    ),
                ),
                ("loans", models.PositiveIntegerField(help_text="advances that were paid out")),
                ("open_loans", models.PositiveIntegerField(help_text="0 or 1, requests included")),
                ("repaid_loans", models.PositiveIntegerField()),
                ("repaid_on_time_loans", models.PositiveIntegerField()),
                (
                    "defaulted_loans",
                    models.PositiveIntegerField(help_text="ever, those repaid later included"),
                ),
                ("owed_amount", gigstream.core.money.MoneyField()),
                (
                    "written_off_amount",
                    gigstream.core.money.MoneyField(help_text="of earlier loans, borne by the house"),
                ),
                (
                    "reputation_points",
                    models.DecimalField(decimal_places=2, help_text="score / 1000 x 300", max_digits=6),
                ),
                (
                    "age_points",
                    models.DecimalField(
                        decimal_places=2, help_text="days, at most 90, / 90 x 150", max_digits=6
                    ),
                ),
                (
                    "task_points",
                    models.DecimalField(
                        decimal_places=2, help_text="counted tasks, at most 50, / 50 x 250", max_digits=6
                    ),
                ),
                (
                    "performance_points",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="(0.4 completion rate of 30 days + 0.4 on-time rate + 0.2 counted rating / 5) x 200",
                        max_digits=6,
                    ),
                ),
                (
                    "dispute_points",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="100 less 20 for each lost dispute, not below 0",
                        max_digits=6,
                    ),
                ),
                (
                    "loan_points",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="+50 when all loans that ended were repaid on time, -50 when less than 80 % were, else 0",
                        max_digits=6,
                    ),
                ),
                (
                    "earnings_points",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="+30 steady (variation below 0.5), -30 volatile (above 1.0), else 0, as with less than 4 weeks",
                        max_digits=6,
                    ),
                ),
                ("score", models.PositiveSmallIntegerField()),
                ("eligible", models.BooleanField()),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        help_text="reasons against an advance, with the numbers",
                        size=None,
                    ),
                ),
            ],
            options={
                "db_table": "worker_risk_assessment",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="LoanRepaymentStatus",
            fields=[
                (
                    "loan",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="loans.loan",
                    ),
                ),
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
                        max_length=16,
                    ),
                ),
                ("amount", gigstream.core.money.MoneyField(help_text="the advance")),
                ("fee", gigstream.core.money.MoneyField()),
                ("total_due", gigstream.core.money.MoneyField(help_text="advance and fee")),
                ("amount_repaid", gigstream.core.money.MoneyField()),
                ("amount_written_off", gigstream.core.money.MoneyField()),
                (
                    "owed",
                    gigstream.core.money.MoneyField(
                        help_text="still to be repaid; 0 for an advance that was not paid out"
                    ),
                ),
                (
                    "progress_percent",
                    models.DecimalField(decimal_places=2, help_text="repaid of the total due", max_digits=5),
                ),
                ("disbursed_at", models.DateTimeField(null=True)),
                ("repayment_due", models.DateTimeField(null=True)),
                (
                    "is_overdue",
                    models.BooleanField(help_text="owed beyond the due date, defaulted loans included"),
                ),
                (
                    "overdue_days",
                    models.PositiveIntegerField(help_text="whole days beyond the due date, while overdue"),
                ),
                ("is_defaulted", models.BooleanField(help_text="has ever been in default")),
                ("defaulted_at", models.DateTimeField(null=True)),
                ("repaid_at", models.DateTimeField(null=True)),
                ("repaid_on_time", models.BooleanField(help_text="NULL until it is repaid", null=True)),
            ],
            options={
                "verbose_name": "repayment of an advance",
                "verbose_name_plural": "repayments of advances",
                "db_table": "loan_repayment_status_view",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
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
        pgtrigger.migrations.AddTrigger(
            model_name="loan",
            trigger=pgtrigger.compiler.Trigger(
                name="terms_stay_as_accepted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."fee" IS DISTINCT FROM (NEW."fee") OR OLD."fee_bps" IS DISTINCT FROM (NEW."fee_bps") OR OLD."term_days" IS DISTINCT FROM (NEW."term_days") OR OLD."terms" IS DISTINCT FROM (NEW."terms") OR OLD."terms_accepted_at" IS DISTINCT FROM (NEW."terms_accepted_at") OR OLD."terms_hash" IS DISTINCT FROM (NEW."terms_hash") OR OLD."worker_id" IS DISTINCT FROM (NEW."worker_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "worker_id", "amount", "fee", "fee_bps", "term_days", "terms", "terms_hash", "terms_accepted_at" rows from % table\', TG_TABLE_NAME;',
                    hash="ab4745731253ad8fbc4dee510eee5ecc614157da",
                    operation='UPDATE OF "worker_id", "amount", "fee", "fee_bps", "term_days", "terms", "terms_hash", "terms_accepted_at"',
                    pgid="pgtrigger_terms_stay_as_accepted_eacce",
                    table="loans",
                    when="BEFORE",
                ),
            ),
        ),
    ]
