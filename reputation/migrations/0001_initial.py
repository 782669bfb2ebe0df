import datetime
from decimal import Decimal

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.math
import django.db.models.functions.text
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.core.clock
import gigstream.core.ids
import gigstream.core.money
import gigstream.core.postgres.short_numbers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("payments", "0001_initial"),
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReputationEvent",
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
                    "event_type",
                    models.CharField(
                        choices=[
                            ("task_completed", "Task Completed"),
                            ("task_late", "Task Late"),
                            ("dispute_filed", "Dispute Filed"),
                            ("dispute_resolved", "Dispute Resolved"),
                            ("rating_received", "Rating Received"),
                            ("manual_adjustment", "Manual Adjustment"),
                            ("loan_repaid", "Loan Repaid"),
                            ("loan_defaulted", "Loan Defaulted"),
                        ],
                        max_length=24,
                    ),
                ),
                ("delta", models.SmallIntegerField()),
                ("previous_score", models.PositiveSmallIntegerField(editable=False)),
                ("new_score", models.PositiveSmallIntegerField(editable=False)),
                (
                    "number",
                    models.PositiveIntegerField(editable=False, help_text="1, 2, … of this worker's events"),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "triggered_by",
                    models.CharField(blank=True, help_text="the actor behind it", max_length=80),
                ),
                (
                    "source_key",
                    models.CharField(
                        blank=True,
                        help_text="the fact behind it, so that it counts once",
                        max_length=160,
                        null=True,
                        unique=True,
                    ),
                ),
                (
                    "counted_on",
                    models.DateField(
                        blank=True,
                        help_text="the UTC day to whose bounds it counts; empty without bounds",
                        null=True,
                    ),
                ),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "task",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reputation_events",
                        to="platforms.task",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reputation_events",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "reputation_events",
                "indexes": [
                    models.Index(fields=["worker", "created_at"], name="reputation_worker_created"),
                    models.Index(fields=["created_at"], name="reputation_created"),
                    models.Index(
                        condition=models.Q(
                            ("counted_on__isnull", False), models.Q(("delta", 0), _negated=True)
                        ),
                        fields=["worker", "counted_on"],
                        name="reputation_bounded",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("worker", "number"), name="reputation_events_in_order"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "task_completed",
                                    "task_late",
                                    "dispute_filed",
                                    "dispute_resolved",
                                    "rating_received",
                                    "manual_adjustment",
                                    "loan_repaid",
                                    "loan_defaulted",
                                ],
                            )
                        ),
                        name="reputation_event_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("new_score__range", (0, 1000)), ("previous_score__range", (0, 1000))
                        ),
                        name="reputation_scores_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("event_type", "manual_adjustment"), ("reason", ""), _negated=True
                        ),
                        name="reputation_adjustment_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PointsBalance",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("balance", models.BigIntegerField(default=0)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=gigstream.core.clock.DatabaseNow(),
                        help_text="when its last entry was booked",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="owner of the points; empty for the house",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points_balances",
                        to="platforms.platform",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="points_balances",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "points_balances",
                "indexes": [
                    models.Index(
                        condition=models.Q(("balance__gt", 0)),
                        fields=["platform", "-balance", "worker"],
                        name="points_balances_ranked",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("worker", "platform"),
                        name="points_balance_once_per_owner",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("balance__range", (0, 9007199254740992))),
                        name="points_balance_not_overdrawn",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PointsEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("grant", "Grant"), ("reversal", "Reversal"), ("closing", "Closing")],
                        max_length=16,
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="whole points; below zero takes points")),
                ("balance_after", models.BigIntegerField(editable=False)),
                (
                    "earned_at",
                    models.DateTimeField(
                        help_text="period of leaderboards to which it counts: of a reversal that of the reversed entry"
                    ),
                ),
                ("reason", models.TextField()),
                (
                    "quest_event_id",
                    models.BigIntegerField(
                        blank=True, help_text="event of a quest that made the entry", null=True
                    ),
                ),
                ("requested_by", models.CharField(blank=True, help_text="of a reversal", max_length=80)),
                ("approved_by", models.CharField(blank=True, help_text="of a reversal", max_length=80)),
                (
                    "platform",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="owner of the points; empty for the house",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points_entries",
                        to="platforms.platform",
                    ),
                ),
                (
                    "reverses",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="entry that this reverses",
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="reversals",
                        to="reputation.pointsentry",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="points_entries",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "points entries",
                "db_table": "points_entries",
                "indexes": [
                    models.Index(fields=["worker", "created_at", "id"], name="points_entries_worker"),
                    models.Index(fields=["-created_at", "-id"], name="points_entries_recent"),
                    models.Index(fields=["platform", "earned_at"], name="points_entries_period"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("quest_event_id__isnull", False)),
                        fields=("quest_event_id",),
                        name="points_once_per_event",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reverses__isnull", False)),
                        fields=("reverses",),
                        name="points_reversed_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "grant"),
                                ("quest_event_id__isnull", False),
                                ("reverses__isnull", True),
                            ),
                            models.Q(
                                ("kind", "reversal"),
                                ("quest_event_id__isnull", True),
                                ("reverses__isnull", False),
                            ),
                            models.Q(
                                ("amount__lt", 0),
                                ("balance_after", 0),
                                ("kind", "closing"),
                                ("quest_event_id__isnull", True),
                                ("reverses__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="points_entry_has_one_source",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("balance_after__range", (0, 9007199254740992))),
                        name="points_entry_not_overdrawn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="points_entry_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "reversal"),
                                models.Q(("requested_by", ""), _negated=True),
                                models.Q(("approved_by", ""), _negated=True),
                                models.Q(("requested_by", models.F("approved_by")), _negated=True),
                            ),
                            models.Q(
                                models.Q(("kind", "reversal"), _negated=True),
                                ("approved_by", ""),
                                ("requested_by", ""),
                            ),
                            _connector="OR",
                        ),
                        name="points_reversal_by_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reverses__isnull", True), ("reverses__lt", models.F("id")), _connector="OR"
                        ),
                        name="points_reversal_of_an_earlier_entry",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Quest",
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
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("quests")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("QU"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                ("slug", models.CharField(max_length=64)),
                ("title", models.CharField(max_length=200)),
                ("instructions", models.TextField(blank=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("social_check", "Social Check"),
                            ("submission", "Submission"),
                            ("on_chain", "On Chain"),
                            ("check_in", "Check In"),
                            ("referral", "Referral"),
                            ("custom", "Custom"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "network",
                    models.CharField(
                        blank=True, help_text="where the act is done, as a social network", max_length=32
                    ),
                ),
                (
                    "is_claimable",
                    models.BooleanField(
                        default=False,
                        help_text="whether workers claim it by themselves; else events are reported",
                    ),
                ),
                (
                    "reward_kind",
                    models.CharField(choices=[("points", "Points"), ("payout", "Payout")], max_length=16),
                ),
                ("reward_amount", gigstream.core.money.MoneyField(help_text="USDC, or whole points")),
                (
                    "fee_bps",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="the platform's rate when the quest was made; 0 for points and the house",
                    ),
                ),
                ("period", models.CharField(choices=[("once", "Once"), ("daily", "Daily")], max_length=16)),
                (
                    "limit_per_worker",
                    models.PositiveIntegerField(
                        blank=True, help_text="rewards of a worker in each period", null=True
                    ),
                ),
                (
                    "limit_total",
                    models.PositiveIntegerField(
                        blank=True, help_text="places: rewards of all workers", null=True
                    ),
                ),
                (
                    "places_taken",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="rewards granted, held or reserved, and those refused after a hold",
                    ),
                ),
                (
                    "budget",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="none for points without a bound", null=True
                    ),
                ),
                ("granted", gigstream.core.money.MoneyField(default=Decimal("0"))),
                ("reserved", gigstream.core.money.MoneyField(default=Decimal("0"))),
                (
                    "outflow_limit",
                    gigstream.core.money.MoneyField(
                        blank=True,
                        help_text="rewards of an hour at most; none: that of the house for USDC, no bound for points",
                        null=True,
                    ),
                ),
                (
                    "cooldown_seconds",
                    models.PositiveIntegerField(default=0, help_text="between two events of a worker"),
                ),
                (
                    "min_tier",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("Starter", "Starter"),
                            ("Bronze", "Bronze"),
                            ("Silver", "Silver"),
                            ("Gold", "Gold"),
                            ("Platinum", "Platinum"),
                            ("Diamond", "Diamond"),
                        ],
                        help_text="empty: any",
                        max_length=16,
                    ),
                ),
                ("min_account_age_days", models.PositiveIntegerField(default=0)),
                (
                    "countries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2),
                        blank=True,
                        default=list,
                        help_text="empty: all",
                        size=None,
                    ),
                ),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("open", "Open"),
                            ("paused", "Paused"),
                            ("exhausted", "Exhausted"),
                            ("closed", "Closed"),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                (
                    "is_active",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.ExpressionWrapper(
                            models.Q(("status", "open")), output_field=models.BooleanField()
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
                ("opened_at", models.DateTimeField(blank=True, help_text="the first time", null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "platform",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quests",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "quests",
                "indexes": [
                    models.Index(fields=["platform", "created_at"], name="quests_platform_created"),
                    models.Index(fields=["created_at"], name="quests_created"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["title"], name="quests_by_parts_of_title", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["open", "paused", "exhausted"])),
                        fields=["created_at", "id"],
                        name="quests_on_offer",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("platform", "slug"), name="quest_slug_once_per_owner", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("slug__regex", "^[a-z0-9]+(-[a-z0-9]+)*$")),
                        name="quest_slug_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "title__regex",
                                    "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                                ),
                                _negated=True,
                            ),
                            models.Q(("title", ""), _negated=True),
                        ),
                        name="quest_title_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["social_check", "submission", "on_chain", "check_in", "referral", "custom"],
                            )
                        ),
                        name="quest_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reward_kind__in", ["points", "payout"])),
                        name="quest_reward_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reward_amount__gt", 0), ("reward_amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="quest_reward_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reward_kind", "points"), _negated=True),
                            models.Q(
                                ("granted", django.db.models.functions.math.Floor("granted")),
                                ("reserved", django.db.models.functions.math.Floor("reserved")),
                                ("reward_amount", django.db.models.functions.math.Floor("reward_amount")),
                            ),
                            _connector="OR",
                        ),
                        name="quest_points_are_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("budget__isnull", False), ("reward_kind", "points"), _connector="OR"
                        ),
                        name="quest_payouts_have_a_budget",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("budget__isnull", True),
                            models.Q(
                                (
                                    "budget__gte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("granted"), "+", models.F("reserved")
                                    ),
                                ),
                                ("budget__lte", Decimal("99999999999999.999999")),
                            ),
                            _connector="OR",
                        ),
                        name="quest_within_its_budget",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("granted__gte", 0), ("reserved__gte", 0)),
                        name="quest_sums_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outflow_limit__isnull", True),
                            models.Q(
                                ("outflow_limit__gt", 0),
                                ("outflow_limit__lte", Decimal("99999999999999.999999")),
                            ),
                            _connector="OR",
                        ),
                        name="quest_outflow_limit_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fee_bps__range", (0, 10000)),
                            models.Q(
                                ("fee_bps", 0),
                                models.Q(("platform__isnull", False), ("reward_kind", "payout")),
                                _connector="OR",
                            ),
                        ),
                        name="quest_fee_of_a_platforms_payouts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period__in", ["once", "daily"])), name="quest_period_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("limit_per_worker__isnull", True),
                                ("limit_per_worker__gte", 1),
                                _connector="OR",
                            ),
                            models.Q(("limit_total__isnull", True), ("limit_total__gte", 1), _connector="OR"),
                        ),
                        name="quest_limits_from_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("limit_total__isnull", True),
                            ("places_taken__lte", models.F("limit_total")),
                            _connector="OR",
                        ),
                        name="quest_within_its_places",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("min_tier", ""),
                            ("min_tier__in", ["Starter", "Bronze", "Silver", "Gold", "Platinum", "Diamond"]),
                            _connector="OR",
                        ),
                        name="quest_min_tier_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_at__isnull", True),
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="quest_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["draft", "open", "paused", "exhausted", "closed"])
                        ),
                        name="quest_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", False), ("status", "closed")),
                            models.Q(
                                models.Q(("status", "closed"), _negated=True), ("closed_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="quest_closed_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Referral",
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
                    "counted_at",
                    models.DateTimeField(
                        blank=True, help_text="when the first paid task was counted for quests", null=True
                    ),
                ),
                (
                    "referrer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="referrals",
                        to="workers.worker",
                    ),
                ),
                (
                    "worker",
                    models.OneToOneField(
                        help_text="who was referred",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="referral",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "referrals",
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="referrals_recent"),
                    models.Index(fields=["referrer", "created_at"], name="referrals_of_a_referrer"),
                    models.Index(
                        condition=models.Q(("counted_at__isnull", True)),
                        fields=["created_at"],
                        name="referrals_to_count",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("worker", models.F("referrer")), _negated=True),
                        name="referral_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("counted_at__isnull", True),
                            ("counted_at__gte", models.F("created_at")),
                            _connector="OR",
                        ),
                        name="referral_counted_after_it_was_named",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StreakPause",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(help_text="the last date of the pause")),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="streak_pauses",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "streak_pauses",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("worker", "starts_on"), name="streak_pause_once_per_date"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__gte", models.F("starts_on")),
                            (
                                "ends_on__lt",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("starts_on"), "+", models.Value(datetime.timedelta(days=14))
                                ),
                            ),
                        ),
                        name="streak_pause_of_at_most_14_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StreakZone",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("time_zone", models.CharField(help_text="of IANA", max_length=64)),
                ("first_date", models.DateField(help_text="the first date that is of this zone")),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="streak_zones",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "streak_zones",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("worker", "first_date"), name="streak_zone_once_per_date"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("time_zone", ""), _negated=True), name="streak_zone_named"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TokenValue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("amount", models.DecimalField(decimal_places=6, help_text="in the currency", max_digits=20)),
                ("currency", models.CharField(max_length=11)),
                (
                    "rate",
                    models.DecimalField(
                        decimal_places=6, help_text="USDC for one of the currency", max_digits=20
                    ),
                ),
                (
                    "market_value",
                    gigstream.core.money.MoneyField(help_text="USDC: the amount at the rate, rounded down"),
                ),
                ("as_of", models.DateTimeField(help_text="time of the amount and the rate")),
                (
                    "creator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="token_values",
                        to="platforms.creatorprofile",
                    ),
                ),
            ],
            options={
                "db_table": "token_values",
                "constraints": [
                    models.UniqueConstraint(fields=("creator", "as_of"), name="token_value_once_per_time"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gte", 0),
                            ("market_value__gte", 0),
                            ("market_value__lte", Decimal("99999999999999.999999")),
                            ("rate__gt", 0),
                        ),
                        name="token_value_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z][A-Z0-9]{1,10}$")),
                        name="token_value_currency_well_formed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkerOutflow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("date", models.DateField()),
                ("granted", gigstream.core.money.MoneyField(default=Decimal("0"))),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quest_outflows",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "quest_worker_outflows",
                "constraints": [
                    models.UniqueConstraint(fields=("worker", "date"), name="worker_outflow_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("granted__gte", 0), ("granted__lte", Decimal("99999999999999.999999"))
                        ),
                        name="worker_outflow_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkerTie",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("payout_address", "payout address"),
                            ("social", "social account"),
                            ("upload", "uploaded file"),
                            ("device", "device"),
                            ("network", "network address"),
                        ],
                        max_length=16,
                    ),
                ),
                ("key_hash", models.CharField(editable=False, help_text="keyed", max_length=64)),
                ("first_seen_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                ("last_seen_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ties",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "worker_ties",
                "indexes": [models.Index(fields=["kind", "key_hash", "worker"], name="worker_ties_key")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("worker", "kind", "key_hash"), name="tie_once_per_worker"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["payout_address", "social", "upload", "device", "network"])
                        ),
                        name="tie_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("key_hash__regex", "^[0-9a-f]{64}$")), name="tie_hash_is_sha256"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_seen_at__gte", models.F("first_seen_at"))),
                        name="tie_last_seen_after_first",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckIn",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("local_date", models.DateField(help_text="in the worker's time zone")),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("streak_started_on", models.DateField(blank=True, null=True)),
                (
                    "streak_days",
                    models.PositiveIntegerField(blank=True, help_text="with this date", null=True),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="check_ins",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "check_ins",
                "indexes": [models.Index(fields=["-created_at", "-id"], name="check_ins_recent")],
                "constraints": [
                    models.UniqueConstraint(fields=("worker", "local_date"), name="check_in_once_per_date"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("claimed_at__isnull", True),
                                ("streak_days__isnull", True),
                                ("streak_started_on__isnull", True),
                            ),
                            models.Q(
                                ("claimed_at__isnull", False),
                                ("streak_days__gte", 1),
                                ("streak_days__isnull", False),
                                ("streak_started_on__isnull", False),
                                ("streak_started_on__lte", models.F("local_date")),
                            ),
                            _connector="OR",
                        ),
                        name="check_in_claimed_with_its_streak",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Clearing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("accounts", models.PositiveIntegerField(help_text="of the cluster then")),
                ("reason", models.TextField()),
                ("decided_by", models.CharField(max_length=80)),
                (
                    "worker",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clearing",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "sybil_clearings",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("accounts__gte", 2)), name="clearing_of_two_or_more"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__startswith", "staff:"), models.Q(("reason", ""), _negated=True)
                        ),
                        name="clearing_by_a_person_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cluster",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("accounts", models.PositiveIntegerField()),
                ("found_at", models.DateTimeField(help_text="when it was first found")),
                ("seen_at", models.DateTimeField(help_text="when it was last found")),
            ],
            options={
                "db_table": "sybil_clusters",
                "indexes": [models.Index(fields=["-accounts", "id"], name="sybil_clusters_largest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("accounts__gte", 2)), name="cluster_of_two_or_more"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("seen_at__gte", models.F("found_at"))),
                        name="cluster_seen_after_it_was_found",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreatorTotal",
            fields=[
                (
                    "creator",
                    models.OneToOneField(
                        db_column="creator_number",
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="totals",
                        serialize=False,
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
                ("plays", models.BigIntegerField(default=0)),
                ("followers", models.BigIntegerField(default=0, help_text="those who follow now")),
                ("likes", models.BigIntegerField(default=0, help_text="less unlikes")),
                ("comments", models.BigIntegerField(default=0)),
                ("shares", models.BigIntegerField(default=0)),
                ("purchases", models.BigIntegerField(default=0)),
                (
                    "revenue",
                    gigstream.core.money.MoneyField(default=0, help_text="amounts of purchases and tips"),
                ),
            ],
            options={
                "db_table": "creator_totals",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("comments__gte", 0),
                            ("plays__gte", 0),
                            ("purchases__gte", 0),
                            ("revenue__gte", 0),
                            ("shares__gte", 0),
                        ),
                        name="creator_total_not_below_zero",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MilestoneRule",
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
                ("name", models.CharField(help_text="the same in all versions", max_length=60)),
                ("version", models.PositiveIntegerField(default=1)),
                ("description", models.CharField(max_length=300)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("create_token", "Create Token"),
                            ("eligible", "Eligible"),
                            ("revenue_sharing", "Revenue Sharing"),
                        ],
                        max_length=24,
                    ),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="whose creators can reach it; empty for those of every platform",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestone_rules",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "milestone_rules",
                "indexes": [models.Index(fields=["-created_at", "-id"], name="milestone_rules_recent")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("platform", "name", "version"),
                        name="milestone_rule_version_once",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("platform", "name"),
                        name="milestone_rule_one_in_force",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^[a-z][a-z0-9_]{1,59}$")),
                        name="milestone_rule_name_well_formed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="milestone_rule_version_from_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("description", ""), _negated=True),
                            models.Q(
                                (
                                    "description__regex",
                                    "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                                ),
                                _negated=True,
                            ),
                        ),
                        name="milestone_rule_described",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["create_token", "eligible", "revenue_sharing"])),
                        name="milestone_rule_action_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Outage",
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
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.TextField()),
                ("requested_by", models.CharField(max_length=80)),
                ("approved_by", models.CharField(max_length=80)),
            ],
            options={
                "db_table": "outages",
                "indexes": [models.Index(fields=["-starts_at", "-id"], name="outages_recent")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__gt", models.F("starts_at")),
                            (
                                "ends_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("starts_at"), "+", models.Value(datetime.timedelta(days=14))
                                ),
                            ),
                        ),
                        name="outage_of_at_most_14_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="outage_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("requested_by", ""), _negated=True),
                            models.Q(("approved_by", ""), _negated=True),
                            models.Q(("requested_by", models.F("approved_by")), _negated=True),
                        ),
                        name="outage_by_two_people",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReputationHistory",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="reputation.reputationevent",
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="1, 2, … of this worker's events")),
                ("happened_at", models.DateTimeField()),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("task_completed", "Task Completed"),
                            ("task_late", "Task Late"),
                            ("dispute_filed", "Dispute Filed"),
                            ("dispute_resolved", "Dispute Resolved"),
                            ("rating_received", "Rating Received"),
                            ("manual_adjustment", "Manual Adjustment"),
                            ("loan_repaid", "Loan Repaid"),
                            ("loan_defaulted", "Loan Defaulted"),
                        ],
                        max_length=24,
                    ),
                ),
                ("delta", models.SmallIntegerField(help_text="points of the event")),
                ("previous_score", models.PositiveSmallIntegerField()),
                ("new_score", models.PositiveSmallIntegerField()),
                (
                    "change",
                    models.SmallIntegerField(help_text="delta, as far as the score stayed within 0 to 1000"),
                ),
                (
                    "tier",
                    models.CharField(
                        choices=[
                            ("Starter", "Starter"),
                            ("Bronze", "Bronze"),
                            ("Silver", "Silver"),
                            ("Gold", "Gold"),
                            ("Platinum", "Platinum"),
                            ("Diamond", "Diamond"),
                        ],
                        help_text="the band of the new score",
                        max_length=16,
                    ),
                ),
                ("reason", models.TextField()),
            ],
            options={
                "verbose_name_plural": "reputation history",
                "db_table": "reputation_history_view",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="QuestCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("period_date", models.DateField(blank=True, help_text="of a daily quest", null=True)),
                ("n", models.PositiveIntegerField(default=0)),
                (
                    "quest",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counts",
                        to="reputation.quest",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quest_counts",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "quest_counts",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("worker", "quest", "period_date"),
                        name="quest_counted_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestFunding",
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
                (
                    "fee",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="below 0 where it was given back"
                    ),
                ),
                (
                    "quest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fundings",
                        to="reputation.quest",
                    ),
                ),
            ],
            options={
                "db_table": "quest_fundings",
                "indexes": [models.Index(fields=["created_at"], name="quest_fundings_created")],
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
                        name="quest_funding_moves_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestOutflow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("hour", models.DateTimeField(help_text="when it begins")),
                ("granted", gigstream.core.money.MoneyField(default=Decimal("0"))),
                ("events", models.PositiveIntegerField(default=0)),
                (
                    "is_reached",
                    models.BooleanField(
                        default=False,
                        help_text="whether an event waits for the next hour, and all later ones with it",
                    ),
                ),
                (
                    "quest",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outflows",
                        to="reputation.quest",
                    ),
                ),
            ],
            options={
                "db_table": "quest_outflows",
                "constraints": [
                    models.UniqueConstraint(fields=("quest", "hour"), name="quest_outflow_once_an_hour"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("granted__gte", 0), ("granted__lte", Decimal("99999999999999.999999"))
                        ),
                        name="quest_outflow_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reservation",
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
                ("period_date", models.DateField(blank=True, help_text="of a daily quest", null=True)),
                ("amount", gigstream.core.money.MoneyField()),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("used", "Used"), ("expired", "Expired")],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "handed_in_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when proof was handed in; the lease does not end before it is decided",
                        null=True,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "quest",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="reputation.quest",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "quest_reservations",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "open")),
                        fields=["expires_at"],
                        name="reservations_to_expire",
                    ),
                    models.Index(fields=["quest", "created_at"], name="reservations_of_a_quest"),
                    models.Index(fields=["worker", "created_at"], name="reservations_of_a_worker"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("worker", "quest"),
                        name="reservation_one_open_per_worker",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="reservation_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "used", "expired"])),
                        name="reservation_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("status", "open")),
                            models.Q(
                                models.Q(("status", "open"), _negated=True), ("ended_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="reservation_ended_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="reservation_lasts_a_while",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("handed_in_at__isnull", True),
                            models.Q(("status", "expired"), _negated=True),
                            _connector="OR",
                        ),
                        name="reservation_with_proof_does_not_expire",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClusterMember",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "cluster",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="reputation.cluster",
                    ),
                ),
                (
                    "worker",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cluster_member",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "sybil_cluster_members",
            },
        ),
        migrations.CreateModel(
            name="MilestoneCondition",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("plays", "Plays"),
                            ("followers", "Followers"),
                            ("likes", "Likes"),
                            ("comments", "Comments"),
                            ("shares", "Shares"),
                            ("purchases", "Purchases"),
                            ("revenue", "Revenue"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "window",
                    models.CharField(
                        choices=[("all_time", "All Time"), ("30_days", "30 days"), ("month", "Month")],
                        db_column="time_window",
                        max_length=16,
                    ),
                ),
                (
                    "threshold",
                    models.DecimalField(decimal_places=6, help_text="USDC, or a whole number", max_digits=20),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conditions",
                        to="reputation.milestonerule",
                    ),
                ),
            ],
            options={
                "db_table": "milestone_conditions",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rule", "metric", "window"), name="milestone_condition_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "metric__in",
                                ["plays", "followers", "likes", "comments", "shares", "purchases", "revenue"],
                            )
                        ),
                        name="milestone_condition_metric_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("window__in", ["all_time", "30_days", "month"])),
                        name="milestone_condition_window_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("threshold__gt", 0), ("threshold__lte", Decimal("99999999999999.999999"))
                        ),
                        name="milestone_condition_threshold_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("metric", "revenue"),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("threshold"),
                                    function="trunc",
                                    output_field=models.DecimalField(),
                                ),
                                models.F("threshold"),
                            ),
                            _connector="OR",
                        ),
                        name="milestone_condition_counts_whole_numbers",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreatorMilestone",
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
                ("description", models.CharField(help_text="the rule's", max_length=300)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("create_token", "Create Token"),
                            ("eligible", "Eligible"),
                            ("revenue_sharing", "Revenue Sharing"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "current_value",
                    models.JSONField(help_text="each metric over each window when it was reached"),
                ),
                (
                    "month",
                    models.DateField(help_text="the month, by its first day, over which months were counted"),
                ),
                ("reached_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("refused", "Refused")],
                        max_length=16,
                    ),
                ),
                (
                    "trouble",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_address", "No Address"),
                            ("oracle_off", "Oracle Off"),
                            ("has_token", "Has Token"),
                            ("creator_closed", "Creator Closed"),
                        ],
                        default="",
                        help_text="why the action waits or was refused",
                        max_length=24,
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(blank=True, help_text="when the action is next tried", null=True),
                ),
                ("noted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="metrics that have fallen below the rule again",
                        max_length=300,
                    ),
                ),
                (
                    "creator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestones",
                        to="platforms.creatorprofile",
                    ),
                ),
                (
                    "operation",
                    models.OneToOneField(
                        blank=True,
                        help_text="operation that makes the token",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestone",
                        to="payments.chainoperation",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestones",
                        to="reputation.milestonerule",
                    ),
                ),
            ],
            options={
                "db_table": "creator_milestones",
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="creator_milestones_recent"),
                    models.Index(
                        condition=models.Q(("next_attempt_at__isnull", False)),
                        fields=["next_attempt_at"],
                        name="creator_milestones_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("creator", "rule"), name="creator_milestone_once"),
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["create_token", "eligible", "revenue_sharing"])),
                        name="creator_milestone_action_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "done"), ("trouble", "")),
                            models.Q(
                                ("status", "waiting"), ("trouble__in", ["", "no_address", "oracle_off"])
                            ),
                            models.Q(("status", "refused"), ("trouble__in", ["creator_closed", "has_token"])),
                            _connector="OR",
                        ),
                        name="creator_milestone_trouble_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action", "create_token"), ("status", "done"), _connector="OR"),
                        name="creator_milestone_waits_for_a_token_alone",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("action", "create_token"), ("status", "done"), ("operation__isnull", False)
                            ),
                            models.Q(
                                models.Q(("action", "create_token"), ("status", "done"), _negated=True),
                                ("operation__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="creator_milestone_has_the_operation_of_its_token",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("status", "waiting")),
                            models.Q(
                                models.Q(("status", "waiting"), _negated=True),
                                ("next_attempt_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="creator_milestone_waits_until_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("note", ""), ("noted_at__isnull", True)),
                            models.Q(("noted_at__isnull", False), models.Q(("note", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="creator_milestone_noted_as_a_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="creator_milestone_of_a_month"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("event_type", models.CharField(max_length=64)),
                ("external_id", models.CharField(max_length=200)),
                (
                    "event_date",
                    models.DateField(
                        blank=True, help_text="of a daily quest, where the worker lives", null=True
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                ("evidence", models.JSONField(blank=True, default=dict)),
                (
                    "reward_kind",
                    models.CharField(choices=[("points", "Points"), ("payout", "Payout")], max_length=16),
                ),
                (
                    "amount",
                    gigstream.core.money.MoneyField(
                        help_text="the reward when the event was received: USDC, or whole points"
                    ),
                ),
                (
                    "factor",
                    models.DecimalField(
                        db_default=Decimal("1"),
                        decimal_places=1,
                        default=Decimal("1"),
                        help_text="part of the points that is granted",
                        max_digits=2,
                    ),
                ),
                (
                    "factor_reason",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="shown to the worker, with what would change it",
                    ),
                ),
                (
                    "factor_evidence",
                    models.JSONField(
                        blank=True, db_default=models.Value({}, output_field=models.JSONField()), default=dict
                    ),
                ),
                (
                    "granted_amount",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                models.Q(("status__in", ["granted", "settled"]), ("reward_kind", "points")),
                                then=django.db.models.functions.math.Floor(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount"), "*", models.F("factor")
                                    ),
                                    output_field=gigstream.core.money.MoneyField(),
                                ),
                            ),
                            models.When(
                                models.Q(("status__in", ["granted", "settled"])), then=models.F("amount")
                            ),
                            output_field=gigstream.core.money.MoneyField(),
                        ),
                        help_text="the reward that was booked: of points the part by the factor, rounded down",
                        output_field=gigstream.core.money.MoneyField(null=True),
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("held", "Held"),
                            ("granted", "Granted"),
                            ("settled", "Settled"),
                            ("rejected", "Rejected"),
                        ],
                        default="received",
                        max_length=16,
                    ),
                ),
                (
                    "waits_until",
                    models.DateTimeField(
                        blank=True, help_text="when its quest, or its worker, may be granted more", null=True
                    ),
                ),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                (
                    "hold_reason",
                    models.TextField(blank=True, help_text="shown to the worker, with what would change it"),
                ),
                ("hold_evidence", models.JSONField(blank=True, default=dict)),
                ("granted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, help_text="when the whole of it had left", null=True),
                ),
                ("rejected_at", models.DateTimeField(blank=True, null=True)),
                (
                    "code",
                    models.CharField(blank=True, help_text="why it was rejected, or waits", max_length=40),
                ),
                ("message", models.TextField(blank=True)),
                ("numbers", models.JSONField(blank=True, default=dict, help_text="the values that decided")),
                (
                    "entry",
                    models.OneToOneField(
                        blank=True,
                        help_text="the payout that it led to; points name their event",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quest_event",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "quest",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="reputation.quest",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quest_events",
                        to="workers.worker",
                    ),
                ),
                (
                    "reservation",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="event",
                        to="reputation.reservation",
                    ),
                ),
            ],
            options={
                "db_table": "quest_events",
                "indexes": [
                    models.Index(fields=["worker", "quest", "id"], name="quest_events_of_a_worker"),
                    models.Index(fields=["quest", "id"], name="quest_events_of_a_quest"),
                    models.Index(
                        condition=models.Q(("status", "received")),
                        fields=["quest", "id"],
                        name="quest_events_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("status", "held")),
                        fields=["held_until"],
                        name="quest_events_held",
                    ),
                    models.Index(
                        condition=models.Q(("reward_kind", "payout"), ("status", "granted")),
                        fields=["worker", "id"],
                        name="quest_events_unsettled",
                    ),
                    models.Index(
                        condition=models.Q(("reward_kind", "payout"), ("status", "granted")),
                        fields=["id"],
                        name="quest_events_to_settle",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("quest", "external_id", "event_date"),
                        name="quest_event_reported_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("external_id", ""), _negated=True),
                            models.Q(
                                (
                                    "external_id__regex",
                                    "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                                ),
                                _negated=True,
                            ),
                            models.Q(("event_type", ""), _negated=True),
                        ),
                        name="quest_event_names_its_fact",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reward_kind__in", ["points", "payout"])),
                        name="quest_event_reward_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("0")),
                            ("amount__lte", Decimal("99999999999999.999999")),
                            models.Q(
                                ("reward_kind", "payout"),
                                ("amount", django.db.models.functions.math.Floor("amount")),
                                _connector="OR",
                            ),
                        ),
                        name="quest_event_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["received", "held", "granted", "settled", "rejected"])
                        ),
                        name="quest_event_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["granted", "settled"]), ("granted_at__isnull", False)),
                            models.Q(
                                models.Q(("status__in", ["granted", "settled"]), _negated=True),
                                ("granted_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="quest_event_granted_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status__in", ["granted", "settled"]),
                                ("entry__isnull", False),
                                ("reward_kind", "payout"),
                            ),
                            models.Q(
                                models.Q(
                                    ("status__in", ["granted", "settled"]),
                                    ("reward_kind", "payout"),
                                    _negated=True,
                                ),
                                ("entry__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="quest_event_has_the_entry_of_its_payout",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("reward_kind", "payout"),
                                ("settled_at__isnull", False),
                                ("status", "settled"),
                            ),
                            models.Q(
                                models.Q(("status", "settled"), _negated=True), ("settled_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="quest_event_settled_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("held_until__isnull", True),
                                ("hold_reason", ""),
                                models.Q(("status", "held"), _negated=True),
                            ),
                            models.Q(
                                ("held_until__isnull", False), models.Q(("hold_reason", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="quest_event_held_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("rejected_at__isnull", False),
                                ("status", "rejected"),
                                ("waits_until__isnull", True),
                                models.Q(("code", ""), _negated=True),
                            ),
                            models.Q(
                                ("rejected_at__isnull", True),
                                ("status", "received"),
                                ("waits_until__isnull", False),
                                models.Q(("code", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("status", "rejected"), _negated=True),
                                ("code", ""),
                                ("message", ""),
                                ("rejected_at__isnull", True),
                                ("waits_until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="quest_event_rejected_or_waiting_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("factor", 1), ("factor_reason", "")),
                            models.Q(
                                ("factor__gt", 0),
                                ("factor__lt", 1),
                                ("reward_kind", "points"),
                                models.Q(("factor_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="quest_event_reduced_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Submission",
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
                ("proof", models.CharField(choices=[("link", "Link"), ("image", "Image")], max_length=16)),
                ("link", models.CharField(blank=True, max_length=200)),
                ("sha256", models.CharField(blank=True, help_text="of the file as it came", max_length=64)),
                ("size", models.PositiveIntegerField(blank=True, help_text="bytes of the upload", null=True)),
                (
                    "upload_name",
                    models.CharField(
                        blank=True, help_text="file in the storage, until processed", max_length=100
                    ),
                ),
                ("image_name", models.CharField(blank=True, help_text="file in the storage", max_length=100)),
                ("width", models.PositiveIntegerField(blank=True, null=True)),
                ("height", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "difference_hash",
                    models.BigIntegerField(blank=True, help_text="64 bits, of the image's shades", null=True),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, help_text="to process the image")),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("images_deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "erased_at",
                    models.DateTimeField(blank=True, help_text="when the worker had left", null=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("appealed", "Appealed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("feedback", models.TextField(blank=True, help_text="of the reviewer, for the worker")),
                (
                    "code",
                    models.CharField(
                        blank=True, help_text="why the check of the image refused it", max_length=40
                    ),
                ),
                ("numbers", models.JSONField(blank=True, default=dict, help_text="the values that decided")),
                ("reviewed_by", models.CharField(blank=True, max_length=128)),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("appeal", models.TextField(blank=True, help_text="the worker's words")),
                ("appealed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "event",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submission",
                        to="reputation.questevent",
                    ),
                ),
                (
                    "quest",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="reputation.quest",
                    ),
                ),
                (
                    "reservation",
                    models.OneToOneField(
                        blank=True,
                        help_text="the place that is kept",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submission",
                        to="reputation.reservation",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "submissions",
                "indexes": [
                    models.Index(
                        condition=models.Q(("sha256", ""), _negated=True),
                        fields=["sha256"],
                        name="submissions_sha256",
                    ),
                    models.Index(fields=["worker", "created_at", "id"], name="submissions_of_a_worker"),
                    models.Index(fields=["quest", "created_at", "id"], name="submissions_of_a_quest"),
                    models.Index(fields=["created_at", "id"], name="submissions_created"),
                    models.Index(
                        condition=models.Q(("status", "received")),
                        fields=["next_attempt_at"],
                        name="submissions_to_process",
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "appealed"])),
                        fields=["created_at", "id"],
                        name="submissions_to_review",
                    ),
                    models.Index(
                        condition=models.Q(("image_name", ""), ("upload_name", ""), _negated=True),
                        fields=["reviewed_at"],
                        name="submissions_with_images",
                    ),
                    models.Index(
                        condition=models.Q(("reservation__isnull", False), ("status", "rejected")),
                        fields=["reviewed_at"],
                        name="submissions_kept_for_appeal",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ["approved", "pending", "received"]),
                            models.Q(("link", ""), _negated=True),
                        ),
                        fields=("quest", "link"),
                        name="submission_link_stands_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ["approved", "pending", "received"]),
                            models.Q(("sha256", ""), _negated=True),
                        ),
                        fields=("quest", "sha256"),
                        name="submission_file_stands_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("proof__in", ["link", "image"])), name="submission_proof_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("difference_hash__isnull", True),
                                ("erased_at__isnull", False),
                                ("link", ""),
                                ("sha256", ""),
                            ),
                            models.Q(
                                ("erased_at__isnull", True),
                                ("link__startswith", "https://"),
                                ("proof", "link"),
                                ("sha256", ""),
                            ),
                            models.Q(
                                ("erased_at__isnull", True),
                                ("link", ""),
                                ("proof", "image"),
                                ("sha256__regex", "^[0-9a-f]{64}$"),
                                ("size__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="submission_has_its_proof",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "link__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="submission_link_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "received"), _negated=True),
                            models.Q(
                                ("next_attempt_at__isnull", False),
                                ("proof", "image"),
                                models.Q(("upload_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="submission_received_has_an_upload",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("images_deleted_at__isnull", True),
                            models.Q(("image_name", ""), ("upload_name", "")),
                            _connector="OR",
                        ),
                        name="submission_deleted_images_are_gone",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["received", "pending", "approved", "rejected", "appealed"])
                        ),
                        name="submission_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status__in", ["approved", "rejected", "appealed"]),
                                ("reviewed_at__isnull", False),
                                models.Q(("reviewed_by", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("status__in", ["approved", "rejected", "appealed"]), _negated=True),
                                ("reviewed_at__isnull", True),
                                ("reviewed_by", ""),
                            ),
                            _connector="OR",
                        ),
                        name="submission_reviewed_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "rejected"), _negated=True),
                            models.Q(("feedback", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="submission_rejected_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("appeal", ""),
                                ("appealed_at__isnull", True),
                                models.Q(("status", "appealed"), _negated=True),
                            ),
                            models.Q(
                                ("appealed_at__isnull", False),
                                models.Q(
                                    models.Q(("appeal", ""), _negated=True),
                                    ("erased_at__isnull", False),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="submission_appealed_in_words",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("event__isnull", False), ("status", "approved")),
                            models.Q(
                                models.Q(("status", "approved"), _negated=True), ("event__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="submission_approved_has_its_event",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["appealed", "pending", "received"]), _negated=True),
                            ("reservation__isnull", False),
                            _connector="OR",
                        ),
                        name="submission_that_waits_keeps_its_place",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainProof",
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
                ("tx_hash", models.CharField(max_length=66)),
                (
                    "status",
                    models.CharField(
                        choices=[("received", "Received"), ("proved", "Proved"), ("refused", "Refused")],
                        default="received",
                        max_length=16,
                    ),
                ),
                ("received_at", models.DateTimeField(help_text="when it was last named")),
                ("next_look_at", models.DateTimeField(blank=True, null=True)),
                ("block_number", models.BigIntegerField(blank=True, null=True)),
                (
                    "amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=0,
                        help_text="in the smallest units of its token",
                        max_digits=38,
                        null=True,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("code", models.CharField(blank=True, help_text="why it was refused", max_length=40)),
                ("message", models.TextField(blank=True)),
                ("numbers", models.JSONField(blank=True, default=dict, help_text="the values that decided")),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chain_proofs",
                        to="workers.worker",
                    ),
                ),
                (
                    "quest",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chain_proofs",
                        to="reputation.quest",
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chain_proof",
                        to="reputation.questevent",
                    ),
                ),
            ],
            options={
                "db_table": "chain_proofs",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "received")),
                        fields=["next_look_at"],
                        name="chain_proofs_to_look_up",
                    ),
                    models.Index(fields=["worker", "created_at", "id"], name="chain_proofs_of_a_worker"),
                    models.Index(fields=["-created_at", "-id"], name="chain_proofs_recent"),
                    models.Index(fields=["quest"], name="chain_proofs_of_a_quest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("worker", "quest", "tx_hash"), name="chain_proof_once_per_worker"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tx_hash__regex", "^0x[0-9a-f]{64}$")),
                        name="chain_proof_names_a_transaction",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["received", "proved", "refused"])),
                        name="chain_proof_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("next_look_at__isnull", False),
                                ("status", "received"),
                            ),
                            models.Q(
                                models.Q(("status", "received"), _negated=True),
                                ("decided_at__isnull", False),
                                ("next_look_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="chain_proof_looked_up_until_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status", "proved"),
                                ("amount__gte", 0),
                                ("amount__isnull", False),
                                ("block_number__isnull", False),
                                ("event__isnull", False),
                            ),
                            models.Q(
                                models.Q(("status", "proved"), _negated=True),
                                ("amount__isnull", True),
                                ("block_number__isnull", True),
                                ("event__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="chain_proof_shown_has_its_event",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "refused"), models.Q(("code", ""), _negated=True)),
                            models.Q(
                                models.Q(("status", "refused"), _negated=True), ("code", ""), ("message", "")
                            ),
                            _connector="OR",
                        ),
                        name="chain_proof_refused_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SubmissionReview",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("reviewer", models.CharField(max_length=128)),
                (
                    "verdict",
                    models.CharField(choices=[("approve", "Approve"), ("reject", "Reject")], max_length=16),
                ),
                ("feedback", models.TextField(blank=True)),
                ("of_appeal", models.BooleanField(default=False)),
                (
                    "submission",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="reputation.submission",
                    ),
                ),
            ],
            options={
                "db_table": "submission_reviews",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("submission", "reviewer"), name="submission_reviewed_once_by_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ["approve", "reject"])),
                        name="submission_review_verdict_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reviewer", ""), _negated=True),
                        name="submission_review_names_its_reviewer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verdict", "approve"), models.Q(("feedback", ""), _negated=True), _connector="OR"
                        ),
                        name="submission_review_rejects_with_a_reason",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="outage",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e0eed36822153491d094f4c51fb7fe49409ef8f6",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_90708",
                    table="outages",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reputationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="335f97db5fb4ca4be29a1ec1b64c5392ddbddb7f",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_1ee79",
                    table="reputation_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reputationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="goes_only_with_its_worker",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF current_setting('gigstream.erasing_worker', true) = OLD.worker_id::text THEN\n                        RETURN OLD;\n                    END IF;\n                    RAISE EXCEPTION 'reputation events are append-only';\n                ",
                    hash="97f4425abe3fa6d5d47e98c7813ba98db83541ae",
                    operation="DELETE",
                    pgid="pgtrigger_goes_only_with_its_worker_67f3d",
                    table="reputation_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="checkin",
            trigger=pgtrigger.compiler.Trigger(
                name="claimed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."claimed_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e14671f7617286e853d42dcc7e6fa4290b63dcbe",
                    operation="UPDATE",
                    pgid="pgtrigger_claimed_once_956ff",
                    table="check_ins",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="checkin",
            trigger=pgtrigger.compiler.Trigger(
                name="date_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "worker_id", "local_date", "created_at" rows from % table\', TG_TABLE_NAME;',
                    hash="ba03c4e22bbbfeb6edee1112d2e11670ea462527",
                    operation='UPDATE OF "worker_id", "local_date", "created_at"',
                    pgid="pgtrigger_date_fixed_e5840",
                    table="check_ins",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="milestonerule",
            trigger=pgtrigger.compiler.Trigger(
                name="stays_as_it_is",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."action" IS DISTINCT FROM (NEW."action") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "name", "version", "description", "action" rows from % table\', TG_TABLE_NAME;',
                    hash="e9074a4fbfe5950a8b8754c56a5cd0b02bc38f3a",
                    operation='UPDATE OF "platform_id", "name", "version", "description", "action"',
                    pgid="pgtrigger_stays_as_it_is_b06a0",
                    table="milestone_rules",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="milestonecondition",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a8548f12aa3028b980fef66ecdabb78937cf1602",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a43d2",
                    table="milestone_conditions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creatormilestone",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{refused:waiting,waiting:done,waiting:refused}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="fa6e6f0db9b6ce1628f2f15c2fdfe4272c9a546d",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_34bab",
                    table="creator_milestones",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creatormilestone",
            trigger=pgtrigger.compiler.Trigger(
                name="stays_as_it_was_reached",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."action" IS DISTINCT FROM (NEW."action") OR OLD."creator_id" IS DISTINCT FROM (NEW."creator_id") OR OLD."current_value" IS DISTINCT FROM (NEW."current_value") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."month" IS DISTINCT FROM (NEW."month") OR OLD."reached_at" IS DISTINCT FROM (NEW."reached_at") OR OLD."rule_id" IS DISTINCT FROM (NEW."rule_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "creator_id", "rule_id", "description", "action", "current_value", "month", "reached_at" rows from % table\', TG_TABLE_NAME;',
                    hash="c12c4a7d8c139694211c85fa9819ecb2754a2f1b",
                    operation='UPDATE OF "creator_id", "rule_id", "description", "action", "current_value", "month", "reached_at"',
                    pgid="pgtrigger_stays_as_it_was_reached_edcab",
                    table="creator_milestones",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creatormilestone",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="8a95e42ca4f33279f5b55468581e8b1e17f6337a",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_12844",
                    table="creator_milestones",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pointsentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="3d3824de615b6af3c0c618c57287a26b0833abe8",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_6249f",
                    table="points_entries",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pointsentry",
            trigger=pgtrigger.compiler.Trigger(
                name="never_beside_a_payout",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE paid_event_id bigint;",
                    func="\n                    SELECT min(v.id) INTO paid_event_id\n                    FROM made m JOIN quest_events v ON v.id = m.quest_event_id\n                    WHERE v.reward_kind <> 'points';\n                    IF paid_event_id IS NOT NULL THEN\n                        RAISE EXCEPTION 'event % of a quest is paid in USDC', paid_event_id;\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="f03ac47696d4fb51a104cb9f0930ddb58da7fe2d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_never_beside_a_payout_b5e6d",
                    referencing="REFERENCING NEW TABLE AS made ",
                    table="points_entries",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pointsentry",
            trigger=pgtrigger.compiler.Trigger(
                name="goes_only_with_its_worker",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF current_setting('gigstream.erasing_worker', true) = OLD.worker_id::text THEN\n                        RETURN OLD;\n                    END IF;\n                    RAISE EXCEPTION 'entries of points are append-only';\n                ",
                    hash="be51457a0b56839498d480de29d2cc413d0e86ce",
                    operation="DELETE",
                    pgid="pgtrigger_goes_only_with_its_worker_ed79b",
                    table="points_entries",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quest",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{draft:closed,draft:open,exhausted:closed,exhausted:open,exhausted:paused,open:closed,open:exhausted,open:paused,paused:closed,paused:open}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="1c6bcf500e3857ce96f0e3fea3c0e78f43988837",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_77c3e",
                    table="quests",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quest",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="5b26f35c4092c175811c7c767b9311a2a1df52f9",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_2914d",
                    table="quests",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quest",
            trigger=pgtrigger.compiler.Trigger(
                name="terms_of_money_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."fee_bps" IS DISTINCT FROM (NEW."fee_bps") OR OLD."period" IS DISTINCT FROM (NEW."period") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id") OR OLD."reward_kind" IS DISTINCT FROM (NEW."reward_kind"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "reward_kind", "fee_bps", "period" rows from % table\', TG_TABLE_NAME;',
                    hash="34ec2be1c4a731e2abf57a2c6f0c6facabe904f3",
                    operation='UPDATE OF "platform_id", "reward_kind", "fee_bps", "period"',
                    pgid="pgtrigger_terms_of_money_fixed_9972f",
                    table="quests",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questcount",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="cc7eb9790f245c14896f329ad265c47a6c436c38",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_1a993",
                    table="quest_counts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chainproof",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{received:proved,received:refused,refused:received}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="77815c823fcaeae32528f600db6e211a2592cc41",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_2d3ae",
                    table="chain_proofs",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questfunding",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7050ba87bd737fbbf0794bf186c9e0fc2dd49da2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_fc551",
                    table="quest_fundings",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="named_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "worker_id", "referrer_id", "created_at" rows from % table\', TG_TABLE_NAME;',
                    hash="66fa5b18e58854a12dfcd1d3c9f1263e73c29d09",
                    operation='UPDATE OF "worker_id", "referrer_id", "created_at"',
                    pgid="pgtrigger_named_once_af8ce",
                    table="referrals",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reservation",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{open:expired,open:used}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="d2f4691f4fd6ec8f25fdac705fbfa134593958d0",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_4300d",
                    table="quest_reservations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reservation",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="ecea8f7010f070a76ed8df2b31ce4bc5137ac2b6",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_31495",
                    table="quest_reservations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reservation",
            trigger=pgtrigger.compiler.Trigger(
                name="reserved_as_it_was",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "quest_id", "worker_id", "period_date", "amount", "expires_at" rows from % table\', TG_TABLE_NAME;',
                    hash="7dd073794aa134738092b8a115c8f4faad6ae303",
                    operation='UPDATE OF "quest_id", "worker_id", "period_date", "amount", "expires_at"',
                    pgid="pgtrigger_reserved_as_it_was_f6eaf",
                    table="quest_reservations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questevent",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{granted:settled,held:granted,held:rejected,received:granted,received:held,received:rejected}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="45a265ddaec304af574a4c5ab898eadc9a90050b",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_33e6d",
                    table="quest_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="6484f4fc917de78b91f68e809a9fbe0e61785c9e",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_edfec",
                    table="quest_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questevent",
            trigger=pgtrigger.compiler.Trigger(
                name="fact_stays_as_reported",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "id", "created_at", "quest_id", "worker_id", "event_type", "event_date", "occurred_at", "reward_kind", "amount", "reservation_id" rows from % table\', TG_TABLE_NAME;',
                    hash="4a8363b5c5885dc1fbee0fcf00d83e213c135d2a",
                    operation='UPDATE OF "id", "created_at", "quest_id", "worker_id", "event_type", "event_date", "occurred_at", "reward_kind", "amount", "reservation_id"',
                    pgid="pgtrigger_fact_stays_as_reported_9244e",
                    table="quest_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questevent",
            trigger=pgtrigger.compiler.Trigger(
                name="evidence_stays_as_given",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((OLD.external_id, OLD.evidence) IS DISTINCT FROM (NEW.external_id, NEW.evidence) AND current_setting('gigstream.erasing_worker', true) IS DISTINCT FROM OLD.worker_id::text)",
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "external_id", "evidence" rows from % table\', TG_TABLE_NAME;',
                    hash="3f4a735ba890e95da1c90493a34d08471d9f4edb",
                    operation='UPDATE OF "external_id", "evidence"',
                    pgid="pgtrigger_evidence_stays_as_given_a0e4c",
                    table="quest_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questevent",
            trigger=pgtrigger.compiler.Trigger(
                name="factor_stays_as_assessed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((OLD.factor, OLD.factor_reason, OLD.factor_evidence) IS DISTINCT FROM (NEW.factor, NEW.factor_reason, NEW.factor_evidence) AND OLD.status <> 'received' AND current_setting('gigstream.erasing_worker', true) IS DISTINCT FROM OLD.worker_id::text)",
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "factor", "factor_reason", "factor_evidence" rows from % table\', TG_TABLE_NAME;',
                    hash="ceaa1864b286b74c3c10451919623325720e18f3",
                    operation='UPDATE OF "factor", "factor_reason", "factor_evidence"',
                    pgid="pgtrigger_factor_stays_as_assessed_3cfb1",
                    table="quest_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questevent",
            trigger=pgtrigger.compiler.Trigger(
                name="ended_stays_ended",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.status IN ('settled', 'rejected') AND current_setting('gigstream.erasing_worker', true) IS DISTINCT FROM OLD.worker_id::text)",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="033023c16ecf736744e05ece87b4232600c32fc9",
                    operation="UPDATE",
                    pgid="pgtrigger_ended_stays_ended_2438d",
                    table="quest_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="streakpause",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="35dac46fee556d6d50105010b3eea9e75432119b",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_0dbea",
                    table="streak_pauses",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="streakzone",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9dd447f3a2de7354355abb9414688bb5bf29c315",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_be44a",
                    table="streak_zones",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="submission",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{appealed:approved,appealed:rejected,pending:approved,pending:rejected,received:pending,received:rejected,rejected:appealed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="e3958c45b8d4cc5d62e84ea24ef88922acb65147",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_badd1",
                    table="submissions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="submission",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="b5589266525da153b0a84d4d740fad7a98acd7bc",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_ed410",
                    table="submissions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="submission",
            trigger=pgtrigger.compiler.Trigger(
                name="submitted_as_it_was",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."proof" IS DISTINCT FROM (NEW."proof") OR OLD."quest_id" IS DISTINCT FROM (NEW."quest_id") OR OLD."worker_id" IS DISTINCT FROM (NEW."worker_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "id", "created_at", "quest_id", "worker_id", "proof" rows from % table\', TG_TABLE_NAME;',
                    hash="8078598b446d8c20bc9a2d280a85e41de2483f9f",
                    operation='UPDATE OF "id", "created_at", "quest_id", "worker_id", "proof"',
                    pgid="pgtrigger_submitted_as_it_was_b8861",
                    table="submissions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="submission",
            trigger=pgtrigger.compiler.Trigger(
                name="appealed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."appealed_at" IS DISTINCT FROM (NEW."appealed_at") AND OLD."appealed_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update of \"appealed_at\" rows from % table', TG_TABLE_NAME;",
                    hash="ac61dc6512a8c8b4da5298ebfbae02b55f855ebb",
                    operation='UPDATE OF "appealed_at"',
                    pgid="pgtrigger_appealed_once_d6223",
                    table="submissions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="submission",
            trigger=pgtrigger.compiler.Trigger(
                name="stays_with_its_event",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."event_id" IS DISTINCT FROM (NEW."event_id") AND OLD."event_id" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update of \"event_id\" rows from % table', TG_TABLE_NAME;",
                    hash="00101fce4d9cec3a72bc30708b8e57e5f104a368",
                    operation='UPDATE OF "event_id"',
                    pgid="pgtrigger_stays_with_its_event_dee6b",
                    table="submissions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="submissionreview",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e39dd4779db3b4c63f80d5ee7e441e6da2ee0c22",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_d1301",
                    table="submission_reviews",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tokenvalue",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="62f71a23ed780642c7a1cfea44a3662f0a35696c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_d096d",
                    table="token_values",
                    when="BEFORE",
                ),
            ),
        ),
    ]
