import datetime
from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.lib.ids
import gigstream.lib.money
import payments.models.streams


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("loans", "0001_initial"),
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("deposit", "Deposit"),
                            ("hold", "Hold"),
                            ("release", "Release"),
                            ("earning", "Earning"),
                            ("fee", "Fee"),
                            ("refund", "Refund"),
                            ("advance", "Advance"),
                            ("loan_fee", "Loan Fee"),
                            ("repayment", "Repayment"),
                            ("payout_hold", "Payout Hold"),
                            ("payout_settled", "Payout Settled"),
                            ("payout_void", "Payout Void"),
                            ("reward", "Reward"),
                            ("write_off", "Write Off"),
                            ("adjustment", "Adjustment"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount", gigstream.lib.money.MoneyField()),
                (
                    "sequence",
                    models.PositiveIntegerField(blank=True, help_text="of the stream's release", null=True),
                ),
                ("idempotency_key", models.CharField(blank=True, max_length=160, null=True)),
            ],
            options={
                "verbose_name_plural": "ledger entries",
                "db_table": "ledger_entries",
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("available", "Available"),
                            ("escrow", "Escrow"),
                            ("in_transit", "In Transit"),
                            ("loan", "Loan"),
                            ("fees", "Fees"),
                            ("rewards", "Rewards"),
                            ("losses", "Losses"),
                            ("world", "World"),
                        ],
                        max_length=16,
                    ),
                ),
                ("may_go_below_zero", models.BooleanField()),
                ("balance", gigstream.lib.money.MoneyField(default=Decimal("0"))),
                (
                    "positive_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="since when the balance has been above zero; drives the payout age",
                        null=True,
                    ),
                ),
                (
                    "negative_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="since when the balance has been below zero; finds who owes",
                        null=True,
                    ),
                ),
                (
                    "payout_count",
                    models.PositiveIntegerField(
                        default=0, help_text="payouts ever taken from here; numbers their idempotency keys"
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="platforms.platform",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "accounts",
            },
        ),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="payments.ledgerentry",
                    ),
                ),
                ("requested_by", models.CharField(max_length=64)),
                ("approved_by", models.CharField(max_length=64)),
                ("reason", models.TextField()),
            ],
            options={
                "db_table": "adjustments",
            },
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="credit_account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credits",
                to="payments.account",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="debit_account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="debits",
                to="payments.account",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="loan",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="loans.loan",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="task",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="platforms.task",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="work_event",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="platforms.workevent",
            ),
        ),
        migrations.CreateModel(
            name="SandboxTransfer",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("idempotency_key", models.UUIDField(unique=True)),
                ("to_wallet", models.CharField(max_length=42)),
                ("amount", gigstream.lib.money.MoneyField()),
                ("accepted_at", models.DateTimeField()),
                ("tx_hash", models.CharField(max_length=66, unique=True)),
                ("block_number", models.PositiveBigIntegerField(help_text="the block that will hold it")),
                (
                    "failure",
                    models.CharField(blank=True, help_text="why the chain will refuse it", max_length=120),
                ),
            ],
            options={
                "db_table": "sandbox_transfers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="sandbox_transfer_amount_positive"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Stream",
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
                (
                    "shard",
                    models.PositiveSmallIntegerField(
                        help_text="by worker: two releasers never touch the same worker's balance"
                    ),
                ),
                ("total_amount", gigstream.lib.money.MoneyField()),
                ("released_amount", gigstream.lib.money.MoneyField(default=Decimal("0"))),
                (
                    "remaining_amount",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("total_amount"), "-", models.F("released_amount")
                        ),
                        output_field=gigstream.lib.money.MoneyField(),
                    ),
                ),
                ("sequence", models.PositiveIntegerField(default=0, help_text="number of the last release")),
                ("start_at", models.DateTimeField()),
                ("end_at", models.DateTimeField(help_text="start + duration + paused time")),
                ("duration_seconds", models.PositiveIntegerField(help_text="without pauses")),
                ("release_interval", models.PositiveIntegerField(help_text="seconds")),
                ("next_release_at", models.DateTimeField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="active",
                        max_length=16,
                    ),
                ),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                (
                    "paused_for",
                    models.DurationField(
                        default=datetime.timedelta(0), help_text="all pauses that have ended"
                    ),
                ),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "release_failures",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="releases in a row that raised an error; each defers the next try",
                    ),
                ),
                ("contract_address", models.CharField(blank=True, max_length=42)),
                ("contract_stream_id", models.CharField(blank=True, max_length=80)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "escrow_account",
                    models.ForeignKey(
                        db_index=False,
                        help_text="where it pays from",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.account",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="streams",
                        to="platforms.platform",
                    ),
                ),
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stream",
                        to="platforms.task",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="streams",
                        to="workers.worker",
                    ),
                ),
                (
                    "worker_account",
                    models.ForeignKey(
                        db_index=False,
                        help_text="where it pays to",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.account",
                    ),
                ),
            ],
            options={
                "db_table": "streams",
            },
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="stream",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="payments.stream",
            ),
        ),
        migrations.CreateModel(
            name="Transaction",
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
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("payout", "Payout"),
                            ("advance", "Advance"),
                            ("refund", "Refund"),
                            ("repayment", "Repayment"),
                            ("fee", "Fee"),
                            ("deposit", "Deposit"),
                            ("reward", "Reward"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("submitted", "Submitted"),
                            ("confirmed", "Confirmed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("amount", gigstream.lib.money.MoneyField()),
                (
                    "fee",
                    gigstream.lib.money.MoneyField(
                        default=Decimal("0"), help_text="the network's fee, borne by the house"
                    ),
                ),
                ("from_wallet", models.CharField(blank=True, max_length=42)),
                ("to_wallet", models.CharField(blank=True, max_length=42)),
                ("tx_hash", models.CharField(blank=True, max_length=66, null=True, unique=True)),
                ("block_number", models.PositiveBigIntegerField(blank=True, null=True)),
                ("confirmations", models.PositiveIntegerField(default=0)),
                (
                    "circle_tx_id",
                    models.CharField(
                        blank=True,
                        help_text="the provider's id of the transfer",
                        max_length=64,
                        null=True,
                        unique=True,
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=160, unique=True)),
                (
                    "retry_count",
                    models.PositiveIntegerField(default=0, help_text="calls to the provider so far"),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when a job may next take it up; doubles as the job's lease",
                        null=True,
                    ),
                ),
                ("error_message", models.TextField(blank=True)),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, help_text="failed or cancelled", null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "loan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="loans.loan",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transactions",
                        to="platforms.platform",
                    ),
                ),
                (
                    "stream",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="transactions",
                        to="payments.stream",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="transactions",
                        to="platforms.task",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transactions",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "transactions",
            },
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="transaction",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="payments.transaction",
            ),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(
                    ("name", "available"), ("positive_since__isnull", False), ("worker__isnull", False)
                ),
                fields=["positive_since"],
                name="accounts_waiting_for_payout",
            ),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(("name", "loan"), ("negative_since__isnull", False)),
                fields=["worker"],
                name="accounts_owing",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                condition=models.Q(("worker__isnull", False)),
                fields=("worker", "name"),
                name="account_once_per_worker",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                condition=models.Q(("platform__isnull", False)),
                fields=("platform", "name"),
                name="account_once_per_platform",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                condition=models.Q(("platform__isnull", True), ("worker__isnull", True)),
                fields=("name",),
                name="account_once_in_the_house",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("name__in", ["available", "in_transit", "loan"]),
                        ("platform__isnull", True),
                        ("worker__isnull", False),
                    ),
                    models.Q(
                        ("name__in", ["available", "escrow"]),
                        ("platform__isnull", False),
                        ("worker__isnull", True),
                    ),
                    models.Q(
                        ("name__in", ["fees", "losses", "rewards", "world"]),
                        ("platform__isnull", True),
                        ("worker__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="account_belongs_to_its_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("may_go_below_zero", True), ("name__in", ["loan", "losses", "rewards", "world"])
                    ),
                    models.Q(
                        ("may_go_below_zero", False),
                        models.Q(("name__in", ["loan", "losses", "rewards", "world"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="account_negative_only_by_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("may_go_below_zero", True), ("balance__gte", 0), _connector="OR"),
                    ("balance__lte", Decimal("99999999999999.999999")),
                ),
                name="account_not_overdrawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("balance__gt", 0),
                        ("negative_since__isnull", True),
                        ("positive_since__isnull", False),
                    ),
                    models.Q(
                        ("balance", 0), ("negative_since__isnull", True), ("positive_since__isnull", True)
                    ),
                    models.Q(
                        ("balance__lt", 0),
                        ("negative_since__isnull", False),
                        ("positive_since__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="account_signs_since_match",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="2cb670fd1932f94011563de3e5df71580f5cd8b0",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_e5424",
                    table="accounts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="identity_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "id", "name", "worker_id", "platform_id", "may_go_below_zero" rows from % table\', TG_TABLE_NAME;',
                    hash="3799ba6b873f0860379b30ab54c5d593a0fcb99d",
                    operation='UPDATE OF "id", "name", "worker_id", "platform_id", "may_go_below_zero"',
                    pgid="pgtrigger_identity_fixed_464d7",
                    table="accounts",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(("requested_by", models.F("approved_by")), _negated=True),
                name="adjustment_by_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="adjustment_has_a_reason"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="adjustment",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6a2540b411c7081eb5faca986b024b7e130af6ea",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_33716",
                    table="adjustments",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="stream",
            index=models.Index(
                condition=models.Q(("status", "active")),
                fields=["shard", "next_release_at"],
                name="streams_due",
            ),
        ),
        migrations.AddIndex(
            model_name="stream",
            index=models.Index(fields=["worker", "created_at"], name="streams_worker_created"),
        ),
        migrations.AddIndex(
            model_name="stream",
            index=models.Index(fields=["platform", "created_at"], name="streams_platform_created"),
        ),
        migrations.AddIndex(
            model_name="stream",
            index=models.Index(fields=["status", "created_at"], name="streams_status_created"),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("total_amount__gt", 0), ("total_amount__lte", Decimal("99999999999999.999999"))
                ),
                name="stream_total_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_amount__gte", 0), ("released_amount__lte", models.F("total_amount"))
                ),
                name="stream_released_within_total",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["active", "paused", "completed", "cancelled"])),
                name="stream_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(("duration_seconds__gt", 0), ("release_interval__gt", 0)),
                name="stream_schedule_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "duration_seconds",
                        payments.models.streams.Epoch(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("end_at"), "-", models.F("start_at")
                                ),
                                "-",
                                models.F("paused_for"),
                            )
                        ),
                    )
                ),
                name="stream_end_is_start_duration_and_pauses",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "active"), _negated=True),
                    ("next_release_at__isnull", False),
                    _connector="OR",
                ),
                name="stream_active_has_next_release",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paused_at__isnull", False), ("status", "paused")),
                    models.Q(models.Q(("status", "paused"), _negated=True), ("paused_at__isnull", True)),
                    _connector="OR",
                ),
                name="stream_paused_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("completed_at__isnull", False),
                        ("released_amount", models.F("total_amount")),
                        ("status", "completed"),
                    ),
                    models.Q(
                        models.Q(("status", "completed"), _negated=True), ("completed_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="stream_completed_in_full",
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cancelled_at__isnull", False), ("status", "cancelled")),
                    models.Q(
                        models.Q(("status", "cancelled"), _negated=True), ("cancelled_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="stream_cancelled_has_time",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stream",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{active:cancelled,active:completed,active:paused,paused:active,paused:cancelled,paused:completed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="bffb99366af1080328ee8f324f3267a4aa1d337f",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_1fdba",
                    table="streams",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stream",
            trigger=pgtrigger.compiler.Trigger(
                name="released_never_goes_back",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."released_amount" < (OLD."released_amount") OR NEW."sequence" < (OLD."sequence"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="085dc3ea63951cc463ab0077af52d191a9f06b46",
                    operation="UPDATE",
                    pgid="pgtrigger_released_never_goes_back_07dbe",
                    table="streams",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["worker", "created_at"], name="transactions_worker_created"),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["platform", "created_at"], name="transactions_platform_created"),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["status", "created_at"], name="transactions_status_created"),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["created_at"], name="transactions_created"),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(
                    ("next_attempt_at__isnull", False), ("status__in", ["pending", "submitted"])
                ),
                fields=["next_attempt_at"],
                name="transactions_to_attempt",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))),
                name="transaction_amount_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee__gte", 0)), name="transaction_fee_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("type__in", ["payout", "advance", "refund", "repayment", "fee", "deposit", "reward"])
                ),
                name="transaction_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["pending", "submitted", "confirmed", "failed", "cancelled"])
                ),
                name="transaction_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "confirmed"), ("type__in", ["advance", "deposit", "payout"]), _negated=True
                    ),
                    ("tx_hash__isnull", False),
                    _connector="OR",
                ),
                name="transaction_confirmed_on_chain_has_hash",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", False), ("status", "confirmed")),
                    models.Q(
                        models.Q(("status", "confirmed"), _negated=True), ("confirmed_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="transaction_confirmed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "submitted"), _negated=True),
                    models.Q(("circle_tx_id__isnull", False), ("submitted_at__isnull", False)),
                    _connector="OR",
                ),
                name="transaction_submitted_is_known_to_the_provider",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("type__in", ["advance", "payout"]), _negated=True),
                    models.Q(("worker__isnull", False), models.Q(("to_wallet", ""), _negated=True)),
                    _connector="OR",
                ),
                name="transaction_outgoing_has_worker_and_wallet",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("from_wallet", django.db.models.functions.text.Lower("from_wallet")),
                    ("to_wallet", django.db.models.functions.text.Lower("to_wallet")),
                ),
                name="transaction_wallets_lower_case",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transaction",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{pending:cancelled,pending:submitted,submitted:confirmed,submitted:failed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="df4c1be1aa286581d71245d608b83f93459629b9",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_45a82",
                    table="transactions",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["credit_account", "id"], name="ledger_credits"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("sequence__isnull", True)),
                fields=["debit_account", "id"],
                name="ledger_debits",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("task__isnull", False)), fields=["task"], name="ledger_task"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("transaction__isnull", False)),
                fields=["transaction"],
                name="ledger_transaction",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("loan__isnull", False)), fields=["loan"], name="ledger_loan"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("sequence__isnull", False)),
                fields=("stream", "sequence"),
                name="ledger_release_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key__isnull", False)),
                fields=("idempotency_key",),
                name="ledger_key_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("work_event__isnull", False)),
                fields=("work_event",),
                name="ledger_event_pays_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))),
                name="ledger_amount_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("debit_account", models.F("credit_account")), _negated=True),
                name="ledger_two_accounts",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "deposit",
                            "hold",
                            "release",
                            "earning",
                            "fee",
                            "refund",
                            "advance",
                            "loan_fee",
                            "repayment",
                            "payout_hold",
                            "payout_settled",
                            "payout_void",
                            "reward",
                            "write_off",
                            "adjustment",
                        ],
                    )
                ),
                name="ledger_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("idempotency_key__isnull", True),
                        ("kind", "release"),
                        ("sequence__gte", 1),
                        ("sequence__isnull", False),
                        ("stream__isnull", False),
                    ),
                    models.Q(
                        models.Q(("kind", "release"), _negated=True),
                        ("idempotency_key__isnull", False),
                        ("sequence__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="ledger_keyed_by_its_fact",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b2f6e0106b7f01f6b649fe0ffc24fd4debffea3a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_94ee6",
                    table="ledger_entries",
                    when="BEFORE",
                ),
            ),
        ),
    ]
