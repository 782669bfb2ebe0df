import datetime
from decimal import Decimal

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.core.clock
import gigstream.core.encryption
import gigstream.core.ids
import gigstream.core.money
import gigstream.core.postgres.short_numbers
import payments.ledger.entry_kinds
import payments.streams.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("loans", "0001_initial"),
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
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
                            ("outside", "Outside"),
                        ],
                        max_length=16,
                    ),
                ),
                ("may_go_below_zero", models.BooleanField()),
                ("balance", gigstream.core.money.MoneyField(default=Decimal("0"))),
                (
                    "oldest_part_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when the oldest part that is neither paid out nor held was earned; payouts are due by it",
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
                    "payout_schedule",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("standard", "Standard"),
                            ("at_once", "At Once"),
                            ("hourly", "Hourly"),
                            ("daily", "Daily"),
                            ("weekly", "Weekly"),
                            ("by_hand", "By Hand"),
                        ],
                        help_text="of its worker, kept here so that the accounts with a payout due are found by an index",
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "pay_at_once",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="pay that is paid out at once has brought the balance to the payout minimum",
                    ),
                ),
                (
                    "parts_from",
                    models.BigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="every credit entry with a lower id is paid out in full",
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("oldest_part_at__isnull", False)),
                        fields=["payout_schedule", "oldest_part_at"],
                        name="accounts_waiting_for_payout",
                    ),
                    models.Index(
                        condition=models.Q(("pay_at_once", True)),
                        fields=["id"],
                        name="accounts_to_pay_at_once",
                    ),
                    models.Index(
                        condition=models.Q(("name", "loan"), ("negative_since__isnull", False)),
                        fields=["worker"],
                        name="accounts_owing",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("worker__isnull", False)),
                        fields=("worker", "name"),
                        name="account_once_per_worker",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("platform__isnull", False)),
                        fields=("platform", "name"),
                        name="account_once_per_platform",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("platform__isnull", True), ("worker__isnull", True)),
                        fields=("name",),
                        name="account_once_in_the_house",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("name__in", ["available", "in_transit", "loan"]),
                                ("platform__isnull", True),
                                ("worker__isnull", False),
                            ),
                            models.Q(
                                ("name__in", ["available", "escrow", "in_transit"]),
                                ("platform__isnull", False),
                                ("worker__isnull", True),
                            ),
                            models.Q(
                                ("name__in", ["fees", "losses", "outside", "rewards"]),
                                ("platform__isnull", True),
                                ("worker__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="account_belongs_to_its_owner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("may_go_below_zero", True),
                                ("name__in", ["loan", "losses", "outside", "rewards"]),
                            ),
                            models.Q(
                                ("may_go_below_zero", False),
                                models.Q(
                                    ("name__in", ["loan", "losses", "outside", "rewards"]), _negated=True
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="account_negative_only_by_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("may_go_below_zero", True), ("balance__gte", 0), _connector="OR"),
                            ("balance__lte", Decimal("99999999999999.999999")),
                        ),
                        name="account_not_overdrawn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("balance__gte", 0), ("negative_since__isnull", True)),
                            models.Q(("balance__lt", 0), ("negative_since__isnull", False)),
                            _connector="OR",
                        ),
                        name="account_signs_since_match",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("name", "available"),
                                (
                                    "payout_schedule__in",
                                    ["standard", "at_once", "hourly", "daily", "weekly", "by_hand"],
                                ),
                                ("payout_schedule__isnull", False),
                                ("worker__isnull", False),
                            ),
                            models.Q(
                                models.Q(("name", "available"), ("worker__isnull", False), _negated=True),
                                ("payout_schedule__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="account_schedule_of_a_workers_money",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("oldest_part_at__isnull", True),
                            models.Q(("balance__gt", 0), ("payout_schedule__isnull", False)),
                            _connector="OR",
                        ),
                        name="account_oldest_part_of_a_workers_money",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyTransactionSummary",
            fields=[
                (
                    "id",
                    models.CharField(
                        help_text="day:type:status", max_length=60, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(help_text="the UTC day of created_at")),
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
                            ("withdrawal", "Withdrawal"),
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
                        max_length=16,
                    ),
                ),
                ("transactions", models.PositiveIntegerField(help_text="how many")),
                ("total_amount", gigstream.core.money.MoneyField()),
                ("total_fees", gigstream.core.money.MoneyField(help_text="network fees, borne by the house")),
                ("average_amount", gigstream.core.money.MoneyField(help_text="rounded to 6 decimals")),
            ],
            options={
                "verbose_name_plural": "daily transaction summaries",
                "db_table": "daily_transaction_summary",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="PlatformPerformance",
            fields=[
                (
                    "platform",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="platforms.platform",
                    ),
                ),
                ("total_tasks", models.PositiveIntegerField(help_text="tasks posted")),
                ("open_tasks", models.PositiveIntegerField(help_text="assigned, in progress or disputed")),
                ("completed_tasks", models.PositiveIntegerField()),
                ("cancelled_tasks", models.PositiveIntegerField()),
                (
                    "paid_amount",
                    gigstream.core.money.MoneyField(help_text="to workers for tasks, without bonuses"),
                ),
                (
                    "bonus_amount",
                    gigstream.core.money.MoneyField(help_text="to workers on top of their tasks' pay"),
                ),
                (
                    "quest_amount",
                    gigstream.core.money.MoneyField(help_text="to workers as rewards of quests"),
                ),
                ("fee_amount", gigstream.core.money.MoneyField(help_text="to the house, on all of these")),
                ("unique_workers", models.PositiveIntegerField(help_text="ever engaged")),
                (
                    "unique_workers_7_days",
                    models.PositiveIntegerField(help_text="assigned a task in the last 7 days"),
                ),
                (
                    "unique_workers_30_days",
                    models.PositiveIntegerField(help_text="assigned a task in the last 30 days"),
                ),
                (
                    "average_completion_seconds",
                    models.DecimalField(
                        decimal_places=3,
                        help_text="from start to completion; NULL without any",
                        max_digits=15,
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "platform performance",
                "db_table": "platform_performance_view",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="ChainOperation",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("update_metrics", "Update Metrics"),
                            ("create_token", "Create Token"),
                            ("distribute", "Distribute"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "key",
                    models.CharField(help_text="names the fact that is written", max_length=120, unique=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("submitted", "Submitted"),
                            ("confirmed", "Confirmed"),
                            ("dead", "Dead"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                (
                    "trouble",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("service_away", "Service Away"),
                            ("gas_budget", "Gas Budget"),
                            ("price_too_high", "Price Too High"),
                            ("no_funds", "No Funds"),
                            ("nonce_gap", "Nonce Gap"),
                            ("slow", "Slow"),
                            ("not_shown", "Not Shown"),
                            ("replaced", "Replaced"),
                            ("refused", "Refused"),
                            ("reverted", "Reverted"),
                            ("differs", "Differs"),
                            ("exhausted", "Exhausted"),
                            ("creator_left", "Creator Left"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "details",
                    models.JSONField(blank=True, default=dict, help_text="of a token, or of a distribution"),
                ),
                ("creator_count", models.PositiveIntegerField(default=0)),
                ("contract", models.CharField(max_length=42)),
                ("provider", models.CharField(max_length=32)),
                ("round", models.PositiveIntegerField(default=1)),
                (
                    "transfer_id",
                    models.CharField(blank=True, default="", help_text="at the provider", max_length=64),
                ),
                ("provider_state", models.CharField(blank=True, default="", max_length=40)),
                ("tx_hash", models.CharField(blank=True, default="", max_length=66)),
                ("block_number", models.PositiveBigIntegerField(blank=True, null=True)),
                ("nonce", models.PositiveBigIntegerField(blank=True, null=True)),
                ("gas_limit", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "max_fee",
                    models.DecimalField(
                        blank=True,
                        decimal_places=9,
                        help_text="gwei, as first offered",
                        max_digits=27,
                        null=True,
                    ),
                ),
                (
                    "priority_fee",
                    models.DecimalField(
                        blank=True,
                        decimal_places=9,
                        help_text="gwei, as first offered",
                        max_digits=27,
                        null=True,
                    ),
                ),
                (
                    "bumps",
                    models.PositiveIntegerField(
                        default=0, help_text="so many times a fifth more was offered"
                    ),
                ),
                (
                    "reserved",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="USDC that the round may cost at most"
                    ),
                ),
                (
                    "sent_at",
                    models.DateTimeField(blank=True, help_text="last offered to the chain", null=True),
                ),
                (
                    "sent_block",
                    models.PositiveBigIntegerField(blank=True, help_text="the newest block then", null=True),
                ),
                ("is_in_flight", models.BooleanField(default=False)),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mined_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when the provider was first seen to say that it is confirmed",
                        null=True,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "read_back_at",
                    models.DateTimeField(
                        blank=True, help_text="when the chain was seen to show what was written", null=True
                    ),
                ),
                ("calls", models.PositiveIntegerField(default=0)),
                (
                    "failures",
                    models.PositiveIntegerField(default=0, help_text="calls in a row that came to nothing"),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when a job may next take it up; doubles as the job's lease",
                        null=True,
                    ),
                ),
                ("error_class", models.CharField(blank=True, default="", max_length=24)),
                ("error_message", models.TextField(blank=True, default="")),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chain_operations",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "chain_operations",
                "indexes": [
                    models.Index(fields=["platform", "-created_at", "-id"], name="operations_of_platform"),
                    models.Index(
                        condition=models.Q(("next_attempt_at__isnull", False)),
                        fields=["next_attempt_at"],
                        name="operations_due",
                    ),
                    models.Index(
                        condition=models.Q(("is_in_flight", True)), fields=["id"], name="operations_in_flight"
                    ),
                    models.Index(
                        condition=models.Q(("status", "dead")), fields=["ended_at"], name="operations_dead"
                    ),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", False)),
                        fields=["ended_at"],
                        name="operations_ended",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["update_metrics", "create_token", "distribute"])),
                        name="operation_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "confirmed"), ("trouble", "")),
                            models.Q(
                                ("status", "dead"),
                                (
                                    "trouble__in",
                                    [
                                        "creator_left",
                                        "differs",
                                        "exhausted",
                                        "refused",
                                        "replaced",
                                        "reverted",
                                    ],
                                ),
                            ),
                            models.Q(
                                ("status__in", ["pending", "submitted"]),
                                (
                                    "trouble__in",
                                    [
                                        "",
                                        "gas_budget",
                                        "no_funds",
                                        "nonce_gap",
                                        "not_shown",
                                        "price_too_high",
                                        "replaced",
                                        "reverted",
                                        "service_away",
                                        "slow",
                                    ],
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="operation_trouble_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("creator_count__gte", 1),
                                ("creator_count__lte", 200),
                                ("kind", "update_metrics"),
                            ),
                            models.Q(("creator_count", 1), ("kind", "create_token")),
                            models.Q(("creator_count", 0), ("kind", "distribute")),
                            _connector="OR",
                        ),
                        name="operation_of_creators_has_some",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "submitted"), _negated=True),
                            models.Q(
                                models.Q(("transfer_id", ""), _negated=True),
                                ("is_in_flight", True),
                                ("submitted_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="operation_submitted_is_at_the_provider",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", False),
                                ("is_in_flight", False),
                                ("next_attempt_at__isnull", True),
                                ("status__in", ["confirmed", "dead"]),
                            ),
                            models.Q(
                                ("ended_at__isnull", True),
                                ("next_attempt_at__isnull", False),
                                ("status__in", ["pending", "submitted"]),
                            ),
                            _connector="OR",
                        ),
                        name="operation_ended_waits_for_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("read_back_at__isnull", False), ("status", "confirmed")),
                            models.Q(
                                models.Q(("status", "confirmed"), _negated=True),
                                ("read_back_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="operation_confirmed_was_read_back",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("gas_limit__isnull", True),
                                ("max_fee__isnull", True),
                                ("priority_fee__isnull", True),
                            ),
                            models.Q(
                                ("gas_limit__gt", 0),
                                ("gas_limit__isnull", False),
                                ("max_fee__gt", 0),
                                ("max_fee__isnull", False),
                                ("priority_fee__gte", 0),
                                ("priority_fee__isnull", False),
                                ("priority_fee__lte", models.F("max_fee")),
                            ),
                            _connector="OR",
                        ),
                        name="operation_bid_as_a_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reserved", 0),
                            models.Q(("is_in_flight", True), ("max_fee__isnull", False), ("reserved__gt", 0)),
                            _connector="OR",
                        ),
                        name="operation_reserves_while_in_flight",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("round__gte", 1)), name="operation_round_from_1"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentSwitch",
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
                (
                    "scope",
                    models.CharField(
                        choices=[("payouts", "Payouts"), ("platform", "Platform"), ("provider", "Provider")],
                        max_length=16,
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        help_text="the platform's id or the provider's name; empty for all payouts",
                        max_length=64,
                    ),
                ),
                ("reason", models.TextField()),
                ("off_by", models.CharField(max_length=64)),
                ("on_at", models.DateTimeField(blank=True, null=True)),
                ("on_by", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "verbose_name_plural": "payment switches",
                "db_table": "payment_switches",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("on_at__isnull", True)),
                        fields=("scope", "subject"),
                        name="switch_off_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["payouts", "platform", "provider"])),
                        name="switch_scope_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "payouts"), ("subject", "")),
                            models.Q(
                                models.Q(("scope", "payouts"), _negated=True),
                                models.Q(("subject", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="switch_names_its_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True), models.Q(("off_by", ""), _negated=True)
                        ),
                        name="switch_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("on_at__isnull", True), ("on_by", "")),
                            models.Q(("on_at__isnull", False), models.Q(("on_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="switch_on_names_who",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RoyaltyPeriod",
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
                ("first", models.DateField(help_text="first day, in UTC")),
                ("last", models.DateField(help_text="last day, in UTC")),
                ("fee_bps", models.PositiveSmallIntegerField()),
                ("grace_days", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("grace", "Grace"), ("final", "Final")],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("final_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="royalty_periods",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "royalty_periods",
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "first"), name="royalty_period_once"),
                    models.UniqueConstraint(fields=("platform", "last"), name="royalty_period_ends_once"),
                    models.CheckConstraint(
                        condition=models.Q(("last__gt", models.F("first"))), name="royalty_period_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee_bps__lte", 10000)), name="royalty_fee_in_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "grace", "final"])),
                        name="royalty_period_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("final_at__isnull", False), ("status", "final")),
                            models.Q(
                                models.Q(("status", "final"), _negated=True), ("final_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="royalty_period_final_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformRewards",
            fields=[
                (
                    "platform",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rewards",
                        serialize=False,
                        to="platforms.platform",
                    ),
                ),
                (
                    "bonus_amount",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="to workers on top of their tasks' pay"
                    ),
                ),
                (
                    "bonus_fee",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="taken on these, on all bonuses of a task together"
                    ),
                ),
                (
                    "quest_amount",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="to workers as rewards of quests"
                    ),
                ),
                (
                    "quest_fee",
                    gigstream.core.money.MoneyField(default=Decimal("0"), help_text="taken on these"),
                ),
            ],
            options={
                "verbose_name_plural": "platform rewards",
                "db_table": "platform_rewards",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bonus_amount__gte", 0),
                            ("bonus_fee__gte", 0),
                            ("quest_amount__gte", 0),
                            ("quest_fee__gte", 0),
                        ),
                        name="platform_rewards_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Pool",
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
                ("name", models.CharField(max_length=120)),
                ("fee_bps", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("closing", "Closing"), ("closed", "Closed")],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("units", models.BigIntegerField(default=0)),
                ("index", models.DecimalField(decimal_places=0, default=0, max_digits=60)),
                ("carry", models.DecimalField(decimal_places=0, default=0, max_digits=60)),
                ("received", gigstream.core.money.MoneyField(default=0)),
                ("paid", gigstream.core.money.MoneyField(default=0)),
                ("writes", models.PositiveIntegerField(default=0, help_text="arrivals of money so far")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pools",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "pools",
                "indexes": [
                    models.Index(fields=["platform", "-created_at", "-id"], name="pools_of_platform")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "name"), name="pool_name_once_per_platform"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "name__regex",
                                    "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                                ),
                                _negated=True,
                            ),
                            models.Q(("name", ""), _negated=True),
                        ),
                        name="pool_name_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "closing", "closed"])),
                        name="pool_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee_bps__lte", 10000)), name="pool_fee_in_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid__gte", 0),
                            ("received__gte", models.F("paid")),
                            ("received__lte", Decimal("99999999999999.999999")),
                        ),
                        name="pool_pays_what_it_received",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("carry__gte", 0),
                            ("index__gte", 0),
                            ("units__gte", 0),
                            ("units__lt", 1000000000000000000),
                        ),
                        name="pool_sums_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("carry", 0),
                                ("closed_at__isnull", False),
                                ("paid", models.F("received")),
                                ("status", "closed"),
                                ("units", 0),
                            ),
                            models.Q(
                                models.Q(("status", "closed"), _negated=True), ("closed_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="pool_closed_as_a_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderNotification",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=32)),
                ("received_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                ("body", models.BinaryField(help_text="empty when it was forged")),
                (
                    "digest",
                    models.CharField(
                        default="", help_text="SHA-256 of the body, in hexadecimal digits", max_length=64
                    ),
                ),
                ("key_id", models.CharField(blank=True, max_length=64)),
                ("signature", models.TextField(blank=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("forged", "Forged"),
                            ("duplicate", "Duplicate"),
                            ("genuine", "Genuine"),
                            ("applied", "Applied"),
                        ],
                        default="received",
                        max_length=16,
                    ),
                ),
                (
                    "notification_id",
                    models.CharField(blank=True, help_text="the provider's", max_length=64, null=True),
                ),
                (
                    "transfer_id",
                    models.CharField(
                        blank=True, help_text="the transfer that it is about, at the provider", max_length=64
                    ),
                ),
                (
                    "state",
                    models.CharField(blank=True, help_text="that it reports; we re-read it", max_length=40),
                ),
                (
                    "applied_at",
                    models.DateTimeField(blank=True, help_text="the transfer was re-read then", null=True),
                ),
            ],
            options={
                "db_table": "provider_notifications",
                "indexes": [
                    models.Index(fields=["received_at"], name="notifications_received"),
                    models.Index(
                        condition=models.Q(("status__in", ["received", "forged"])),
                        fields=["status", "digest"],
                        name="notifications_not_believed",
                    ),
                    models.Index(
                        condition=models.Q(("status", "genuine")),
                        fields=["received_at"],
                        include=("transfer_id",),
                        name="notifications_to_apply",
                    ),
                    models.Index(
                        condition=models.Q(("transfer_id", ""), _negated=True),
                        fields=["transfer_id"],
                        name="notifications_of_transfer",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["genuine", "applied"])),
                        fields=("provider", "notification_id"),
                        name="notification_believed_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["received", "forged", "duplicate", "genuine", "applied"])
                        ),
                        name="notification_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "forged"), _negated=True), ("body", b""), _connector="OR"
                        ),
                        name="notification_forged_keeps_no_body",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["genuine", "applied"]), _negated=True),
                            ("notification_id__isnull", False),
                            _connector="OR",
                        ),
                        name="notification_believed_has_its_id",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("applied_at__isnull", False), ("status", "applied")),
                            models.Q(
                                models.Q(("status", "applied"), _negated=True), ("applied_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="notification_applied_has_its_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("since", models.DateTimeField(help_text="transfers made since then were compared")),
                ("matched", models.PositiveIntegerField()),
                ("discrepancies", models.JSONField(help_text="number found, by bucket")),
                (
                    "treasury",
                    models.JSONField(
                        blank=True,
                        help_text="USDC: the holdings of our wallets, and those that the ledger expects",
                        null=True,
                    ),
                ),
            ],
            options={
                "db_table": "reconciliations",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("since__lte", models.F("started_at")), ("started_at__lte", models.F("ended_at"))
                        ),
                        name="reconciliation_ends_after_it_began",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoyaltyTerms",
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
                (
                    "cadence",
                    models.CharField(
                        choices=[("month", "Month"), ("quarter", "Quarter")], default="month", max_length=16
                    ),
                ),
                (
                    "minimum",
                    gigstream.core.money.MoneyField(
                        default=1, help_text="less than that is carried to the next payment"
                    ),
                ),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=7, help_text="after a period, before it is final"
                    ),
                ),
                (
                    "accrued_through",
                    models.DateField(help_text="the last day, in UTC, that has been accrued"),
                ),
                (
                    "platform",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="royalty_terms",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "royalty terms",
                "db_table": "royalty_terms",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cadence__in", ["month", "quarter"])),
                        name="royalty_cadence_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("minimum__gte", 0), ("minimum__lte", Decimal("99999999999999.999999"))
                        ),
                        name="royalty_minimum_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("grace_days__lte", 60)), name="royalty_grace_in_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxFault",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("call", models.CharField(help_text="the provider's method, as in transfer", max_length=30)),
                ("kind", models.CharField(max_length=30)),
                (
                    "about",
                    models.CharField(
                        blank=True, help_text="only calls about this address, id or key", max_length=100
                    ),
                ),
                ("after", models.PositiveIntegerField(default=0)),
                ("times", models.PositiveIntegerField(default=1)),
            ],
            options={
                "db_table": "sandbox_faults",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("times__gt", 0)), name="sandbox_fault_strikes")
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxWallet",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("idempotency_key", models.UUIDField(unique=True)),
                ("owner", models.CharField(max_length=100)),
                ("address", models.CharField(max_length=42, unique=True)),
                (
                    "funded",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="play money from outside the chain"
                    ),
                ),
                (
                    "reserved",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="sum of all transfers requested from it"
                    ),
                ),
                ("next_nonce", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "db_table": "sandbox_wallets",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("funded__gte", 0)), name="sandbox_wallet_funded_not_negative"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SignerAccount",
            fields=[
                ("address", models.CharField(max_length=42, primary_key=True, serialize=False)),
                ("next_nonce", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "db_table": "signer_accounts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("address", django.db.models.functions.text.Lower("address"))),
                        name="signer_address_lower_case",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TransactionDay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(help_text="the UTC day of created_at")),
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
                            ("withdrawal", "Withdrawal"),
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
                        max_length=16,
                    ),
                ),
                ("transactions", models.PositiveIntegerField()),
                ("total_amount", gigstream.core.money.MoneyField()),
                ("total_fees", gigstream.core.money.MoneyField()),
            ],
            options={
                "db_table": "transaction_days",
                "constraints": [
                    models.UniqueConstraint(fields=("day", "type", "status"), name="transaction_day_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="WalletOrder",
            fields=[
                ("key", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "owner",
                    models.CharField(help_text="as the provider knows the owner: kind and id", max_length=64),
                ),
                (
                    "address",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        help_text="of a platform's wallet; a worker's is personal",
                        max_length=42,
                    ),
                ),
                ("calls", models.PositiveIntegerField(default=0, help_text="to the provider so far")),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when a job may next take it up; doubles as the job's lease",
                        null=True,
                    ),
                ),
                ("error_message", models.TextField(blank=True)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="wallet_order",
                        to="platforms.platform",
                    ),
                ),
                (
                    "worker",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="wallet_order",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "wallet_orders",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_attempt_at__isnull", False)),
                        fields=["next_attempt_at"],
                        name="wallet_orders_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("worker__isnull", True), ("platform__isnull", True), _connector="OR"
                        ),
                        name="wallet_order_for_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("made_at__isnull", True), ("next_attempt_at__isnull", True), _connector="OR"
                        ),
                        name="wallet_order_made_waits_for_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("worker__isnull", True), ("address", ""), _connector="OR"),
                        name="wallet_order_address_of_no_worker",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("address", django.db.models.functions.text.Lower("address"))),
                        name="wallet_order_address_lower_case",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CarriedBalance",
            fields=[
                (
                    "creator",
                    models.OneToOneField(
                        db_column="creator_number",
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="carried_balance",
                        serialize=False,
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
                (
                    "carried",
                    gigstream.core.money.MoneyField(default=0, help_text="for plays, of final periods"),
                ),
                (
                    "remainder",
                    gigstream.core.money.MoneyField(
                        default=0, help_text="paid too much; at most a tenth of each payment makes up for it"
                    ),
                ),
            ],
            options={
                "db_table": "carried_balances",
                "indexes": [
                    models.Index(
                        condition=models.Q(("carried__gt", 0)),
                        fields=["carried"],
                        name="carried_balances_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("carried__gte", 0), ("remainder__gte", 0)),
                        name="carried_balance_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainCursor",
            fields=[
                (
                    "token",
                    models.CharField(
                        help_text="address of the token's contract",
                        max_length=42,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("block_number", models.PositiveBigIntegerField(help_text="read to its end")),
                (
                    "block_hash",
                    models.CharField(
                        help_text="shows whether the chain was reorganised since", max_length=66
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "db_table": "chain_cursors",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("token", django.db.models.functions.text.Lower("token"))),
                        name="cursor_token_lower_case",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DayToAccrue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("creator_number", models.BigIntegerField(blank=True, null=True)),
                ("day", models.DateField()),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "days_to_accrue",
                "indexes": [models.Index(fields=["platform", "id"], name="days_to_accrue_of_platform")],
            },
        ),
        migrations.CreateModel(
            name="Distribution",
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
                ("number", models.PositiveIntegerField(help_text="1, 2, … of the platform")),
                ("first", models.DateField(help_text="first day, in UTC")),
                ("last", models.DateField(help_text="last day, in UTC")),
                (
                    "mode",
                    models.CharField(
                        choices=[("pro_rata", "Pro Rata"), ("user_centric", "User Centric")], max_length=16
                    ),
                ),
                ("amount", gigstream.core.money.MoneyField(help_text="for creators; the fee comes on top")),
                ("fee_bps", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("paid", "Paid"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                ("creators", models.PositiveIntegerField(default=0)),
                ("plays", models.BigIntegerField(default=0)),
                ("total_weight", models.DecimalField(decimal_places=0, default=0, max_digits=40)),
                ("paid_amount", gigstream.core.money.MoneyField(default=0)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="distributions",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "distributions",
                "indexes": [
                    models.Index(fields=["platform", "-created_at", "-id"], name="distributions_of_platform"),
                    models.Index(
                        condition=models.Q(("status", "approved")), fields=["id"], name="distributions_to_pay"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "number"), name="distribution_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))),
                        name="distribution_days_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["pro_rata", "user_centric"])),
                        name="distribution_mode_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["draft", "approved", "paid", "cancelled"])),
                        name="distribution_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="distribution_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee_bps__lte", 10000), ("number__gte", 1)),
                        name="distribution_terms_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_amount__gte", 0),
                            models.Q(
                                models.Q(("paid_amount", models.F("amount")), ("status", "paid")),
                                models.Q(("paid_amount__lte", models.F("amount")), ("status", "approved")),
                                ("paid_amount", 0),
                                _connector="OR",
                            ),
                        ),
                        name="distribution_pays_its_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approved_at__isnull", False), ("paid_at__isnull", False), ("status", "paid")
                            ),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("paid_at__isnull", True),
                                ("status", "approved"),
                            ),
                            models.Q(
                                models.Q(("status__in", ["approved", "paid"]), _negated=True),
                                ("approved_at__isnull", True),
                                ("paid_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="distribution_has_its_times",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GasAlarm",
            fields=[
                (
                    "month",
                    models.DateField(help_text="its first day, in UTC", primary_key=True, serialize=False),
                ),
                ("raised_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                ("budget", gigstream.core.money.MoneyField(help_text="USDC, then")),
                (
                    "spent",
                    gigstream.core.money.MoneyField(help_text="USDC until then, with what is under way"),
                ),
            ],
            options={
                "db_table": "gas_alarms",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("month__day", 1)), name="gas_alarm_of_a_month")
                ],
            },
        ),
        migrations.CreateModel(
            name="Stream",
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
                ("short_number", gigstream.core.postgres.short_numbers.BorrowedNumberField()),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("ST"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                (
                    "shard",
                    models.PositiveSmallIntegerField(
                        help_text="by worker: two releasers never touch the same worker's balance"
                    ),
                ),
                ("total_amount", gigstream.core.money.MoneyField()),
                ("released_amount", gigstream.core.money.MoneyField(default=Decimal("0"))),
                (
                    "remaining_amount",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("total_amount"), "-", models.F("released_amount")
                        ),
                        output_field=gigstream.core.money.MoneyField(),
                    ),
                ),
                ("sequence", models.PositiveIntegerField(default=0, help_text="number of the last release")),
                ("start_at", models.DateTimeField()),
                ("end_at", models.DateTimeField(help_text="start + duration + paused time")),
                ("duration_seconds", models.PositiveIntegerField(help_text="without pauses")),
                (
                    "first_total",
                    gigstream.core.money.MoneyField(help_text="when it was opened: top-ups keep its rate"),
                ),
                ("first_duration_seconds", models.PositiveIntegerField(help_text="when it was opened")),
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
                (
                    "last_act_at",
                    models.DateTimeField(
                        help_text="of the latest release, claim, pause, resume, top-up or end; for a clock that steps back it is still this late"
                    ),
                ),
                (
                    "completed_at",
                    models.DateTimeField(blank=True, help_text="no later than its end", null=True),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "parked_at",
                    models.DateTimeField(
                        blank=True, help_text="no release is tried any more: staff must look", null=True
                    ),
                ),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "active")),
                        fields=["shard", "next_release_at"],
                        name="streams_due",
                    ),
                    models.Index(
                        condition=models.Q(("status", "active"), _negated=True),
                        fields=["status", "created_at"],
                        name="streams_stopped",
                    ),
                    models.Index(
                        condition=models.Q(("parked_at__isnull", False)),
                        fields=["parked_at"],
                        name="streams_parked",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("total_amount__gt", 0), ("total_amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="stream_total_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("released_amount__gte", 0), ("released_amount__lte", models.F("total_amount"))
                        ),
                        name="stream_released_within_total",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "paused", "completed", "cancelled"])),
                        name="stream_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duration_seconds__gt", 0), ("release_interval__gt", 0)),
                        name="stream_schedule_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "duration_seconds",
                                payments.streams.models.Epoch(
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
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "active"), _negated=True),
                            models.Q(("next_release_at__isnull", False), ("parked_at__isnull", True)),
                            models.Q(("next_release_at__isnull", True), ("parked_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="stream_active_has_next_release",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parked_at__isnull", True), ("status", "active"), _connector="OR"
                        ),
                        name="stream_parked_is_active",
                    ),
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("paused_at__isnull", False), ("status", "paused")),
                            models.Q(
                                models.Q(("status", "paused"), _negated=True), ("paused_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="stream_paused_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("completed_at__isnull", False),
                                ("released_amount", models.F("total_amount")),
                                ("status", "completed"),
                            ),
                            models.Q(
                                models.Q(("status", "completed"), _negated=True),
                                ("completed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="stream_completed_in_full",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "completed"),
                            models.Q(("released_amount", models.F("total_amount")), _negated=True),
                            _connector="OR",
                        ),
                        name="stream_with_nothing_left_is_completed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancelled_at__isnull", False), ("status", "cancelled")),
                            models.Q(
                                models.Q(("status", "cancelled"), _negated=True),
                                ("cancelled_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="stream_cancelled_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GasSpending",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("round", models.PositiveIntegerField()),
                ("spent_at", models.DateTimeField()),
                ("provider", models.CharField(max_length=32)),
                ("tx_hash", models.CharField(max_length=66)),
                ("block_number", models.PositiveBigIntegerField(blank=True, null=True)),
                ("gas_used", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "gas_price",
                    models.PositiveBigIntegerField(blank=True, help_text="wei for a unit of gas", null=True),
                ),
                ("fee", gigstream.core.money.MoneyField(help_text="USDC")),
                (
                    "saved_gas",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="that a transaction for each creator would have used beside this one",
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spendings",
                        to="payments.chainoperation",
                    ),
                ),
            ],
            options={
                "db_table": "gas_spendings",
                "indexes": [models.Index(fields=["spent_at"], name="gas_spendings_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=("operation", "round"), name="gas_spent_once_per_round"),
                    models.UniqueConstraint(
                        fields=("provider", "tx_hash"), name="gas_spent_once_per_transaction"
                    ),
                    models.CheckConstraint(condition=models.Q(("fee__gte", 0)), name="gas_fee_not_negative"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OperationCreator",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gigstream.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "address",
                    gigstream.core.encryption.EncryptedTextField(blank=True, help_text="encrypted at rest"),
                ),
                ("plays", models.PositiveBigIntegerField(blank=True, null=True)),
                ("followers", models.PositiveBigIntegerField(blank=True, null=True)),
                ("likes", models.PositiveBigIntegerField(blank=True, null=True)),
                ("listeners", models.PositiveBigIntegerField(blank=True, null=True)),
                ("revenue", gigstream.core.money.MoneyField(blank=True, null=True)),
                (
                    "creator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chain_operations",
                        to="platforms.creatorprofile",
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="creators",
                        to="payments.chainoperation",
                    ),
                ),
            ],
            options={
                "db_table": "chain_operation_creators",
                "constraints": [
                    models.UniqueConstraint(fields=("operation", "creator"), name="operation_creator_once"),
                    models.UniqueConstraint(fields=("operation", "position"), name="operation_position_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("followers__isnull", True),
                                ("likes__isnull", True),
                                ("listeners__isnull", True),
                                ("plays__isnull", True),
                                ("revenue__isnull", True),
                            ),
                            models.Q(
                                ("followers__isnull", False),
                                ("likes__isnull", False),
                                ("listeners__isnull", False),
                                ("plays__isnull", False),
                                ("revenue__gte", 0),
                                ("revenue__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="operation_numbers_as_a_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainAttempt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(help_text="1, 2, … of the calls about the same row")),
                ("service", models.CharField(max_length=32)),
                ("started_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("milliseconds", models.PositiveIntegerField(blank=True, null=True)),
                ("error_message", models.TextField(blank=True)),
                ("answer", models.JSONField(blank=True, help_text="as received, without secrets", null=True)),
                (
                    "operation",
                    models.CharField(
                        choices=[("execute", "Execute"), ("read", "Read"), ("accelerate", "Accelerate")],
                        max_length=16,
                    ),
                ),
                (
                    "error_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("network", "Network"),
                            ("unknown_outcome", "Unknown Outcome"),
                            ("credentials", "Credentials"),
                            ("invalid_request", "Invalid Request"),
                            ("key_reused", "Key Reused"),
                            ("gas", "Gas"),
                            ("nonce", "Nonce"),
                            ("execution", "Execution"),
                            ("blocked_destination", "Blocked Destination"),
                            ("insufficient_funds", "Insufficient Funds"),
                        ],
                        max_length=24,
                        null=True,
                    ),
                ),
                ("round", models.PositiveIntegerField(default=1)),
                (
                    "transfer_id",
                    models.CharField(blank=True, default="", help_text="at the provider", max_length=64),
                ),
                ("state", models.CharField(blank=True, help_text="in the provider's word", max_length=40)),
                ("tx_hash", models.CharField(blank=True, default="", max_length=66)),
                ("nonce", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "gas_price",
                    models.PositiveBigIntegerField(blank=True, help_text="wei for a unit of gas", null=True),
                ),
                ("gas_used", models.PositiveBigIntegerField(blank=True, null=True)),
                ("network_fee", gigstream.core.money.MoneyField(blank=True, help_text="USDC", null=True)),
                ("block_number", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "chain_operation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="payments.chainoperation",
                    ),
                ),
            ],
            options={
                "db_table": "chain_attempts",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["started_at"], name="chainattempt_started"),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["started_at"],
                        name="chainattempt_open",
                    ),
                    models.Index(
                        condition=models.Q(("error_class", "unknown_outcome")),
                        fields=["started_at"],
                        name="chainattempt_unknown",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="chainattempt_number_from_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True),
                                ("error_class__isnull", True),
                                ("milliseconds__isnull", True),
                            ),
                            models.Q(("ended_at__isnull", False), ("milliseconds__isnull", False)),
                            _connector="OR",
                        ),
                        name="chainattempt_ended_has_its_time",
                    ),
                    models.UniqueConstraint(
                        fields=("chain_operation", "number"), name="chain_attempt_once_per_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("operation__in", ["execute", "read", "accelerate"])),
                        name="chain_attempt_operation_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("error_class__isnull", True),
                            (
                                "error_class__in",
                                [
                                    "network",
                                    "unknown_outcome",
                                    "credentials",
                                    "invalid_request",
                                    "key_reused",
                                    "gas",
                                    "nonce",
                                    "execution",
                                    "blocked_destination",
                                    "insufficient_funds",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="chain_attempt_error_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreatorSync",
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
                (
                    "address_hash",
                    models.CharField(
                        blank=True,
                        help_text="keyed hash of the address on the chain; empty once the creator has left",
                        max_length=64,
                        null=True,
                    ),
                ),
                ("plays", models.PositiveBigIntegerField(default=0)),
                ("followers", models.PositiveBigIntegerField(default=0)),
                ("likes", models.PositiveBigIntegerField(default=0)),
                ("listeners", models.PositiveBigIntegerField(default=0)),
                ("revenue", gigstream.core.money.MoneyField(default=Decimal("0"))),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "differs_at",
                    models.DateTimeField(
                        blank=True, help_text="when the chain was found to show other numbers", null=True
                    ),
                ),
                (
                    "left_out",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="why the last run did not write the numbers",
                        max_length=120,
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="syncs_confirmed",
                        to="payments.chainoperation",
                    ),
                ),
                (
                    "creator",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chain_sync",
                        to="platforms.creatorprofile",
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        blank=True,
                        help_text="under way",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="syncs_under_way",
                        to="payments.chainoperation",
                    ),
                ),
            ],
            options={
                "db_table": "creator_syncs",
                "constraints": [
                    models.UniqueConstraint(fields=("address_hash",), name="creator_sync_address_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_by__isnull", True), ("synced_at__isnull", True)),
                            models.Q(("confirmed_by__isnull", False), ("synced_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="creator_sync_confirmed_as_a_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("revenue__gte", 0)), name="creator_sync_revenue_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PeriodFunding",
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
                ("amount", gigstream.core.money.MoneyField(help_text="below 0 where it was given back")),
                ("fee", gigstream.core.money.MoneyField(help_text="below 0 where it was given back")),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fundings",
                        to="payments.royaltyperiod",
                    ),
                ),
            ],
            options={
                "db_table": "period_fundings",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount__gt", 0),
                                ("amount__lte", Decimal("99999999999999.999999")),
                                ("fee__gte", 0),
                            ),
                            models.Q(
                                ("amount__gte", Decimal("-99999999999999.999999")),
                                ("amount__lt", 0),
                                ("fee__lte", 0),
                            ),
                            _connector="OR",
                        ),
                        name="period_funding_moves_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PeriodPay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source", models.CharField(choices=[("plays", "Plays"), ("sales", "Sales")], max_length=16)),
                ("accrued", gigstream.core.money.MoneyField(default=0)),
                (
                    "held",
                    gigstream.core.money.MoneyField(
                        default=0, help_text="for plays that a rule leaves out until a person decides"
                    ),
                ),
                (
                    "unfunded",
                    gigstream.core.money.MoneyField(
                        default=0, help_text="the platform's money has not covered it"
                    ),
                ),
                ("carried", gigstream.core.money.MoneyField(default=0, help_text="in escrow, to be paid")),
                ("paid", gigstream.core.money.MoneyField(default=0)),
                (
                    "recovered",
                    gigstream.core.money.MoneyField(default=0, help_text="of payments, for a remainder"),
                ),
                (
                    "taken_back",
                    gigstream.core.money.MoneyField(
                        default=0, help_text="paid before a correction took it away"
                    ),
                ),
                ("payments", models.PositiveIntegerField(default=0)),
                (
                    "creator",
                    models.ForeignKey(
                        db_column="creator_number",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="period_pays",
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pays",
                        to="payments.royaltyperiod",
                    ),
                ),
            ],
            options={
                "db_table": "period_pays",
                "indexes": [
                    models.Index(fields=["period", "creator"], name="period_pays_of_period"),
                    models.Index(
                        condition=models.Q(("unfunded__gt", 0)),
                        fields=["period"],
                        name="period_pays_unfunded",
                    ),
                    models.Index(
                        condition=models.Q(("carried__gt", 0)), fields=["period"], name="period_pays_carried"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("creator", "period", "source"), name="period_pay_once"),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["plays", "sales"])), name="period_pay_source_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accrued__gte", 0),
                            ("held__gte", 0),
                            ("unfunded__gte", 0),
                            ("carried__gte", 0),
                            ("paid__gte", 0),
                            ("recovered__gte", 0),
                            ("taken_back__gte", 0),
                        ),
                        name="period_pay_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "accrued",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("paid"), "+", models.F("recovered")
                                                ),
                                                "+",
                                                models.F("carried"),
                                            ),
                                            "+",
                                            models.F("unfunded"),
                                        ),
                                        "+",
                                        models.F("held"),
                                    ),
                                    "-",
                                    models.F("taken_back"),
                                ),
                            )
                        ),
                        name="period_pay_is_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Statement",
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
                ("plays", models.BigIntegerField()),
                ("plays_held", models.BigIntegerField()),
                ("plays_refused", models.BigIntegerField()),
                ("accrued", gigstream.core.money.MoneyField(help_text="for plays, by their rates")),
                ("held", gigstream.core.money.MoneyField()),
                ("sales", gigstream.core.money.MoneyField(help_text="purchases and tips")),
                ("unfunded", gigstream.core.money.MoneyField()),
                (
                    "carried",
                    gigstream.core.money.MoneyField(help_text="to be paid, or carried on to a later payment"),
                ),
                ("paid", gigstream.core.money.MoneyField(help_text="until the period was final")),
                ("pro_rata", gigstream.core.money.MoneyField(help_text="of the same money, by all plays")),
                (
                    "user_centric",
                    gigstream.core.money.MoneyField(
                        blank=True,
                        help_text="of the same money, by the plays of each listener; empty where these are no longer known",
                        null=True,
                    ),
                ),
                ("lines", models.JSONField(help_text="by work and rate")),
                (
                    "creator",
                    models.ForeignKey(
                        db_column="creator_number",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="royalty_statements",
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="payments.royaltyperiod",
                    ),
                ),
            ],
            options={
                "db_table": "royalty_statements",
                "constraints": [
                    models.UniqueConstraint(fields=("creator", "period"), name="royalty_statement_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accrued__gte", 0),
                            ("carried__gte", 0),
                            ("held__gte", 0),
                            ("paid__gte", 0),
                            ("plays__gte", 0),
                            ("plays_held__gte", 0),
                            ("plays_refused__gte", 0),
                            ("pro_rata__gte", 0),
                            ("sales__gte", 0),
                            ("unfunded__gte", 0),
                            ("user_centric__gte", 0),
                        ),
                        name="royalty_statement_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyAccrual",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(help_text="in UTC")),
                ("plays", models.BigIntegerField()),
                ("plays_held", models.BigIntegerField()),
                ("plays_refused", models.BigIntegerField()),
                ("amount", gigstream.core.money.MoneyField(help_text="for plays, those refused left out")),
                ("held", gigstream.core.money.MoneyField(help_text="part of the amount")),
                ("sales", gigstream.core.money.MoneyField(help_text="purchases and tips")),
                (
                    "above_price",
                    gigstream.core.money.MoneyField(
                        help_text="part of the purchases that goes beyond the works' prices"
                    ),
                ),
                ("accrued_at", models.DateTimeField()),
                (
                    "creator",
                    models.ForeignKey(
                        db_column="creator_number",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accruals",
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="payments.royaltyperiod",
                    ),
                ),
            ],
            options={
                "db_table": "daily_accruals",
                "indexes": [models.Index(fields=["period", "creator", "day"], name="accruals_of_period")],
                "constraints": [
                    models.UniqueConstraint(fields=("creator", "day"), name="accrual_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("plays__gte", 0),
                            ("plays_held__gte", 0),
                            ("plays_refused__gte", 0),
                            ("amount__gte", 0),
                            ("held__gte", 0),
                            ("sales__gte", 0),
                            ("above_price__gte", 0),
                        ),
                        name="accrual_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__lte", Decimal("99999999999999.999999")),
                            ("held__lte", models.F("amount")),
                        ),
                        name="accrual_held_is_a_part",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PoolMember",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("units", models.BigIntegerField(default=0)),
                (
                    "index_at",
                    models.DecimalField(
                        decimal_places=0,
                        default=0,
                        help_text="the pool's index when the member was settled last",
                        max_digits=60,
                    ),
                ),
                ("fraction", models.DecimalField(decimal_places=0, default=0, max_digits=60)),
                ("paid", gigstream.core.money.MoneyField(default=0)),
                ("payments", models.PositiveIntegerField(default=0)),
                (
                    "creator",
                    models.ForeignKey(
                        db_column="creator_number",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pool_members",
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="payments.pool",
                    ),
                ),
            ],
            options={
                "db_table": "pool_members",
                "indexes": [
                    models.Index(fields=["creator"], name="pool_members_of_creator"),
                    models.Index(fields=["pool", "id"], name="pool_members_in_order"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("pool", "creator"), name="pool_member_once"),
                    models.CheckConstraint(
                        condition=models.Q(("units__gte", 0), ("units__lte", 1000000000000)),
                        name="pool_member_units_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fraction__gte", 0), ("fraction__lte", 1000000000000000000), ("index_at__gte", 0)
                        ),
                        name="pool_member_fraction_at_most_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("paid", 0), ("payments", 0)),
                            models.Q(
                                ("paid__gt", 0),
                                ("paid__lte", Decimal("99999999999999.999999")),
                                ("payments__gt", 0),
                            ),
                            _connector="OR",
                        ),
                        name="pool_member_paid_in_payments",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PoolWrite",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("number", models.PositiveIntegerField(help_text="1, 2, … of the pool")),
                ("amount", gigstream.core.money.MoneyField()),
                ("fee", gigstream.core.money.MoneyField()),
                ("units", models.BigIntegerField(help_text="among which it was shared")),
                ("index_after", models.DecimalField(decimal_places=0, default=0, max_digits=60)),
                ("carry_after", models.DecimalField(decimal_places=0, default=0, max_digits=60)),
                (
                    "pool",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="arrivals",
                        to="payments.pool",
                    ),
                ),
            ],
            options={
                "db_table": "pool_writes",
                "constraints": [
                    models.UniqueConstraint(fields=("pool", "number"), name="pool_write_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0),
                            ("amount__lte", Decimal("99999999999999.999999")),
                            ("fee__gte", 0),
                            ("number__gte", 1),
                            ("units__gt", 0),
                        ),
                        name="pool_write_shares_an_amount",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxTransfer",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("idempotency_key", models.UUIDField(unique=True)),
                ("nonce", models.PositiveBigIntegerField(blank=True, null=True)),
                ("to_wallet", models.CharField(max_length=42)),
                ("amount", gigstream.core.money.MoneyField()),
                (
                    "call",
                    models.JSONField(
                        blank=True, default=dict, help_text="of a contract: its function and parameters"
                    ),
                ),
                ("gas_limit", models.PositiveIntegerField(default=65000)),
                (
                    "max_fee",
                    models.DecimalField(
                        decimal_places=9, default=Decimal("322"), help_text="gwei", max_digits=27
                    ),
                ),
                (
                    "priority_fee",
                    models.DecimalField(
                        decimal_places=9, default=Decimal("2"), help_text="gwei", max_digits=27
                    ),
                ),
                ("accepted_at", models.DateTimeField()),
                ("accelerated_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("tx_hash", models.CharField(max_length=66, unique=True)),
                ("block_number", models.PositiveBigIntegerField(help_text="the block that will hold it")),
                ("fate", models.CharField(blank=True, help_text="way in which it goes wrong", max_length=20)),
                (
                    "failure",
                    models.CharField(
                        blank=True, help_text="reason for which the chain will refuse it", max_length=120
                    ),
                ),
                (
                    "from_wallet",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="payments.sandboxwallet",
                    ),
                ),
            ],
            options={
                "db_table": "sandbox_transfers",
                "indexes": [models.Index(fields=["accepted_at", "id"], name="sandbox_transfers_accepted")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0),
                            models.Q(("amount", 0), models.Q(("call", {}), _negated=True)),
                            _connector="OR",
                        ),
                        name="sandbox_transfer_amount_positive",
                    ),
                    models.UniqueConstraint(
                        fields=("from_wallet", "nonce"), name="sandbox_transfer_nonce_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignedCall",
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
                ("idempotency_key", models.UUIDField(unique=True)),
                ("nonce", models.PositiveBigIntegerField()),
                ("contract", models.CharField(max_length=42)),
                ("function", models.CharField(max_length=120)),
                (
                    "data",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True,
                        help_text="the call as the chain takes it, encrypted at rest; empty once it is mined",
                    ),
                ),
                ("gas_limit", models.PositiveIntegerField()),
                (
                    "mined_at",
                    models.DateTimeField(
                        blank=True, help_text="when a look found it deep in the chain", null=True
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="payments.signeraccount",
                    ),
                ),
            ],
            options={
                "db_table": "signed_calls",
                "indexes": [
                    models.Index(
                        condition=models.Q(("mined_at__isnull", True)),
                        fields=["account", "nonce"],
                        name="signed_calls_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "nonce"), name="signed_call_nonce_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mined_at__isnull", False),
                            models.Q(("data", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="signed_call_can_be_sent_until_mined",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transaction",
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
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("transactions")),
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
                            ("withdrawal", "Withdrawal"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Case(
                                models.When(then=models.Value("PO"), type="payout"),
                                models.When(then=models.Value("AD"), type="advance"),
                                models.When(then=models.Value("RE"), type="refund"),
                                models.When(then=models.Value("RP"), type="repayment"),
                                models.When(then=models.Value("FE"), type="fee"),
                                models.When(then=models.Value("DE"), type="deposit"),
                                models.When(then=models.Value("RW"), type="reward"),
                                models.When(then=models.Value("WD"), type="withdrawal"),
                            ),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
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
                ("amount", gigstream.core.money.MoneyField()),
                (
                    "fee",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="the network's fee, borne by the house"
                    ),
                ),
                ("subject_kind", models.SmallIntegerField(blank=True, null=True)),
                ("subject_id", models.UUIDField(blank=True, null=True)),
                (
                    "quest_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(models.When(subject_kind=5, then=models.F("subject_id"))),
                        help_text="of a reward, and of the fee and the refund of its budget",
                        output_field=models.UUIDField(null=True),
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
                (
                    "provider_state",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="of the transfer, in the provider's term, when last read",
                        max_length=40,
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=160, unique=True)),
                (
                    "cashed_out",
                    models.BooleanField(
                        db_default=False, default=False, help_text="a payout that the worker requested"
                    ),
                ),
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
                (
                    "not_before",
                    models.DateTimeField(
                        blank=True, help_text="it is not handed over earlier; empty: at once", null=True
                    ),
                ),
                (
                    "parked_at",
                    models.DateTimeField(blank=True, help_text="since when it waits for staff", null=True),
                ),
                (
                    "parked_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refused", "the provider refuses it"),
                            (
                                "outcome_unknown",
                                "the provider may have had it, and may have forgotten its key",
                            ),
                            ("differs", "the provider has another amount or address under its key"),
                        ],
                        db_default="",
                        default="",
                        max_length=24,
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
                "indexes": [
                    models.Index(fields=["worker", "created_at"], name="transactions_worker_created"),
                    models.Index(fields=["platform", "created_at"], name="transactions_platform_created"),
                    models.Index(fields=["status", "created_at"], name="transactions_status_created"),
                    models.Index(fields=["created_at"], name="transactions_created"),
                    models.Index(fields=["amount", "created_at"], name="transactions_amount_created"),
                    models.Index(
                        condition=models.Q(
                            ("next_attempt_at__isnull", False), ("status__in", ["pending", "submitted"])
                        ),
                        fields=["next_attempt_at"],
                        name="transactions_to_attempt",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("next_attempt_at__isnull", True), ("status__in", ["pending", "submitted"])
                        ),
                        fields=["created_at"],
                        name="transactions_parked",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("type__in", ["advance", "deposit", "refund", "reward", "withdrawal"])
                        ),
                        fields=["type", "created_at"],
                        name="transactions_of_rare_types",
                    ),
                    models.Index(
                        condition=models.Q(("quest_id__isnull", False)),
                        fields=["platform", "quest_id", "created_at"],
                        name="transactions_of_quests",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="transaction_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("subject_id__isnull", True), ("subject_kind__isnull", True)),
                            models.Q(("subject_id__isnull", False), ("subject_kind__isnull", False)),
                            _connector="OR",
                        ),
                        name="transaction_subject_has_its_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee__gte", 0)), name="transaction_fee_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "type__in",
                                [
                                    "payout",
                                    "advance",
                                    "refund",
                                    "repayment",
                                    "fee",
                                    "deposit",
                                    "reward",
                                    "withdrawal",
                                ],
                            )
                        ),
                        name="transaction_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["pending", "submitted", "confirmed", "failed", "cancelled"])
                        ),
                        name="transaction_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status", "confirmed"),
                                ("type__in", ["advance", "deposit", "payout", "withdrawal"]),
                                _negated=True,
                            ),
                            ("tx_hash__isnull", False),
                            _connector="OR",
                        ),
                        name="transaction_confirmed_on_chain_has_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", False), ("status", "confirmed")),
                            models.Q(
                                models.Q(("status", "confirmed"), _negated=True),
                                ("confirmed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="transaction_confirmed_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "submitted"), _negated=True),
                            models.Q(("circle_tx_id__isnull", False), ("submitted_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="transaction_submitted_is_known_to_the_provider",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("type__in", ["advance", "payout"]), _negated=True),
                            models.Q(("worker__isnull", False), models.Q(("to_wallet", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="transaction_outgoing_has_worker_and_wallet",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("type", "withdrawal"), _negated=True),
                            models.Q(
                                ("not_before__isnull", False),
                                ("platform__isnull", False),
                                ("worker__isnull", True),
                                models.Q(("to_wallet", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="transaction_withdrawal_has_platform_wallet_and_time",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["pending", "submitted"]), ("type", "withdrawal")),
                        fields=("platform",),
                        name="transaction_one_withdrawal_under_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("submitted_at__isnull", True),
                            ("not_before__isnull", True),
                            ("submitted_at__gte", models.F("not_before")),
                            _connector="OR",
                        ),
                        name="transaction_not_submitted_early",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("parked_at__isnull", True), ("parked_reason", "")),
                            models.Q(
                                ("next_attempt_at__isnull", True),
                                ("parked_at__isnull", False),
                                ("parked_reason__in", ["refused", "outcome_unknown", "differs"]),
                                ("status__in", ["pending", "submitted"]),
                            ),
                            _connector="OR",
                        ),
                        name="transaction_parked_has_its_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tx_hash__isnull", True),
                            ("tx_hash", django.db.models.functions.text.Lower("tx_hash")),
                            _connector="OR",
                        ),
                        name="transaction_hash_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("from_wallet", django.db.models.functions.text.Lower("from_wallet")),
                            ("to_wallet", django.db.models.functions.text.Lower("to_wallet")),
                        ),
                        name="transaction_wallets_lower_case",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ActiveStream",
            fields=[
                (
                    "stream",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="payments.stream",
                    ),
                ),
                ("task_title", models.CharField(max_length=200)),
                ("worker_name", models.CharField(max_length=120)),
                ("platform_name", models.CharField(max_length=120)),
                ("total_amount", gigstream.core.money.MoneyField()),
                ("released_amount", gigstream.core.money.MoneyField()),
                ("remaining_amount", gigstream.core.money.MoneyField(help_text="total less released")),
                (
                    "vested_amount",
                    gigstream.core.money.MoneyField(
                        help_text="earned to the second, never less than released"
                    ),
                ),
                (
                    "claimable_amount",
                    gigstream.core.money.MoneyField(
                        help_text="vested less released: the amount that a claim would pay now"
                    ),
                ),
                (
                    "progress_percent",
                    models.DecimalField(decimal_places=2, help_text="released of the total", max_digits=5),
                ),
                ("releases", models.PositiveIntegerField(help_text="number of the last release")),
                ("release_interval", models.PositiveIntegerField(help_text="seconds")),
                ("start_at", models.DateTimeField()),
                ("end_at", models.DateTimeField()),
                ("next_release_at", models.DateTimeField()),
                (
                    "seconds_to_next_release",
                    models.PositiveIntegerField(help_text="rounded up; 0 when it is due"),
                ),
            ],
            options={
                "db_table": "active_streams_view",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="SignedVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("max_fee", models.DecimalField(decimal_places=9, help_text="gwei", max_digits=27)),
                ("priority_fee", models.DecimalField(decimal_places=9, help_text="gwei", max_digits=27)),
                ("is_empty", models.BooleanField(default=False)),
                ("tx_hash", models.CharField(max_length=66, unique=True)),
                ("signed_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                (
                    "call",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="payments.signedcall",
                    ),
                ),
            ],
            options={
                "db_table": "signed_versions",
                "constraints": [
                    models.UniqueConstraint(fields=("call", "number"), name="signed_version_once_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="signed_version_number_from_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_fee__gt", 0), ("priority_fee__gte", 0)),
                        name="signed_version_has_a_price",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("kind", models.CharField(choices=payments.ledger.entry_kinds.kind_choices, max_length=24)),
                ("amount", gigstream.core.money.MoneyField()),
                (
                    "subject_kind",
                    models.SmallIntegerField(
                        blank=True, help_text="kind of row that it belongs to", null=True
                    ),
                ),
                ("subject_id", models.UUIDField(blank=True, help_text="row that it belongs to", null=True)),
                (
                    "sequence",
                    models.PositiveIntegerField(blank=True, help_text="of the stream's release", null=True),
                ),
                ("idempotency_key", models.CharField(blank=True, max_length=160, null=True)),
                (
                    "credit_account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="payments.account",
                    ),
                ),
                (
                    "debit_account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debits",
                        to="payments.account",
                    ),
                ),
                (
                    "withheld_from",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="earning that this part of it was withheld from",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withheld",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="payments.transaction",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "ledger entries",
                "db_table": "ledger_entries",
                "indexes": [
                    models.Index(fields=["credit_account", "id"], name="ledger_credits"),
                    models.Index(
                        condition=models.Q(("sequence__isnull", True)),
                        fields=["debit_account", "id"],
                        name="ledger_debits",
                    ),
                    models.Index(
                        condition=models.Q(("sequence__isnull", True), ("subject_id__isnull", False)),
                        fields=["subject_id"],
                        name="ledger_subject",
                    ),
                    models.Index(
                        condition=models.Q(("transaction__isnull", False)),
                        fields=["transaction"],
                        name="ledger_transaction",
                    ),
                    models.Index(
                        condition=models.Q(("withheld_from__isnull", False)),
                        fields=["withheld_from"],
                        name="ledger_withheld",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["created_at"], name="ledger_created", pages_per_range=16
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("sequence__isnull", False)),
                        fields=("subject_id", "sequence"),
                        name="ledger_release_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("idempotency_key__isnull", False)),
                        fields=("idempotency_key",),
                        name="ledger_key_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="ledger_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("debit_account", models.F("credit_account")), _negated=True),
                        name="ledger_two_accounts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__regex", "^[a-z]+(_[a-z]+)*$")), name="ledger_kind_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("subject_id__isnull", True), ("subject_kind__isnull", True)),
                            models.Q(("subject_id__isnull", False), ("subject_kind__isnull", False)),
                            _connector="OR",
                        ),
                        name="ledger_subject_has_its_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("idempotency_key__isnull", True),
                                ("kind", "release"),
                                ("sequence__gte", 1),
                                ("sequence__isnull", False),
                                ("subject_kind", 2),
                                ("subject_kind__isnull", False),
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
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withheld_from__isnull", True),
                            ("withheld_from__lt", models.F("id")),
                            _connector="OR",
                        ),
                        name="ledger_withheld_from_an_earlier_entry",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Discrepancy",
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
                (
                    "bucket",
                    models.CharField(
                        choices=[
                            ("amount_differs", "Amount Differs"),
                            ("missing_there", "Missing There"),
                            ("missing_here", "Missing Here"),
                            ("state_differs", "State Differs"),
                            ("late", "Late"),
                            ("treasury", "Treasury"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        help_text="our key, or the provider's id for a transfer without a key here",
                        max_length=160,
                    ),
                ),
                ("ours", models.JSONField(blank=True, null=True)),
                ("theirs", models.JSONField(blank=True, null=True)),
                ("chain", models.JSONField(blank=True, null=True)),
                ("last_seen_at", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "transaction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="discrepancies",
                        to="payments.transaction",
                    ),
                ),
            ],
            options={
                "db_table": "discrepancies",
                "indexes": [
                    models.Index(
                        condition=models.Q(("resolved_at__isnull", True)),
                        fields=["created_at"],
                        name="discrepancies_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at__isnull", True)),
                        fields=("bucket", "subject"),
                        name="discrepancy_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "bucket__in",
                                [
                                    "amount_differs",
                                    "missing_there",
                                    "missing_here",
                                    "state_differs",
                                    "late",
                                    "treasury",
                                ],
                            )
                        ),
                        name="discrepancy_bucket_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ObservedTransfer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("tx_hash", models.CharField(max_length=66)),
                ("log_index", models.PositiveIntegerField()),
                ("block_number", models.PositiveBigIntegerField()),
                ("block_hash", models.CharField(max_length=66)),
                ("from_wallet", models.CharField(max_length=42)),
                ("to_wallet", models.CharField(max_length=42)),
                ("amount", gigstream.core.money.MoneyField()),
                ("seen_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("seen", "Seen"),
                            ("credited", "Credited"),
                            ("unknown_platform", "Unknown Platform"),
                            ("vanished", "Vanished"),
                        ],
                        default="seen",
                        max_length=16,
                    ),
                ),
                ("note", models.TextField(blank=True, help_text="why it was not credited by itself")),
                (
                    "platform",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="observed_transfers",
                        to="platforms.platform",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        blank=True,
                        help_text="the deposit; the same for all logs to a platform in a chain transaction",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="observed",
                        to="payments.transaction",
                    ),
                ),
            ],
            options={
                "db_table": "observed_transfers",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "seen")),
                        fields=["block_number"],
                        name="observed_to_credit",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tx_hash", "log_index"), name="observed_once_per_log"),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="observed_amount_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["seen", "credited", "unknown_platform", "vanished"])
                        ),
                        name="observed_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("platform__isnull", False),
                                ("status", "credited"),
                                ("transaction__isnull", False),
                            ),
                            models.Q(
                                models.Q(("status", "credited"), _negated=True), ("transaction__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="observed_credited_has_its_deposit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tx_hash", django.db.models.functions.text.Lower("tx_hash"))),
                        name="observed_hash_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("from_wallet", django.db.models.functions.text.Lower("from_wallet")),
                            ("to_wallet", django.db.models.functions.text.Lower("to_wallet")),
                        ),
                        name="observed_wallets_lower_case",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutHold",
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
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("payout_holds")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("HO"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                ("kind", models.CharField(choices=[("staff", "Staff"), ("failed", "Failed")], max_length=16)),
                (
                    "amount",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="everything where there is none", null=True
                    ),
                ),
                ("reason", models.TextField(help_text="shown to the owner of the money")),
                ("created_by", models.CharField(max_length=64)),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, help_text="ends by itself then; never without", null=True
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by", models.CharField(blank=True, max_length=64)),
                (
                    "ended_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("expired", "Expired"),
                            ("address_changed", "Address Changed"),
                            ("staff", "Staff"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payout_holds",
                        to="platforms.platform",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payout_holds",
                        to="workers.worker",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        blank=True,
                        help_text="the payout that it came from",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="payments.transaction",
                    ),
                ),
            ],
            options={
                "db_table": "payout_holds",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["created_at"],
                        name="payout_holds_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("platform__isnull", True), ("worker__isnull", False)),
                            models.Q(("platform__isnull", False), ("worker__isnull", True)),
                            _connector="OR",
                        ),
                        name="payout_hold_keeps_one_partys_money",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "staff"),
                            models.Q(
                                ("kind", "failed"), ("payout__isnull", False), ("worker__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="payout_hold_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__isnull", True),
                            models.Q(("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))),
                            _connector="OR",
                        ),
                        name="payout_hold_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="payout_hold_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__isnull", True),
                            ("expires_at__gt", models.F("created_at")),
                            _connector="OR",
                        ),
                        name="payout_hold_expires_after_it_was_made",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_because", ""), ("ended_by", "")),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("ended_because__in", ["expired", "address_changed", "staff"]),
                                models.Q(("ended_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="payout_hold_ends_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_because", "staff"), ("ended_by", models.F("created_by")), _negated=True
                        ),
                        name="payout_hold_ended_by_a_second_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("amount__isnull", True), ("ended_at__isnull", True), ("worker__isnull", False)
                        ),
                        fields=("worker", "kind"),
                        name="payout_hold_of_everything_once_per_worker",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("amount__isnull", True), ("ended_at__isnull", True), ("platform__isnull", False)
                        ),
                        fields=("platform",),
                        name="payout_hold_of_everything_once_per_platform",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformPayout",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(editable=False, help_text="of the payout")),
                (
                    "amount",
                    gigstream.core.money.MoneyField(help_text="of the pay of its tasks, before deductions"),
                ),
                ("task_count", models.PositiveIntegerField()),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payout_parts",
                        to="platforms.platform",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="platform_parts",
                        to="payments.transaction",
                    ),
                ),
            ],
            options={
                "db_table": "platform_payouts",
                "indexes": [
                    models.Index(fields=["platform", "created_at", "payout"], name="platform_payouts_created")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("payout", "platform"), name="platform_payout_once_per_platform"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="platform_payout_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("task_count__gte", 1)), name="platform_payout_has_tasks"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SettlementAttempt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(help_text="1, 2, … of the calls about the same row")),
                ("service", models.CharField(max_length=32)),
                ("started_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("milliseconds", models.PositiveIntegerField(blank=True, null=True)),
                ("error_message", models.TextField(blank=True)),
                ("answer", models.JSONField(blank=True, help_text="as received, without secrets", null=True)),
                (
                    "operation",
                    models.CharField(
                        choices=[
                            ("transfer", "Transfer"),
                            ("read", "Read"),
                            ("find", "Find"),
                            ("accelerate", "Accelerate"),
                            ("cancel", "Cancel"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        blank=True, help_text="the transfer's, in the provider's word", max_length=40
                    ),
                ),
                (
                    "error_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("network", "Network"),
                            ("unknown_outcome", "Unknown Outcome"),
                            ("credentials", "Credentials"),
                            ("invalid_request", "Invalid Request"),
                            ("key_reused", "Key Reused"),
                            ("gas", "Gas"),
                            ("nonce", "Nonce"),
                            ("execution", "Execution"),
                            ("blocked_destination", "Blocked Destination"),
                            ("insufficient_funds", "Insufficient Funds"),
                        ],
                        max_length=24,
                        null=True,
                    ),
                ),
                (
                    "gas_price",
                    models.PositiveBigIntegerField(blank=True, help_text="wei for a unit of gas", null=True),
                ),
                ("gas_used", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "network_fee",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="USDC; the house bears it", null=True
                    ),
                ),
                ("block_number", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "transaction",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="payments.transaction",
                    ),
                ),
            ],
            options={
                "db_table": "settlement_attempts",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["started_at"], name="settlementattempt_started"),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["started_at"],
                        name="settlementattempt_open",
                    ),
                    models.Index(
                        condition=models.Q(("error_class", "unknown_outcome")),
                        fields=["started_at"],
                        name="settlementattempt_unknown",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="settlementattempt_number_from_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True),
                                ("error_class__isnull", True),
                                ("milliseconds__isnull", True),
                            ),
                            models.Q(("ended_at__isnull", False), ("milliseconds__isnull", False)),
                            _connector="OR",
                        ),
                        name="settlementattempt_ended_has_its_time",
                    ),
                    models.UniqueConstraint(fields=("transaction", "number"), name="attempt_once_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("operation__in", ["transfer", "read", "find", "accelerate", "cancel"])
                        ),
                        name="attempt_operation_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("error_class__isnull", True),
                            (
                                "error_class__in",
                                [
                                    "network",
                                    "unknown_outcome",
                                    "credentials",
                                    "invalid_request",
                                    "key_reused",
                                    "gas",
                                    "nonce",
                                    "execution",
                                    "blocked_destination",
                                    "insufficient_funds",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="attempt_error_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportedEarning",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "work_event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earnings",
                        to="platforms.workevent",
                    ),
                ),
            ],
            options={
                "db_table": "reported_earnings",
                "constraints": [
                    models.UniqueConstraint(fields=("work_event",), name="work_event_pays_one_entry"),
                    models.UniqueConstraint(fields=("entry",), name="entry_pays_for_one_work_event"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RoyaltyPayment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("number", models.PositiveIntegerField(help_text="1, 2, … of this pay")),
                ("amount", gigstream.core.money.MoneyField(help_text="to the creator")),
                ("recovered", gigstream.core.money.MoneyField(default=0, help_text="back to the platform")),
                ("fee", gigstream.core.money.MoneyField(default=0)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="royalty_payment",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "pay",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paid_by",
                        to="payments.periodpay",
                    ),
                ),
            ],
            options={
                "db_table": "royalty_payments",
                "constraints": [
                    models.UniqueConstraint(fields=("pay", "number"), name="royalty_payment_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0),
                            ("amount__lte", Decimal("99999999999999.999999")),
                            ("fee__gte", 0),
                            ("number__gte", 1),
                        ),
                        name="royalty_payment_pays",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("recovered__gte", 0),
                            (
                                "recovered__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("amount"), "/", models.Value(9)
                                ),
                            ),
                        ),
                        name="royalty_payment_recovers_a_tenth",
                    ),
                ],
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("requested_by", models.F("approved_by")), _negated=True),
                        name="adjustment_by_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="adjustment_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CoveredParts",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("amount", gigstream.core.money.MoneyField()),
                ("given_back", models.BooleanField(default=False)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.account",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="covers",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "first_part",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "last_part",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.ledgerentry",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "covered parts",
                "db_table": "covered_parts",
                "indexes": [
                    models.Index(
                        condition=models.Q(("given_back", False)),
                        fields=["account", "last_part"],
                        name="covered_parts_of_an_account",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="covered_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_part__lte", models.F("last_part"))),
                        name="covered_in_order",
                    ),
                    models.UniqueConstraint(fields=("entry", "first_part"), name="covered_once_by_an_entry"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CoveredTask",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(editable=False, help_text="of the debit")),
                ("amount", gigstream.core.money.MoneyField(help_text="of the pay, after deductions")),
                (
                    "pay",
                    gigstream.core.money.MoneyField(
                        help_text="of the pay, before deductions, which its platform does not know of"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="covered_tasks",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="covered_by",
                        to="platforms.task",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="empty where the money went to repay an advance or was taken by an adjustment",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="covered_tasks",
                        to="payments.transaction",
                    ),
                ),
            ],
            options={
                "db_table": "covered_tasks",
                "indexes": [
                    models.Index(
                        condition=models.Q(("payout__isnull", False)),
                        fields=["payout", "id"],
                        name="covered_tasks_of_a_payout",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("entry", "task"), name="covered_task_once_by_an_entry"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="covered_task_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pay__gte", models.F("amount")), ("pay__lte", Decimal("99999999999999.999999"))
                        ),
                        name="covered_task_pay_is_at_least_what_left",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DistributionShare",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("plays", models.BigIntegerField(help_text="that count")),
                ("plays_refused", models.BigIntegerField(help_text="left out as artificial")),
                ("weight", models.DecimalField(decimal_places=0, max_digits=40)),
                ("amount", gigstream.core.money.MoneyField()),
                (
                    "creator",
                    models.ForeignKey(
                        db_column="creator_number",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="distribution_shares",
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
                (
                    "distribution",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="payments.distribution",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="distribution_shares",
                        to="payments.ledgerentry",
                    ),
                ),
            ],
            options={
                "db_table": "distribution_shares",
                "indexes": [
                    models.Index(fields=["creator", "-id"], name="distribution_shares_of_creator"),
                    models.Index(
                        condition=models.Q(("amount__gt", 0), ("entry__isnull", True)),
                        fields=["distribution", "id"],
                        name="distribution_shares_to_pay",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("distribution", "creator"), name="distribution_share_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gte", 0),
                            ("amount__lte", Decimal("99999999999999.999999")),
                            ("plays__gte", 0),
                            ("plays_refused__gte", 0),
                            ("weight__gte", 0),
                        ),
                        name="distribution_share_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("entry__isnull", True), ("amount__gt", 0), _connector="OR"),
                        name="distribution_share_pays_an_amount",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutHoldPart",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("amount", gigstream.core.money.MoneyField()),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="payments.payouthold",
                    ),
                ),
            ],
            options={
                "db_table": "payout_hold_parts",
                "constraints": [
                    models.UniqueConstraint(fields=("hold", "entry"), name="payout_hold_names_a_part_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="payout_hold_part_amount_positive",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gasalarm",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="69d6fb0461872397c5e5d5518db98935a3b8cda3",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f02e0",
                    table="gas_alarms",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="providernotification",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{genuine:applied,received:duplicate,received:forged,received:genuine}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="e076d0b30642f4c7dbfcc5cec346d8015e60e573",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_c9a15",
                    table="provider_notifications",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sandboxfault",
            trigger=pgtrigger.compiler.Trigger(
                name="only_in_test_databases",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT FROM database_identity WHERE kind = 'live') THEN\n                RAISE EXCEPTION 'gigstream: a live database holds no simulated money (%)', TG_TABLE_NAME;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="f36701d7b031053b401c79041595ca73e7e01554",
                    operation="INSERT",
                    pgid="pgtrigger_only_in_test_databases_a6de8",
                    table="sandbox_faults",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sandboxwallet",
            trigger=pgtrigger.compiler.Trigger(
                name="only_in_test_databases",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT FROM database_identity WHERE kind = 'live') THEN\n                RAISE EXCEPTION 'gigstream: a live database holds no simulated money (%)', TG_TABLE_NAME;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="1d8e3043f92715cc27cabca3131b9b382072defe",
                    operation="INSERT",
                    pgid="pgtrigger_only_in_test_databases_76753",
                    table="sandbox_wallets",
                    when="BEFORE",
                ),
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
                name="has_the_short_number_of_its_task",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    SELECT short_number INTO NEW.short_number FROM tasks WHERE id = NEW.task_id;\n                    RETURN NEW;\n                ",
                    hash="275cb48b52974144d19f2ac6e100eb74ef9e860c",
                    operation="INSERT",
                    pgid="pgtrigger_has_the_short_number_of_its_task_04706",
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
        pgtrigger.migrations.AddTrigger(
            model_name="adjustment",
            trigger=pgtrigger.compiler.Trigger(
                name="between_adjustable_accounts",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF EXISTS (\n                        SELECT FROM ledger_entries e\n                        JOIN accounts a ON a.id IN (e.debit_account_id, e.credit_account_id)\n                        WHERE e.id = NEW.entry_id AND a.name NOT IN ('available', 'fees', 'losses', 'rewards')\n                    ) THEN\n                        RAISE EXCEPTION 'adjustment_between_adjustable_accounts'\n                            USING ERRCODE = 'check_violation';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="cb0df85b10ddb21a38ef195a7e6d4abada9f46ea",
                    operation="INSERT",
                    pgid="pgtrigger_between_adjustable_accounts_51d1a",
                    table="adjustments",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chainoperation",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{dead:pending,pending:confirmed,pending:dead,pending:submitted,submitted:confirmed,submitted:dead,submitted:pending}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="f608cb63f793f8e206002cf80a5a9f9209ba7e22",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_88fe4",
                    table="chain_operations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chainoperation",
            trigger=pgtrigger.compiler.Trigger(
                name="writes_the_same_fact",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."creator_count" IS DISTINCT FROM (NEW."creator_count") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "kind", "key", "platform_id", "creator_count" rows from % table\', TG_TABLE_NAME;',
                    hash="5babcc8e007b5fab3c79d0749867608869129731",
                    operation='UPDATE OF "kind", "key", "platform_id", "creator_count"',
                    pgid="pgtrigger_writes_the_same_fact_643e7",
                    table="chain_operations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chainattempt",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changes_once_ended",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."ended_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="0f97c75484ba50b977388595175cdefae95ab25a",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changes_once_ended_5d3a3",
                    table="chain_attempts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="coveredparts",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="f8a674b125c22ec5687d28d07d7cac75be8bb6e6",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_28110",
                    table="covered_parts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="coveredparts",
            trigger=pgtrigger.compiler.Trigger(
                name="what_is_covered_is_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "id", "entry_id", "account_id", "first_part_id", "last_part_id", "amount" rows from % table\', TG_TABLE_NAME;',
                    hash="01fe8d5c8c6686c00866fc467b6dc9f4d39ac38e",
                    operation='UPDATE OF "id", "entry_id", "account_id", "first_part_id", "last_part_id", "amount"',
                    pgid="pgtrigger_what_is_covered_is_fixed_6ca49",
                    table="covered_parts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="coveredparts",
            trigger=pgtrigger.compiler.Trigger(
                name="given_back_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."given_back")',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9e46ed58492d7882971db1897fbf585a2c5b0143",
                    operation="UPDATE",
                    pgid="pgtrigger_given_back_once_a7e51",
                    table="covered_parts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="distribution",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{approved:paid,draft:approved,draft:cancelled}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="d0bee662e6688b0e0e2507bcb172a45f81ff6e0c",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_670b2",
                    table="distributions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="distribution",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="d9c428ab3176087be1c95b3a3154c7d622aab73f",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_db0d4",
                    table="distributions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="distribution",
            trigger=pgtrigger.compiler.Trigger(
                name="terms_of_money_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."fee_bps" IS DISTINCT FROM (NEW."fee_bps") OR OLD."first" IS DISTINCT FROM (NEW."first") OR OLD."last" IS DISTINCT FROM (NEW."last") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "number", "first", "last", "amount", "fee_bps" rows from % table\', TG_TABLE_NAME;',
                    hash="eff9b5f98585d29e94f74de8d37ddb7b18345536",
                    operation='UPDATE OF "platform_id", "number", "first", "last", "amount", "fee_bps"',
                    pgid="pgtrigger_terms_of_money_fixed_f9208",
                    table="distributions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gasspending",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8db9ad296ddcd96a5bfcd1c9c07568d757fb32c7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_74d6b",
                    table="gas_spendings",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="operationcreator",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_its_numbers",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."followers" IS DISTINCT FROM (NEW."followers") OR OLD."likes" IS DISTINCT FROM (NEW."likes") OR OLD."listeners" IS DISTINCT FROM (NEW."listeners") OR OLD."plays" IS DISTINCT FROM (NEW."plays") OR OLD."revenue" IS DISTINCT FROM (NEW."revenue"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "plays", "followers", "likes", "listeners", "revenue" rows from % table\', TG_TABLE_NAME;',
                    hash="982e619733089743e6016b3458255226894b032b",
                    operation='UPDATE OF "plays", "followers", "likes", "listeners", "revenue"',
                    pgid="pgtrigger_keeps_its_numbers_be50e",
                    table="chain_operation_creators",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payoutholdpart",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6beec03a63539c9c28cc650d82ffb708e1869ff2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_71e46",
                    table="payout_hold_parts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pool",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{closing:closed,open:closing}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="63ab386922a1d798ea90fa3edcd5c4c71d8b0645",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_d17e0",
                    table="pools",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pool",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c991e25df506c3d7072c32ef4d24b59ef50aef7d",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_31e68",
                    table="pools",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pool",
            trigger=pgtrigger.compiler.Trigger(
                name="terms_of_money_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."fee_bps" IS DISTINCT FROM (NEW."fee_bps") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "fee_bps" rows from % table\', TG_TABLE_NAME;',
                    hash="f86c1911acf10761e6ad23e4c9136946eef6dcfc",
                    operation='UPDATE OF "platform_id", "fee_bps"',
                    pgid="pgtrigger_terms_of_money_fixed_2d429",
                    table="pools",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="poolwrite",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="823b1bf2d3fed541b6902acaa1207b48d8725735",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_cb88e",
                    table="pool_writes",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportedearning",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4b2db359e00f36115fbdb7ff815876d51b22cf1a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_cc7c2",
                    table="reported_earnings",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="royaltypayment",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b469085b782016c630239ed02621f586a908daad",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_057d8",
                    table="royalty_payments",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="royaltyperiod",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{grace:final,open:grace}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="e679d2892feacf8919f1e4d0972316ce31d836be",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_e55dd",
                    table="royalty_periods",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="royaltyperiod",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="ab90316d959a04ed8cef7a6732056402e57d3e8d",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_39cc1",
                    table="royalty_periods",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="royaltyperiod",
            trigger=pgtrigger.compiler.Trigger(
                name="terms_of_period_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."fee_bps" IS DISTINCT FROM (NEW."fee_bps") OR OLD."first" IS DISTINCT FROM (NEW."first") OR OLD."last" IS DISTINCT FROM (NEW."last") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "first", "last", "fee_bps" rows from % table\', TG_TABLE_NAME;',
                    hash="0c013159cc6a9d4b5b8032984e3241216857a298",
                    operation='UPDATE OF "platform_id", "first", "last", "fee_bps"',
                    pgid="pgtrigger_terms_of_period_fixed_9f3eb",
                    table="royalty_periods",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="periodfunding",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a56880c445cfce93dc5e696c8511ff33b6383902",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_c46e0",
                    table="period_fundings",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sandboxtransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="only_in_test_databases",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT FROM database_identity WHERE kind = 'live') THEN\n                RAISE EXCEPTION 'gigstream: a live database holds no simulated money (%)', TG_TABLE_NAME;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="79829ca4ae0f8a9689d770c1251558c095fe2274",
                    operation="INSERT",
                    pgid="pgtrigger_only_in_test_databases_bfbf8",
                    table="sandbox_transfers",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signedversion",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b26c28cc80511999da9f92ff82d3c3d4c4045c83",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_94e9b",
                    table="signed_versions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="statement",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f35365e472d6d548a74cd1920bcecb6a9b9ac54b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_0a318",
                    table="royalty_statements",
                    when="BEFORE",
                ),
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
        pgtrigger.migrations.AddTrigger(
            model_name="transaction",
            trigger=pgtrigger.compiler.Trigger(
                name="opens_its_day_again",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    DELETE FROM transaction_days USING made\n                    WHERE transaction_days.day = (made.created_at AT TIME ZONE 'UTC')::date;\n                    RETURN NULL;\n                ",
                    hash="a5034bc44871bf23b9da44d479a2764518abb980",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_opens_its_day_again_0f846",
                    referencing="REFERENCING NEW TABLE AS made ",
                    table="transactions",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="settlementattempt",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changes_once_ended",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."ended_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="8c98c3f109c4c6665210117638f05f1887c9ec21",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changes_once_ended_80942",
                    table="settlement_attempts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="platformpayout",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f864fc0c19e9f5df5b017fcaabc3d6798e484808",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_3c5a5",
                    table="platform_payouts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payouthold",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="a201f3594dc5ed35053b09bc8544703cbac55842",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_fc219",
                    table="payout_holds",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payouthold",
            trigger=pgtrigger.compiler.Trigger(
                name="what_is_held_is_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "id", "worker_id", "platform_id", "kind", "amount", "payout_id", "reason", "created_by" rows from % table\', TG_TABLE_NAME;',
                    hash="d65d85e79bb10f03a60335fc34cbc513d9286ff2",
                    operation='UPDATE OF "id", "worker_id", "platform_id", "kind", "amount", "payout_id", "reason", "created_by"',
                    pgid="pgtrigger_what_is_held_is_fixed_fa0a4",
                    table="payout_holds",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payouthold",
            trigger=pgtrigger.compiler.Trigger(
                name="ended_stays_ended",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."ended_at" IS NOT NULL)',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "ended_at", "ended_by", "ended_because", "expires_at" rows from % table\', TG_TABLE_NAME;',
                    hash="a60bb81fcedf5c8467d174e3366263ea54c04c59",
                    operation='UPDATE OF "ended_at", "ended_by", "ended_because", "expires_at"',
                    pgid="pgtrigger_ended_stays_ended_f9e4c",
                    table="payout_holds",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="observedtransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{seen:credited,seen:unknown_platform,seen:vanished,unknown_platform:credited,vanished:seen}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="20dfc75dc2b8e7d96c0d92f7b4d0658eb8eea515",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_38910",
                    table="observed_transfers",
                    when="BEFORE",
                ),
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
        pgtrigger.migrations.AddTrigger(
            model_name="coveredtask",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="29d3e0e846c4162db7eda38bc267c4b5c7e1c464",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_07886",
                    table="covered_tasks",
                    when="BEFORE",
                ),
            ),
        ),
    ]
