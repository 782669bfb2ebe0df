import datetime
from decimal import Decimal

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.core.clock
import gigstream.core.encryption
import gigstream.core.ids
import gigstream.core.models
import gigstream.core.money
import gigstream.core.postgres.short_numbers
import platforms.events.registry
import platforms.platforms.scopes
import platforms.usage.models.days


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TaskCompletionStats",
            fields=[
                (
                    "id",
                    models.CharField(
                        help_text="platform:task_type", max_length=60, primary_key=True, serialize=False
                    ),
                ),
                (
                    "task_type",
                    models.CharField(
                        choices=[
                            ("fixed", "Fixed"),
                            ("time_based", "Time Based"),
                            ("milestone", "Milestone"),
                        ],
                        max_length=16,
                    ),
                ),
                ("total_tasks", models.PositiveIntegerField()),
                ("open_tasks", models.PositiveIntegerField(help_text="created, assigned or in progress")),
                ("completed_tasks", models.PositiveIntegerField()),
                ("cancelled_tasks", models.PositiveIntegerField()),
                ("disputed_tasks", models.PositiveIntegerField(help_text="in dispute now")),
                (
                    "success_rate",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="percent: completed of completed, cancelled and disputed; 0 while there are none",
                        max_digits=5,
                    ),
                ),
                ("average_seconds", models.DecimalField(decimal_places=3, max_digits=15, null=True)),
                ("median_seconds", models.DecimalField(decimal_places=3, max_digits=15, null=True)),
                (
                    "p95_seconds",
                    models.DecimalField(
                        decimal_places=3,
                        help_text="95 of 100 completed tasks took no longer",
                        max_digits=15,
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name": "task completion statistics",
                "verbose_name_plural": "task completion statistics",
                "db_table": "task_completion_stats_view",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Platform",
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
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("platforms")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("PF"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                ("number", gigstream.core.models.RowNumberField()),
                ("name", models.CharField(max_length=120, unique=True)),
                ("contact_email", models.EmailField(max_length=254)),
                ("webhook_url", models.URLField(blank=True, max_length=500)),
                (
                    "webhook_secret",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True, default="", help_text="encrypted at rest"
                    ),
                ),
                (
                    "wallet_id",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True, default="", help_text="custody wallet, encrypted at rest"
                    ),
                ),
                ("wallet_address", models.CharField(blank=True, max_length=42, null=True, unique=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "fee_bps",
                    models.PositiveSmallIntegerField(
                        default=200, help_text="on top of the pay; a task keeps the rate it was posted at"
                    ),
                ),
                (
                    "bonus_limit",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="of a task's bonuses; empty: the task's own pay", null=True
                    ),
                ),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "key_requests_per_minute",
                    models.PositiveIntegerField(
                        blank=True, help_text="of each API key; empty is the settings' limit", null=True
                    ),
                ),
                (
                    "requests_per_minute",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="of all API keys together; empty is the settings' limit",
                        null=True,
                    ),
                ),
                (
                    "total_payouts",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), editable=False, help_text="paid for ended tasks, in USDC"
                    ),
                ),
                (
                    "total_tasks",
                    models.PositiveIntegerField(default=0, editable=False, help_text="tasks posted"),
                ),
                (
                    "active_workers",
                    models.PositiveIntegerField(default=0, editable=False, help_text="with an open task now"),
                ),
                (
                    "unique_workers",
                    models.PositiveIntegerField(default=0, editable=False, help_text="ever engaged"),
                ),
            ],
            options={
                "db_table": "platforms",
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="platforms_created"),
                    models.Index(fields=["contact_email"], name="platforms_contact"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["name"], name="platforms_by_parts_of_name", opclasses=["gin_trgm_ops"]
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fee_bps__range", (0, 10000))), name="platform_fee_in_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wallet_address", django.db.models.functions.text.Lower("wallet_address"))
                        ),
                        name="platform_wallet_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bonus_limit__isnull", True), ("bonus_limit__gte", 0), _connector="OR"
                        ),
                        name="platform_bonus_limit_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("key_requests_per_minute__isnull", True),
                                ("key_requests_per_minute__range", (1, 100000)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("requests_per_minute__isnull", True),
                                ("requests_per_minute__range", (1, 100000)),
                                _connector="OR",
                            ),
                        ),
                        name="platform_request_limits_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_payouts__gte", 0)), name="platform_payouts_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "name__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="platform_name_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("contact_email__regex", "^[!-~]+$")), name="platform_email_plain"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformListenerDay",
            fields=[
                ("day", models.DateField()),
                ("listener_number", models.BigIntegerField()),
                ("plays", models.IntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day",
                        "platform_number",
                        "listener_number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("platform_number", models.BigIntegerField()),
            ],
            options={
                "db_table": "platform_listener_days",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("plays__gt", 0)), name="platform_listener_day_has_plays"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="thumbprint of the public key (RFC 7638), as `kid` in the JWKS",
                        max_length=43,
                        unique=True,
                    ),
                ),
                (
                    "public",
                    models.CharField(help_text="public key in base64url, as `x` in the JWKS", max_length=43),
                ),
                (
                    "private",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True, help_text="encrypted at rest, empty once it is retired"
                    ),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "usage_signing_keys",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("retired_at",),
                        name="signing_key_one_current",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("retired_at__isnull", True)),
                                models.Q(("private", ""), _negated=True),
                            ),
                            models.Q(("private", ""), ("retired_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="signing_key_retired_as_a_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageArchive",
            fields=[
                ("month", models.DateField(help_text="its first day", primary_key=True, serialize=False)),
                ("events", models.PositiveBigIntegerField()),
                ("file", models.CharField(max_length=255)),
                ("bytes", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(help_text="of the file", max_length=64)),
                (
                    "root",
                    models.CharField(
                        help_text="root of the Merkle tree over its lines (RFC 6962)", max_length=64
                    ),
                ),
                ("totals", models.JSONField(help_text="events by kind")),
                ("detached_at", models.DateTimeField()),
                (
                    "attached_at",
                    models.DateTimeField(blank=True, help_text="when the file was attached again", null=True),
                ),
            ],
            options={
                "db_table": "usage_archives",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="archive_of_a_whole_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("root__regex", "^[0-9a-f]{64}$"), ("sha256__regex", "^[0-9a-f]{64}$")
                        ),
                        name="archive_hashes_are_sha256",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageEvent",
            fields=[
                (
                    "number",
                    models.BigIntegerField(
                        help_text="unique among all events", primary_key=True, serialize=False
                    ),
                ),
                ("platform_number", models.BigIntegerField()),
                ("work_number", models.BigIntegerField()),
                ("creator_number", models.BigIntegerField(help_text="whose work it was at that time")),
                ("listener_number", models.BigIntegerField()),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                (
                    "amends",
                    models.BigIntegerField(
                        blank=True, help_text="number of the event that it replaces", null=True
                    ),
                ),
                ("seconds", models.IntegerField()),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[
                            (1, "Play"),
                            (2, "Like"),
                            (3, "Unlike"),
                            (4, "Comment"),
                            (5, "Share"),
                            (6, "Purchase"),
                            (7, "Tip"),
                        ]
                    ),
                ),
                (
                    "amount",
                    gigstream.core.money.MoneyField(blank=True, help_text="of a purchase or tip", null=True),
                ),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        db_collation="C",
                        help_text="the platform's own id; empty for an event that replaces another",
                        max_length=100,
                        null=True,
                    ),
                ),
            ],
            options={
                "db_table": "usage_events",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", [1, 2, 3, 4, 5, 6, 7])), name="usage_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount__gt", 0),
                                ("amount__isnull", False),
                                ("amount__lte", Decimal("99999999999999.999999")),
                                ("kind__in", frozenset([6, 7])),
                            ),
                            models.Q(
                                models.Q(("kind__in", frozenset([6, 7])), _negated=True),
                                ("amount__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="usage_amount_of_what_is_paid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("seconds", 0), models.Q(("kind", 1), ("seconds__gt", 0)), _connector="OR"
                        ),
                        name="usage_seconds_of_a_play",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amends__isnull", True), ("external_id__isnull", False)),
                            models.Q(
                                ("amends__isnull", False),
                                ("amends__lt", models.F("number")),
                                ("external_id__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="usage_has_an_id_or_replaces",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amends__isnull", True),
                            models.Q(("kind__in", frozenset([2, 3])), _negated=True),
                            _connector="OR",
                        ),
                        name="usage_likes_are_not_replaced",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageExclusion",
            fields=[
                ("event_number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("occurred_at", models.DateTimeField()),
            ],
            options={
                "db_table": "usage_exclusions",
            },
        ),
        migrations.CreateModel(
            name="UsageKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "platform_number",
                        "external_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("platform_number", models.BigIntegerField()),
                ("external_id", models.CharField(db_collation="C", max_length=100)),
                ("event_number", models.BigIntegerField()),
                ("occurred_at", models.DateTimeField()),
                ("content", models.BinaryField(help_text="first half of the SHA-256 of what the event says")),
            ],
            options={
                "db_table": "usage_keys",
            },
        ),
        migrations.CreateModel(
            name="UsageStoreSwitch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("postgresql", "PostgreSQL alone"),
                            ("shadow", "written to both, read from PostgreSQL"),
                            ("clickhouse", "written to both, read from ClickHouse"),
                        ],
                        max_length=16,
                    ),
                ),
                ("decided_by", models.CharField(max_length=80)),
                ("reason", models.TextField()),
            ],
            options={
                "verbose_name_plural": "usage store switches",
                "db_table": "usage_store_switches",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["postgresql", "shadow", "clickhouse"])),
                        name="store_mode_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("decided_by", ""), _negated=True),
                        ),
                        name="store_switch_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkLike",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "work_number",
                        "listener_number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("work_number", models.BigIntegerField()),
                ("listener_number", models.BigIntegerField()),
            ],
            options={
                "db_table": "work_likes",
            },
        ),
        migrations.CreateModel(
            name="WorkListenerDay",
            fields=[
                ("day", models.DateField()),
                ("listener_number", models.BigIntegerField()),
                ("plays", models.IntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day",
                        "work_number",
                        "creator_number",
                        "listener_number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("work_number", models.BigIntegerField()),
                ("creator_number", models.BigIntegerField()),
            ],
            options={
                "db_table": "work_listener_days",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("plays__gt", 0)), name="work_listener_day_has_plays"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreatorListenerDay",
            fields=[
                ("day", models.DateField()),
                ("listener_number", models.BigIntegerField()),
                ("plays", models.IntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day",
                        "creator_number",
                        "listener_number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("creator_number", models.BigIntegerField()),
            ],
            options={
                "db_table": "creator_listener_days",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("plays__gt", 0)), name="creator_listener_day_has_plays"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("name", models.CharField(blank=True, max_length=60)),
                (
                    "prefix",
                    models.CharField(help_text="the public part, for look-up", max_length=16, unique=True),
                ),
                ("secret_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("is_live", models.BooleanField(default=False, help_text="gs_live_ rather than gs_test_")),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        default=platforms.platforms.scopes.default_scopes,
                        size=None,
                    ),
                ),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "db_table": "api_keys",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("secret_hash__regex", "^[0-9a-f]{64}$")),
                        name="api_key_hash_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "name__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="api_key_name_readable",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Regex(
                            django.db.models.functions.comparison.Cast("scopes", models.TextField()),
                            "^\\{([a-z_]+:(read|write)(,[a-z_]+:(read|write))*)?\\}$",
                        ),
                        name="api_key_scopes_well_formed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
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
                    "email",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True, default="", help_text="encrypted at rest, empty once accepted"
                    ),
                ),
                (
                    "email_hash",
                    models.CharField(
                        blank=True, editable=False, help_text="keyed, of the address", max_length=64
                    ),
                ),
                (
                    "token_hash",
                    models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="platforms.platform",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "invitations",
                "indexes": [
                    models.Index(fields=["platform", "-created_at", "-id"], name="invitations_of_platform"),
                    models.Index(
                        condition=models.Q(("sent_at__isnull", True)),
                        fields=["created_at"],
                        name="invitations_to_send",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at__isnull", True)),
                        fields=("platform", "email_hash"),
                        name="invitation_one_open_per_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("token_hash__isnull", True),
                            ("token_hash__regex", "^[0-9a-f]{64}$"),
                            _connector="OR",
                        ),
                        name="invitation_token_hash_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sent_at__isnull", True), ("token_hash__isnull", False), _connector="OR"
                        ),
                        name="invitation_sent_has_a_token",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("accepted_at__isnull", True),
                                ("worker__isnull", True),
                                ("email_hash__regex", "^[0-9a-f]{64}$"),
                            ),
                            models.Q(
                                ("accepted_at__isnull", False),
                                ("email", ""),
                                ("email_hash", ""),
                                ("worker__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="invitation_accepted_as_a_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="invitation_expires_after_it_was_made",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListenerKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "secret",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True, help_text="encrypted at rest, empty once it is destroyed"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("destroyed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listener_keys",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "listener_keys",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("platform",),
                        name="listener_key_one_current_per_platform",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("destroyed_at__isnull", True)),
                                models.Q(("secret", ""), _negated=True),
                            ),
                            models.Q(
                                ("destroyed_at__isnull", False), ("retired_at__isnull", False), ("secret", "")
                            ),
                            _connector="OR",
                        ),
                        name="listener_key_destroyed_as_a_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformDay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(help_text="in UTC")),
                ("plays", models.BigIntegerField(default=0)),
                ("listeners", models.BigIntegerField(default=0, help_text="different people with a play")),
                ("likes", models.BigIntegerField(default=0, help_text="less unlikes; can be below 0")),
                ("comments", models.BigIntegerField(default=0)),
                ("shares", models.BigIntegerField(default=0)),
                ("seconds", models.BigIntegerField(default=0)),
                ("purchases", models.BigIntegerField(default=0)),
                ("sales", gigstream.core.money.MoneyField(default=0, help_text="amounts of the purchases")),
                ("tips", gigstream.core.money.MoneyField(default=0)),
                ("followers_gained", models.BigIntegerField(default=0)),
                ("followers_lost", models.BigIntegerField(default=0)),
                (
                    "changes",
                    models.BigIntegerField(
                        db_default=0, help_text="batches and corrections that have changed it"
                    ),
                ),
                (
                    "changes_judged",
                    models.BigIntegerField(
                        db_default=0, help_text="of these, those that rules of artificial use have seen"
                    ),
                ),
                (
                    "listeners_final_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="since then the numbers of listeners of this day, its works and creators are final",
                        null=True,
                    ),
                ),
                (
                    "listeners_pruned_at",
                    models.DateTimeField(
                        blank=True, help_text="when the rows of who played what were deleted", null=True
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_column="platform_number",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_days",
                        to="platforms.platform",
                        to_field="number",
                    ),
                ),
            ],
            options={
                "db_table": "platform_days",
                "indexes": [
                    models.Index(
                        condition=models.Q(("listeners_pruned_at__isnull", True)),
                        fields=["day", "platform"],
                        name="platform_days_with_listeners",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "day"), name="platform_day_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("plays__gte", 0),
                            ("listeners__gte", 0),
                            ("comments__gte", 0),
                            ("shares__gte", 0),
                            ("seconds__gte", 0),
                            ("purchases__gte", 0),
                            ("sales__gte", 0),
                            ("tips__gte", 0),
                            ("followers_gained__gte", 0),
                            ("followers_lost__gte", 0),
                        ),
                        name="platform_day_sums_not_below_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("listeners_final_at__isnull", True),
                            django.db.models.lookups.GreaterThan(
                                platforms.usage.models.days.DayInUTC("listeners_final_at"),
                                django.db.models.expressions.CombinedExpression(
                                    models.F("day"), "+", models.Value(datetime.timedelta(days=35))
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="platform_day_listeners_kept_while_reported",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("listeners_pruned_at__isnull", True),
                            models.Q(
                                ("listeners_final_at__isnull", False),
                                ("listeners_pruned_at__gte", models.F("listeners_final_at")),
                            ),
                            _connector="OR",
                        ),
                        name="platform_day_listeners_pruned_once_final",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformEvent",
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
                    "sequence",
                    models.PositiveBigIntegerField(
                        help_text="1, 2, … of this platform's events, without a gap"
                    ),
                ),
                ("type", models.CharField(choices=platforms.events.registry.type_choices, max_length=32)),
                (
                    "request_id",
                    models.CharField(blank=True, help_text="of the request that caused it", max_length=64),
                ),
                ("payload", models.JSONField(help_text="amounts and times as text, as the API gives them")),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "db_table": "events",
                "indexes": [
                    models.Index(
                        condition=models.Q(("request_id", ""), _negated=True),
                        fields=["request_id"],
                        name="events_of_a_request",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "sequence"), name="event_once_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(("sequence__gte", 1)), name="event_sequence_from_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("type__regex", "^[a-z_]+\\.[a-z_]+$")),
                        name="event_type_well_formed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Task",
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
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("tasks")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("TA"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                ("external_task_id", models.CharField(blank=True, max_length=120, null=True)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "task_type",
                    models.CharField(
                        choices=[
                            ("fixed", "Fixed"),
                            ("time_based", "Time Based"),
                            ("milestone", "Milestone"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "amount",
                    gigstream.core.money.MoneyField(
                        help_text="the worker's pay in USDC, without the platform's fee"
                    ),
                ),
                (
                    "fee_bps",
                    models.PositiveSmallIntegerField(
                        help_text="the platform's rate when the task was posted"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("assigned", "Assigned"),
                            ("in_progress", "In Progress"),
                            ("completed", "Completed"),
                            ("disputed", "Disputed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="created",
                        max_length=16,
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("assigned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "assignment_number",
                    models.PositiveSmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="how often it was assigned; part of the keys of its entries",
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cancelled_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("worker", "Worker"),
                            ("platform", "Platform"),
                            ("staff", "Staff"),
                            ("system", "System"),
                        ],
                        help_text="the side that cancelled it",
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "at_fault",
                    models.CharField(
                        blank=True,
                        choices=[("worker", "Worker"), ("platform", "Platform"), ("nobody", "Nobody")],
                        help_text="once it is decided",
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "disputed_at",
                    models.DateTimeField(blank=True, help_text="the last time it was disputed", null=True),
                ),
                (
                    "duration_seconds",
                    models.PositiveIntegerField(
                        blank=True, help_text="time_based: how long the pay streams", null=True
                    ),
                ),
                (
                    "release_interval",
                    models.PositiveIntegerField(
                        blank=True, help_text="time_based: seconds between releases", null=True
                    ),
                ),
                (
                    "paid_amount",
                    gigstream.core.money.MoneyField(
                        blank=True,
                        help_text="total paid to the worker; set when the task's money closed",
                        null=True,
                    ),
                ),
                (
                    "payout_status",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("partly", "Partly"),
                            ("under_way", "Under Way"),
                            ("paid", "Paid"),
                        ],
                        db_default="none",
                        default="none",
                        help_text="how much of the pay has reached the worker's wallet; follows from the worker's payouts",
                        max_length=16,
                    ),
                ),
                (
                    "paid_out_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when the last of the pay had left; set exactly while it is paid",
                        null=True,
                    ),
                ),
                ("verification_data", models.JSONField(blank=True, default=dict)),
                ("completion_proof", models.JSONField(blank=True, default=dict)),
                (
                    "worker_rating",
                    models.PositiveSmallIntegerField(blank=True, help_text="of the worker, 1-5", null=True),
                ),
                (
                    "platform_rating",
                    models.PositiveSmallIntegerField(blank=True, help_text="of the platform, 1-5", null=True),
                ),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="platforms.platform",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "tasks",
                "indexes": [
                    models.Index(fields=["worker", "created_at"], name="tasks_worker_created"),
                    models.Index(fields=["platform", "created_at"], name="tasks_platform_created"),
                    models.Index(fields=["status", "created_at"], name="tasks_status_created"),
                    models.Index(fields=["created_at"], name="tasks_created"),
                    models.Index(fields=["amount", "created_at"], name="tasks_amount_created"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["title"], name="tasks_by_parts_of_title", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(fields=["completed_at"], name="tasks_completed"),
                    models.Index(
                        models.F("platform"),
                        models.F("task_type"),
                        django.db.models.expressions.CombinedExpression(
                            models.F("completed_at"), "-", models.F("started_at")
                        ),
                        condition=models.Q(("status", "completed")),
                        include=("started_at", "completed_at"),
                        name="tasks_by_time_taken",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("paid_amount__isnull", True), ("status__in", ["in_progress", "disputed"])
                        ),
                        fields=["platform", "task_type"],
                        name="tasks_under_way",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("platform", "external_task_id"), name="task_external_id_once_per_platform"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "title__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="task_title_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="task_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("task_type__in", ["fixed", "time_based", "milestone"])),
                        name="task_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["created", "assigned", "in_progress", "completed", "disputed", "cancelled"],
                            )
                        ),
                        name="task_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("worker__isnull", False),
                            ("status__in", ["created", "cancelled"]),
                            _connector="OR",
                        ),
                        name="task_worker_once_assigned",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "completed"), _negated=True),
                            models.Q(("completed_at__isnull", False), ("paid_amount__isnull", False)),
                            _connector="OR",
                        ),
                        name="task_completed_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "cancelled"), _negated=True),
                            models.Q(("cancelled_at__isnull", False), ("paid_amount__isnull", False)),
                            _connector="OR",
                        ),
                        name="task_cancelled_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cancelled_by__isnull", True),
                            models.Q(
                                ("cancelled_by__in", ["worker", "platform", "staff", "system"]),
                                ("status", "cancelled"),
                            ),
                            _connector="OR",
                        ),
                        name="task_cancelled_by_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("at_fault__isnull", True),
                            models.Q(
                                ("at_fault__in", ["worker", "platform", "nobody"]),
                                ("status__in", ["completed", "cancelled", "disputed"]),
                            ),
                            _connector="OR",
                        ),
                        name="task_at_fault_once_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("due_at__isnull", True), ("due_at__gt", models.F("created_at")), _connector="OR"
                        ),
                        name="task_due_after_posting",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "disputed"), _negated=True),
                            ("disputed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="task_disputed_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_amount__isnull", True),
                            models.Q(("paid_amount__gte", 0), ("paid_amount__lte", models.F("amount"))),
                            _connector="OR",
                        ),
                        name="task_paid_within_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("payout_status__in", ["none", "partly", "under_way", "paid"])),
                        name="task_payout_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("paid_amount__isnull", False),
                                ("paid_out_at__isnull", False),
                                ("payout_status", "paid"),
                            ),
                            models.Q(
                                models.Q(("payout_status", "paid"), _negated=True),
                                ("paid_out_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="task_paid_out_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("worker_rating__isnull", True),
                                ("worker_rating__range", (1, 5)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("platform_rating__isnull", True),
                                ("platform_rating__range", (1, 5)),
                                _connector="OR",
                            ),
                        ),
                        name="task_ratings_1_to_5",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("duration_seconds__gt", 0),
                                ("duration_seconds__isnull", False),
                                ("release_interval__gt", 0),
                                ("release_interval__isnull", False),
                                ("task_type", "time_based"),
                            ),
                            models.Q(
                                models.Q(("task_type", "time_based"), _negated=True),
                                ("duration_seconds__isnull", True),
                                ("release_interval__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="task_schedule_only_when_time_based",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee_bps__range", (0, 10000))), name="task_fee_in_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TaskTally",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "task_type",
                    models.CharField(
                        choices=[
                            ("fixed", "Fixed"),
                            ("time_based", "Time Based"),
                            ("milestone", "Milestone"),
                        ],
                        max_length=16,
                    ),
                ),
                ("created_tasks", models.IntegerField(default=0)),
                ("assigned_tasks", models.IntegerField(default=0)),
                ("in_progress_tasks", models.IntegerField(default=0)),
                ("completed_tasks", models.IntegerField(default=0)),
                ("disputed_tasks", models.IntegerField(default=0)),
                ("cancelled_tasks", models.IntegerField(default=0)),
                (
                    "paid_amount",
                    gigstream.core.money.MoneyField(
                        default=Decimal("0"), help_text="to workers, for tasks whose money has closed"
                    ),
                ),
                (
                    "fee_amount",
                    gigstream.core.money.MoneyField(default=Decimal("0"), help_text="taken on that pay"),
                ),
                (
                    "took",
                    models.DurationField(
                        default=datetime.timedelta(0),
                        help_text="all completed tasks, from start to completion",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "task tallies",
                "db_table": "task_tallies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("platform", "task_type"), name="task_tally_once_per_type"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("task_type__in", ["fixed", "time_based", "milestone"])),
                        name="task_tally_type_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageBatch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("received_at", models.DateTimeField()),
                ("given", models.PositiveIntegerField(help_text="events in the batch")),
                ("accepted", models.PositiveIntegerField()),
                ("replayed", models.PositiveIntegerField(help_text="events that were on record already")),
                ("refused", models.PositiveIntegerField()),
                ("first_day", models.DateField(help_text="of its accepted events")),
                ("last_day", models.DateField(help_text="of its accepted events")),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_batches",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "usage batches",
                "db_table": "usage_batches",
                "indexes": [
                    models.Index(fields=["platform", "-id"], name="usage_batches_of_platform"),
                    models.Index(fields=["received_at"], name="usage_batches_by_time"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("accepted__gt", 0)), name="usage_batch_has_events"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "given",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("accepted"), "+", models.F("replayed")
                                    ),
                                    "+",
                                    models.F("refused"),
                                ),
                            )
                        ),
                        name="usage_batch_counts_each_event",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_day__lte", models.F("last_day"))),
                        name="usage_batch_days_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("listener_hour", "Listener Hour"),
                            ("burst", "Burst"),
                            ("short_play", "Short Play"),
                            ("no_history", "No History"),
                        ],
                        max_length=24,
                    ),
                ),
                ("threshold", models.PositiveIntegerField(help_text="0 switches the rule off")),
                ("decided_by", models.CharField(max_length=80)),
                ("reason", models.TextField()),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_rules",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "usage_rules",
                "indexes": [models.Index(fields=["platform", "kind", "-id"], name="usage_rules_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["listener_hour", "burst", "short_play", "no_history"])
                        ),
                        name="usage_rule_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("decided_by", ""), _negated=True),
                        ),
                        name="usage_rule_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
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
                    "starts_after",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="the last event before the webhook was set or enabled: later ones are delivered",
                    ),
                ),
                (
                    "queued_through",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="the last event that a delivery was made for; the job takes up those after it",
                    ),
                ),
                (
                    "previous_secret",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True, default="", help_text="encrypted at rest"
                    ),
                ),
                (
                    "previous_secret_until",
                    models.DateTimeField(
                        blank=True, help_text="deliveries carry a second signature until then", null=True
                    ),
                ),
                (
                    "failing_since",
                    models.DateTimeField(
                        blank=True, help_text="first failure since the last success", null=True
                    ),
                ),
                (
                    "disabled_at",
                    models.DateTimeField(blank=True, help_text="nothing is delivered since then", null=True),
                ),
                (
                    "platform",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "webhook_endpoints",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("starts_after__lte", models.F("queued_through"))),
                        name="webhook_queued_since_its_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("previous_secret", ""), ("previous_secret_until__isnull", True)),
                            models.Q(
                                models.Q(("previous_secret", ""), _negated=True),
                                ("previous_secret_until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="webhook_old_secret_has_an_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WithdrawalAddress",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("address", models.CharField(help_text="lower case", max_length=42)),
                ("holds_from", models.DateTimeField()),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="withdrawal_addresses",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "withdrawal addresses",
                "db_table": "withdrawal_addresses",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("address", django.db.models.functions.text.Lower("address")),
                            models.Q(("address", ""), _negated=True),
                        ),
                        name="withdrawal_address_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("holds_from__gte", models.F("created_at"))),
                        name="withdrawal_address_holds_from_its_naming",
                    ),
                    models.UniqueConstraint(
                        fields=("platform", "holds_from"), name="withdrawal_address_once_at_a_time"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
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
                    "source",
                    models.CharField(
                        choices=[("invitation", "Invitation"), ("offer", "Offer")],
                        help_text="how the worker agreed",
                        max_length=16,
                    ),
                ),
                ("accepted_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("worker", "Worker"),
                            ("platform", "Platform"),
                            ("staff", "Staff"),
                            ("system", "System"),
                        ],
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="workers.worker",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "consents",
                "indexes": [
                    models.Index(fields=["worker", "platform", "accepted_at"], name="consents_of_pair"),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["platform", "-accepted_at", "-id"],
                        name="consents_of_platform",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("worker", "platform"),
                        name="consent_one_open_per_pair",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["invitation", "offer"])),
                        name="consent_source_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("ended_by__in", ["worker", "platform", "staff", "system"]),
                                ("ended_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="consent_ended_as_a_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            ("ended_at__gte", models.F("accepted_at")),
                            _connector="OR",
                        ),
                        name="consent_ends_after_acceptance",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreatorProfile",
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
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("creators")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("CR"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                ("number", gigstream.core.models.RowNumberField()),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("verified", "Verified"), ("closed", "Closed")],
                        default="pending",
                        max_length=16,
                    ),
                ),
                (
                    "display_name",
                    models.CharField(
                        blank=True,
                        help_text="name that the public sees; empty once the worker has left",
                        max_length=120,
                    ),
                ),
                (
                    "token_address",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="contract of the creator's token, if there is one",
                        max_length=42,
                    ),
                ),
                (
                    "metrics_address",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True,
                        default="",
                        help_text="address to which metrics are written, encrypted at rest",
                    ),
                ),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="creator_profiles",
                        to="workers.worker",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="creators",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "creator_profiles",
                "indexes": [
                    models.Index(fields=["platform", "-created_at", "-id"], name="creators_of_platform"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["display_name"], name="creators_by_parts_of_name", opclasses=["gin_trgm_ops"]
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "worker"), name="creator_once_per_platform"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "verified", "closed"])),
                        name="creator_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "closed"),
                            models.Q(("display_name", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="creator_named_until_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "display_name__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="creator_name_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("token_address", ""),
                            ("token_address__regex", "^0x[0-9a-f]{40}$"),
                            _connector="OR",
                        ),
                        name="creator_token_address_well_formed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "closed"),
                            models.Q(("status", "pending"), ("verified_at__isnull", True)),
                            models.Q(("status", "verified"), ("verified_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="creator_verified_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", False), ("status", "closed")),
                            models.Q(
                                models.Q(("status", "closed"), _negated=True), ("closed_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="creator_closed_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Engagement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("open_tasks", models.PositiveIntegerField(default=0)),
                ("finished_tasks", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "last_assigned_at",
                    models.DateTimeField(
                        help_text="when the worker last got a task of the platform", null=True
                    ),
                ),
                (
                    "paid_amount",
                    gigstream.core.money.MoneyField(
                        db_default=Decimal("0"),
                        default=Decimal("0"),
                        help_text="for tasks whose money has closed",
                    ),
                ),
                (
                    "small_pay",
                    gigstream.core.money.MoneyField(
                        db_default=Decimal("0"),
                        default=Decimal("0"),
                        help_text="the part of it for completed tasks that paid less than 1 USDC each",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagements",
                        to="workers.worker",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagements",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "engagements",
                "indexes": [models.Index(fields=["platform", "last_assigned_at"], name="engagements_lately")],
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "worker"), name="engagement_once_per_pair"),
                    models.CheckConstraint(
                        condition=models.Q(("first_at__lte", models.F("last_at"))),
                        name="engagement_times_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventCounter",
            fields=[
                (
                    "platform",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="event_counter",
                        serialize=False,
                        to="platforms.platform",
                    ),
                ),
                ("last_sequence", models.PositiveBigIntegerField()),
            ],
            options={
                "db_table": "event_counters",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_sequence__gte", 1)), name="event_counter_from_1"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReceiptChain",
            fields=[
                (
                    "platform",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="receipt_chain",
                        serialize=False,
                        to="platforms.platform",
                    ),
                ),
                ("last_number", models.PositiveBigIntegerField()),
                ("last_hash", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "usage_receipt_chains",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_hash__regex", "^[0-9a-f]{64}$")),
                        name="receipt_chain_hash_is_sha256",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Listener",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "digest",
                    models.BinaryField(
                        blank=True, help_text="HMAC-SHA256 of the platform's id", max_length=32, null=True
                    ),
                ),
                ("last_seen_on", models.DateField()),
                (
                    "known_since",
                    models.DateField(
                        blank=True,
                        help_text="first day with a play of those whose listeners are final",
                        null=True,
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listeners",
                        to="platforms.platform",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listeners",
                        to="platforms.listenerkey",
                    ),
                ),
            ],
            options={
                "db_table": "listeners",
                "indexes": [
                    models.Index(
                        condition=models.Q(("key__isnull", False)), fields=["key"], name="listeners_of_key"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("digest", "key", "platform"), name="listener_once_per_platform"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("digest__isnull", True), ("key__isnull", True)),
                            models.Q(("digest__isnull", False), ("key__isnull", False)),
                            _connector="OR",
                        ),
                        name="listener_digest_with_its_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("digest__isnull", True),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("digest"),
                                    function="octet_length",
                                    output_field=models.IntegerField(),
                                ),
                                models.Value(32),
                            ),
                            _connector="OR",
                        ),
                        name="listener_digest_is_sha256",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
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
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("disputes")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("DI"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                (
                    "side",
                    models.CharField(
                        choices=[("worker", "Worker"), ("platform", "Platform")],
                        db_default="platform",
                        default="platform",
                        help_text="the side that filed it",
                        max_length=16,
                    ),
                ),
                (
                    "filed_at",
                    models.DateTimeField(
                        db_default=gigstream.core.clock.DatabaseNow(),
                        default=gigstream.core.clock.database_now,
                    ),
                ),
                ("severity", models.PositiveSmallIntegerField(help_text="1 (minor) to 5 (grave)")),
                ("reason", models.TextField()),
                (
                    "reminded_at",
                    models.DateTimeField(blank=True, help_text="when staff were reminded of it", null=True),
                ),
                (
                    "alarmed_at",
                    models.DateTimeField(
                        blank=True, help_text="when staff were notified that it is overdue", null=True
                    ),
                ),
                (
                    "answer",
                    models.TextField(
                        blank=True, db_default="", help_text="of the other side, before it is resolved"
                    ),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("worker", "Worker"), ("platform", "Platform"), ("nobody", "Nobody")],
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "worker_amount",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="of the held amount, paid to the worker", null=True
                    ),
                ),
                (
                    "refund_amount",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="of the held amount, refunded", null=True
                    ),
                ),
                ("resolution", models.TextField(blank=True)),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="disputes",
                        to="platforms.task",
                    ),
                ),
            ],
            options={
                "db_table": "disputes",
                "indexes": [models.Index(fields=["created_at"], name="disputes_created")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at__isnull", True)),
                        fields=("task",),
                        name="dispute_one_open_per_task",
                    ),
                    models.UniqueConstraint(fields=("task", "side"), name="dispute_once_per_side"),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["worker", "platform"])), name="dispute_side_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome__isnull", True),
                            ("outcome__in", ["worker", "platform", "nobody"]),
                            _connector="OR",
                        ),
                        name="dispute_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("resolved_at__isnull", True),
                            ("resolved_at__gte", models.F("filed_at")),
                            _connector="OR",
                        ),
                        name="dispute_resolved_after_it_was_filed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("alarmed_at__isnull", True),
                            models.Q(
                                ("reminded_at__isnull", False), ("reminded_at__lte", models.F("alarmed_at"))
                            ),
                            _connector="OR",
                        ),
                        name="dispute_reminder_precedes_alarm",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__range", (1, 5))), name="dispute_severity_1_to_5"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="dispute_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("outcome__isnull", True),
                                ("refund_amount__isnull", True),
                                ("resolved_at__isnull", True),
                                ("worker_amount__isnull", True),
                            ),
                            models.Q(
                                ("outcome__isnull", False),
                                ("refund_amount__gte", 0),
                                ("refund_amount__isnull", False),
                                ("resolved_at__isnull", False),
                                ("worker_amount__gte", 0),
                                ("worker_amount__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="dispute_resolved_as_a_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Milestone",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField(help_text="1, 2, … in the order of approval")),
                ("title", models.CharField(max_length=200)),
                ("amount", gigstream.core.money.MoneyField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="milestones",
                        to="platforms.task",
                    ),
                ),
            ],
            options={
                "db_table": "milestones",
                "ordering": ["task", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("task", "number"), name="milestone_number_once_per_task"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("amount__lte", Decimal("99999999999999.999999"))
                        ),
                        name="milestone_amount_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="milestone_number_from_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "title__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="milestone_title_readable",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkEvent",
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
                            ("started", "Started"),
                            ("milestone_reached", "Milestone Reached"),
                            ("completed", "Completed"),
                            ("bonus", "Bonus"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "external_id",
                    models.CharField(
                        blank=True, help_text="the platform's own id", max_length=120, null=True
                    ),
                ),
                ("event_date", models.DateField(blank=True, null=True)),
                ("milestone_number", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "amount",
                    gigstream.core.money.MoneyField(blank=True, help_text="bonus: its amount", null=True),
                ),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="work_events",
                        to="platforms.task",
                    ),
                ),
            ],
            options={
                "db_table": "work_events",
                "indexes": [models.Index(fields=["created_at"], name="work_events_created")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("task", "event_type", "external_id", "event_date"),
                        name="work_event_reported_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("event_type__in", ["started", "milestone_reached", "completed", "bonus"])
                        ),
                        name="work_event_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__gt", 0), ("amount__isnull", False), ("event_type", "bonus")),
                            models.Q(
                                models.Q(("event_type", "bonus"), _negated=True), ("amount__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="work_event_bonus_has_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("event_type", "milestone_reached"),
                                ("milestone_number__gte", 1),
                                ("milestone_number__isnull", False),
                            ),
                            models.Q(
                                models.Q(("event_type", "milestone_reached"), _negated=True),
                                ("milestone_number__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="work_event_milestone_has_number",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageReceipt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "number",
                    models.PositiveBigIntegerField(help_text="1, 2, … of this platform, without a gap"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("batch", "Batch"), ("correction", "Correction")], max_length=16
                    ),
                ),
                ("count", models.PositiveIntegerField(help_text="events under the root")),
                (
                    "root",
                    models.CharField(
                        help_text="root of the Merkle tree over the events (RFC 6962)", max_length=64
                    ),
                ),
                ("totals", models.JSONField(help_text="events by kind")),
                ("received_at", models.DateTimeField()),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                ("signature", models.CharField(help_text="Ed25519, hexadecimal", max_length=128)),
                (
                    "batch",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt",
                        to="platforms.usagebatch",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="platforms.signingkey",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_receipts",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "usage_receipts",
                "constraints": [
                    models.UniqueConstraint(fields=("platform", "number"), name="receipt_once_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="receipt_number_from_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["batch", "correction"])), name="receipt_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "batch"), _negated=True),
                            ("batch__isnull", False),
                            _connector="OR",
                        ),
                        name="receipt_names_its_batch",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0)), name="receipt_covers_events"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hash__regex", "^[0-9a-f]{64}$"),
                            ("previous_hash__regex", "^[0-9a-f]{64}$"),
                            ("root__regex", "^[0-9a-f]{64}$"),
                        ),
                        name="receipt_hashes_are_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("signature__regex", "^[0-9a-f]{128}$")), name="receipt_is_signed"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sequence", models.PositiveBigIntegerField(help_text="that of the event")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("delivered", "Delivered"),
                            ("dead", "Dead"),
                            ("blocked", "Blocked"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(default=0, help_text="since it was queued or replayed"),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when a job may next take it up; doubles as the job's lease",
                        null=True,
                    ),
                ),
                ("last_attempt_at", models.DateTimeField(blank=True, null=True)),
                (
                    "status_code",
                    models.PositiveSmallIntegerField(blank=True, help_text="of the last answer", null=True),
                ),
                (
                    "error",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("status", "answered, but not with 2xx"),
                            (
                                "blocked_address",
                                "the name leads to a forbidden address, or the URL is not allowed",
                            ),
                            ("unresolved", "the name has no address"),
                            ("connection", "no connection, or it broke"),
                            ("tls", "no valid certificate for the name"),
                            ("timeout", "no answer in time"),
                            ("protocol", "the answer was no HTTP, or too long"),
                            ("disabled", "the webhook was switched off"),
                        ],
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "milliseconds",
                    models.PositiveIntegerField(
                        blank=True, help_text="how long the last attempt took", null=True
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delivery",
                        to="platforms.platformevent",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="platforms.platform",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="platforms.webhookendpoint",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "db_table": "webhook_deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["endpoint", "next_attempt_at"],
                        name="deliveries_due",
                    ),
                    models.Index(fields=["platform", "-sequence"], name="deliveries_of_platform"),
                    models.Index(
                        condition=models.Q(
                            ("status__in", ["blocked", "dead"]),
                            models.Q(("error", "disabled"), _negated=True),
                        ),
                        fields=["ended_at"],
                        name="deliveries_given_up",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("endpoint", "sequence"), name="delivery_once_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "delivered", "dead", "blocked"])),
                        name="delivery_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("error__isnull", True),
                            (
                                "error__in",
                                [
                                    "status",
                                    "blocked_address",
                                    "unresolved",
                                    "connection",
                                    "tls",
                                    "timeout",
                                    "protocol",
                                    "disabled",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="delivery_error_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True),
                                ("next_attempt_at__isnull", False),
                                ("status", "pending"),
                            ),
                            models.Q(
                                models.Q(("status", "pending"), _negated=True),
                                ("ended_at__isnull", False),
                                ("next_attempt_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="delivery_is_due_or_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageFinding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("listener_hour", "Listener Hour"),
                            ("burst", "Burst"),
                            ("short_play", "Short Play"),
                            ("no_history", "No History"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "number",
                    models.PositiveIntegerField(
                        db_default=1, help_text="1, 2, … of this creator, day and rule"
                    ),
                ),
                ("threshold", models.PositiveIntegerField(help_text="of the rule that found them")),
                (
                    "plays",
                    models.PositiveIntegerField(
                        help_text="plays left out, each under the first rule that found it"
                    ),
                ),
                ("found_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("confirmed", "Confirmed"),
                            ("dismissed", "Dismissed"),
                            ("lapsed", "Lapsed"),
                        ],
                        default="held",
                        max_length=16,
                    ),
                ),
                ("contested_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contest",
                    models.CharField(
                        blank=True, default="", help_text="the creator's words", max_length=1000
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decided_by", models.CharField(blank=True, default="", max_length=80)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                (
                    "creator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_findings",
                        to="platforms.creatorprofile",
                    ),
                ),
            ],
            options={
                "db_table": "usage_findings",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "held")), fields=["found_at"], name="findings_held"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("creator", "day", "kind", "number"), name="finding_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["listener_hour", "burst", "short_play", "no_history"])
                        ),
                        name="finding_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["held", "confirmed", "dismissed", "lapsed"])),
                        name="finding_status_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("plays__gt", 0)), name="finding_of_plays"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by", ""),
                                ("reason", ""),
                                ("status", "held"),
                            ),
                            models.Q(
                                models.Q(("status", "held"), _negated=True),
                                models.Q(("decided_by", ""), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="finding_decided_as_a_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("contest", ""), ("contested_at__isnull", True)),
                            models.Q(
                                ("contested_at__isnull", False), models.Q(("contest", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="finding_contested_in_words",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Work",
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
                ("number", gigstream.core.models.RowNumberField()),
                ("external_id", models.CharField(help_text="the platform's own id", max_length=120)),
                ("title", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("track", "Track"),
                            ("video", "Video"),
                            ("post", "Post"),
                            ("dataset", "Dataset"),
                            ("model", "Model"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "content_id",
                    models.CharField(
                        blank=True, default="", help_text="of the content, as a CID", max_length=200
                    ),
                ),
                (
                    "price",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="in USDC; empty: the work is free", null=True
                    ),
                ),
                (
                    "rate",
                    gigstream.core.money.MoneyField(
                        blank=True,
                        help_text="USDC per play, as it was set last; empty: plays are not paid. It holds from the next day",
                        null=True,
                    ),
                ),
                ("published_on", models.DateField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "creator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="works",
                        to="platforms.creatorprofile",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="works",
                        to="platforms.platform",
                    ),
                ),
            ],
            options={
                "db_table": "works",
                "indexes": [
                    models.Index(fields=["platform", "-created_at", "-id"], name="works_of_platform"),
                    models.Index(fields=["creator", "-created_at", "-id"], name="works_of_creator"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["title"], name="works_by_parts_of_title", opclasses=["gin_trgm_ops"]
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("platform", "external_id"), name="work_external_id_once_per_platform"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("external_id", ""), _negated=True), name="work_has_an_external_id"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "title__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="work_title_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["track", "video", "post", "dataset", "model"])),
                        name="work_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("price__isnull", True),
                            models.Q(("price__gt", 0), ("price__lte", Decimal("99999999999999.999999"))),
                            _connector="OR",
                        ),
                        name="work_price_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rate__isnull", True),
                            models.Q(("rate__gt", 0), ("rate__lte", Decimal("99999999999999.999999"))),
                            _connector="OR",
                        ),
                        name="work_rate_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreatorDay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(help_text="in UTC")),
                ("plays", models.BigIntegerField(default=0)),
                ("listeners", models.BigIntegerField(default=0, help_text="different people with a play")),
                ("likes", models.BigIntegerField(default=0, help_text="less unlikes; can be below 0")),
                ("comments", models.BigIntegerField(default=0)),
                ("shares", models.BigIntegerField(default=0)),
                ("seconds", models.BigIntegerField(default=0)),
                ("purchases", models.BigIntegerField(default=0)),
                ("sales", gigstream.core.money.MoneyField(default=0, help_text="amounts of the purchases")),
                ("tips", gigstream.core.money.MoneyField(default=0)),
                ("followers_gained", models.BigIntegerField(default=0)),
                ("followers_lost", models.BigIntegerField(default=0)),
                (
                    "creator",
                    models.ForeignKey(
                        db_column="creator_number",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
            ],
            options={
                "db_table": "creator_days",
                "constraints": [
                    models.UniqueConstraint(fields=("creator", "day"), name="creator_day_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("plays__gte", 0),
                            ("listeners__gte", 0),
                            ("comments__gte", 0),
                            ("shares__gte", 0),
                            ("seconds__gte", 0),
                            ("purchases__gte", 0),
                            ("sales__gte", 0),
                            ("tips__gte", 0),
                            ("followers_gained__gte", 0),
                            ("followers_lost__gte", 0),
                        ),
                        name="creator_day_sums_not_below_zero",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Collection",
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
                ("title", models.CharField(max_length=200)),
                (
                    "creator",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collections",
                        to="platforms.creatorprofile",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collections",
                        to="platforms.platform",
                    ),
                ),
                (
                    "listener",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collections",
                        to="platforms.listener",
                    ),
                ),
            ],
            options={
                "db_table": "collections",
                "indexes": [
                    models.Index(fields=["platform", "-created_at", "-id"], name="collections_of_platform")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("creator__isnull", False), ("listener__isnull", True)),
                            models.Q(("creator__isnull", True), ("listener__isnull", False)),
                            _connector="OR",
                        ),
                        name="collection_has_one_owner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "title__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="collection_title_readable",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Follow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "creator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follows",
                        to="platforms.creatorprofile",
                    ),
                ),
                (
                    "listener",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follows",
                        to="platforms.listener",
                    ),
                ),
            ],
            options={
                "db_table": "follows",
                "indexes": [
                    models.Index(
                        fields=["creator", "-since", "-id"], include=("until",), name="follows_of_creator"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("listener", "creator"),
                        name="follow_one_open_per_pair",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True), ("until__gte", models.F("since")), _connector="OR"
                        ),
                        name="follow_ends_after_it_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageCorrection",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("amend", "Amend"),
                            ("void", "Void"),
                            ("backfill", "Backfill"),
                            ("revert", "Revert"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("events", models.PositiveIntegerField(help_text="events that it concerned")),
                ("differences", models.JSONField(help_text="what changed, by creator and day")),
                (
                    "listeners_final_on",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(),
                        blank=True,
                        default=list,
                        help_text="of its days, those whose number of different listeners is final and stays as it was",
                        size=None,
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_corrections",
                        to="platforms.platform",
                    ),
                ),
                (
                    "reverts",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reverting",
                        to="platforms.usagecorrection",
                    ),
                ),
                (
                    "receipt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="correction",
                        to="platforms.usagereceipt",
                    ),
                ),
            ],
            options={
                "db_table": "usage_corrections",
                "indexes": [
                    models.Index(fields=["platform", "-created_at", "-id"], name="corrections_of_platform")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reverts__isnull", False)),
                        fields=("reverts",),
                        name="correction_reverted_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["amend", "void", "backfill", "revert"])),
                        name="correction_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="correction_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="correction_reason_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("events__gt", 0)), name="correction_concerns_events"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "revert"),
                                ("reverts__isnull", False),
                                models.Q(("reverts", models.F("id")), _negated=True),
                            ),
                            models.Q(models.Q(("kind", "revert"), _negated=True), ("reverts__isnull", True)),
                            _connector="OR",
                        ),
                        name="correction_reverts_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageStoreBatch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("events", models.PositiveIntegerField()),
                (
                    "content",
                    models.BinaryField(help_text="a version of an event in each line, as JSON, in gzip"),
                ),
                (
                    "receipt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="store_batch",
                        to="platforms.usagereceipt",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "usage store batches",
                "db_table": "usage_store_batches",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("events__gt", 0)), name="store_batch_has_events"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageMark",
            fields=[
                ("event_number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("occurred_at", models.DateTimeField()),
                ("work_number", models.BigIntegerField()),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="marks",
                        to="platforms.usagefinding",
                    ),
                ),
            ],
            options={
                "db_table": "usage_marks",
            },
        ),
        migrations.CreateModel(
            name="WorkDay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(help_text="in UTC")),
                ("plays", models.BigIntegerField(default=0)),
                ("listeners", models.BigIntegerField(default=0, help_text="different people with a play")),
                ("likes", models.BigIntegerField(default=0, help_text="less unlikes; can be below 0")),
                ("comments", models.BigIntegerField(default=0)),
                ("shares", models.BigIntegerField(default=0)),
                ("seconds", models.BigIntegerField(default=0)),
                ("purchases", models.BigIntegerField(default=0)),
                ("sales", gigstream.core.money.MoneyField(default=0, help_text="amounts of the purchases")),
                ("tips", gigstream.core.money.MoneyField(default=0)),
                (
                    "creator",
                    models.ForeignKey(
                        db_column="creator_number",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_days",
                        to="platforms.creatorprofile",
                        to_field="number",
                    ),
                ),
                (
                    "work",
                    models.ForeignKey(
                        db_column="work_number",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="platforms.work",
                        to_field="number",
                    ),
                ),
            ],
            options={
                "db_table": "work_days",
                "indexes": [models.Index(fields=["creator", "day"], name="work_days_of_creator")],
                "constraints": [
                    models.UniqueConstraint(fields=("work", "day", "creator"), name="work_day_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("plays__gte", 0),
                            ("listeners__gte", 0),
                            ("comments__gte", 0),
                            ("shares__gte", 0),
                            ("seconds__gte", 0),
                            ("purchases__gte", 0),
                            ("sales__gte", 0),
                            ("tips__gte", 0),
                        ),
                        name="work_day_sums_not_below_zero",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkMove",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("moved_at", models.DateTimeField()),
                (
                    "from_creator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="works_given",
                        to="platforms.creatorprofile",
                    ),
                ),
                (
                    "to_creator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="works_taken",
                        to="platforms.creatorprofile",
                    ),
                ),
                (
                    "work",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="platforms.work",
                    ),
                ),
            ],
            options={
                "db_table": "work_moves",
                "constraints": [
                    models.UniqueConstraint(fields=("work", "moved_at"), name="work_moved_once_at_a_time"),
                    models.CheckConstraint(
                        condition=models.Q(("from_creator", models.F("to_creator")), _negated=True),
                        name="work_moved_to_another_creator",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkRate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "rate",
                    gigstream.core.money.MoneyField(
                        blank=True, help_text="USDC per play; empty: plays are not paid", null=True
                    ),
                ),
                ("valid_from", models.DateField()),
                (
                    "work",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rates",
                        to="platforms.work",
                    ),
                ),
            ],
            options={
                "db_table": "work_rates",
                "indexes": [models.Index(fields=["work", "-valid_from", "-id"], name="work_rates_by_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rate__isnull", True),
                            models.Q(("rate__gt", 0), ("rate__lte", Decimal("99999999999999.999999"))),
                            _connector="OR",
                        ),
                        name="work_rate_of_a_day_positive",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CollectionWork",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField(help_text="1, 2, … without a gap")),
                (
                    "collection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="places",
                        to="platforms.collection",
                    ),
                ),
                (
                    "work",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="places",
                        to="platforms.work",
                    ),
                ),
            ],
            options={
                "db_table": "collection_works",
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                        fields=("collection", "position"),
                        name="collection_position_once",
                    ),
                    models.UniqueConstraint(fields=("collection", "work"), name="collection_work_once"),
                    models.CheckConstraint(
                        condition=models.Q(("position__gte", 1)), name="collection_position_from_1"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CorrectedEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_number", models.BigIntegerField()),
                ("occurred_at", models.DateTimeField()),
                ("replacement_number", models.BigIntegerField(blank=True, null=True)),
                (
                    "replaced_at",
                    models.DateTimeField(
                        blank=True, help_text="time at which the replacement occurred", null=True
                    ),
                ),
                (
                    "correction",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerned",
                        to="platforms.usagecorrection",
                    ),
                ),
            ],
            options={
                "db_table": "usage_corrected_events",
                "indexes": [models.Index(fields=["event_number"], name="corrected_events_by_number")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("correction", "event_number"), name="corrected_once_by_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("replaced_at__isnull", True), ("replacement_number__isnull", True)),
                            models.Q(("replaced_at__isnull", False), ("replacement_number__isnull", False)),
                            _connector="OR",
                        ),
                        name="corrected_replacement_has_its_time",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usagestoreswitch",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7debdbf03d8df504febd6a9d394fdea9b0f8397b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_b7a81",
                    table="usage_store_switches",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="eventcounter",
            trigger=pgtrigger.compiler.Trigger(
                name="never_goes_back",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."last_sequence" <= (OLD."last_sequence"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="5d6f112ec1998a441b7714a1ef16e9e6b40faeab",
                    operation="UPDATE",
                    pgid="pgtrigger_never_goes_back_9f49d",
                    table="event_counters",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creatorprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{pending:closed,pending:verified,verified:closed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="84737fc4c9ea65fd600d8bd884fef22c233cb0cb",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_f64d5",
                    table="creator_profiles",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creatorprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="stays_with_its_pair",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."platform_id" IS DISTINCT FROM (NEW."platform_id") OR OLD."worker_id" IS DISTINCT FROM (NEW."worker_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "worker_id" rows from % table\', TG_TABLE_NAME;',
                    hash="1c94f1f0a1827de163f5a132bcbc91a93e5ae992",
                    operation='UPDATE OF "platform_id", "worker_id"',
                    pgid="pgtrigger_stays_with_its_pair_7462f",
                    table="creator_profiles",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="consent",
            trigger=pgtrigger.compiler.Trigger(
                name="given_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."accepted_at" IS DISTINCT FROM (NEW."accepted_at") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."worker_id" IS DISTINCT FROM (NEW."worker_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "worker_id", "source", "accepted_at" rows from % table\', TG_TABLE_NAME;',
                    hash="ce734f9315e525564a62873b5b40fdd86ad59d95",
                    operation='UPDATE OF "platform_id", "worker_id", "source", "accepted_at"',
                    pgid="pgtrigger_given_once_44c28",
                    table="consents",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="consent",
            trigger=pgtrigger.compiler.Trigger(
                name="ended_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."ended_at" IS NOT NULL)',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "ended_at", "ended_by" rows from % table\', TG_TABLE_NAME;',
                    hash="16ab0a48415f535018dfb4b65d397f0d41e4a348",
                    operation='UPDATE OF "ended_at", "ended_by"',
                    pgid="pgtrigger_ended_once_110d6",
                    table="consents",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apikey",
            trigger=pgtrigger.compiler.Trigger(
                name="key_is_of_the_databases_kind",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF EXISTS (SELECT FROM database_identity WHERE (kind = 'live') <> NEW.is_live) THEN\n                        RAISE EXCEPTION 'gigstream: keys of test and live are made in databases of their own';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="62f3ae3d5c7fc4de71b4501993c0a43d2acd9ca8",
                    operation='INSERT OR UPDATE OF "is_live"',
                    pgid="pgtrigger_key_is_of_the_databases_kind_4ef76",
                    table="api_keys",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="platformday",
            trigger=pgtrigger.compiler.Trigger(
                name="listeners_final_for_good",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."listeners_final_at" IS NOT NULL AND (OLD."listeners_final_at" IS DISTINCT FROM (NEW."listeners_final_at") OR OLD."listeners" IS DISTINCT FROM (NEW."listeners")))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "listeners_final_at", "listeners" rows from % table\', TG_TABLE_NAME;',
                    hash="b69255ea9788b1335f72a51a2c4cbf52312e7a31",
                    operation='UPDATE OF "listeners_final_at", "listeners"',
                    pgid="pgtrigger_listeners_final_for_good_eaa55",
                    table="platform_days",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="platformevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4a20fea01352a484752295c69f6cf16039edb0c0",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_7535c",
                    table="events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="platformevent",
            trigger=pgtrigger.compiler.Trigger(
                name="goes_only_with_its_platform",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF current_setting('gigstream.erasing_platform', true) = OLD.platform_id::text THEN\n                        RETURN OLD;\n                    END IF;\n                    RAISE EXCEPTION 'events are append-only';\n                ",
                    hash="aedcf936aeb5c7316e22951d45604de8825d2958",
                    operation="DELETE",
                    pgid="pgtrigger_goes_only_with_its_platform_c82ad",
                    table="events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="task",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{assigned:cancelled,assigned:created,assigned:in_progress,completed:disputed,created:assigned,created:cancelled,disputed:cancelled,disputed:completed,in_progress:cancelled,in_progress:completed,in_progress:disputed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="db79e7dd7c88993ac1db540b73f49cfe91be0f1d",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_ad2b6",
                    table="tasks",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="task",
            trigger=pgtrigger.compiler.Trigger(
                name="worker_keeps_the_task",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.worker_id IS NOT NULL AND OLD.worker_id IS DISTINCT FROM NEW.worker_id AND NOT (NEW.worker_id IS NULL AND OLD.status = 'assigned' AND NEW.status = 'created'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update of \"worker_id\" rows from % table', TG_TABLE_NAME;",
                    hash="dd9526c5d887e063afdb7d24fce2bc0556253797",
                    operation='UPDATE OF "worker_id"',
                    pgid="pgtrigger_worker_keeps_the_task_faebb",
                    table="tasks",
                    when="BEFORE",
                ),
            ),
        ),
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
        pgtrigger.migrations.AddTrigger(
            model_name="usagebatch",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="89922e1dd5e614e3e266a40f72805e156aa6cccd",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_2df3d",
                    table="usage_batches",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="correctedevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="efcdca8e4365131ed74465e4923884528ed0e0c3",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_00e3a",
                    table="usage_corrected_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usagefinding",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{held:confirmed,held:dismissed,held:lapsed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="4bd9d6fbecd5a837bceecff91a5de0919da983fa",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_5c14e",
                    table="usage_findings",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usagereceipt",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1e90615a50d92e7b38dcdeac0b10c4285b69aad0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7603d",
                    table="usage_receipts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usagecorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9ce6f0e23da3e72697b3c96048c21f4e7e811716",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_afe0f",
                    table="usage_corrections",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usagerule",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4a1d18adff975478308a7eeacf9300d360cb1798",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7c899",
                    table="usage_rules",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="webhookdelivery",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_status_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{blocked:pending,dead:pending,delivered:pending,pending:blocked,pending:dead,pending:delivered}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="b21a7a2f10e81d4ae28836d3fecf5afd2533d3fd",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_status_moves_f2aed",
                    table="webhook_deliveries",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="work",
            trigger=pgtrigger.compiler.Trigger(
                name="stays_with_its_platform",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."external_id" IS DISTINCT FROM (NEW."external_id") OR OLD."platform_id" IS DISTINCT FROM (NEW."platform_id"))',
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "platform_id", "external_id" rows from % table\', TG_TABLE_NAME;',
                    hash="ee9ec4bb8c3397c755eb65b4ead59cb487682c13",
                    operation='UPDATE OF "platform_id", "external_id"',
                    pgid="pgtrigger_stays_with_its_platform_c7462",
                    table="works",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="5cc3d96092286fa320a58b9779598cd6cd9066a7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_927f1",
                    table="work_events",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workmove",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="16327e21e9f0b9515060678110c3926401fd8c1f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_4437f",
                    table="work_moves",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workrate",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ba5bdea7db56e0a87bfda7fac79cd796f7e75d6a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_ad40f",
                    table="work_rates",
                    when="BEFORE",
                ),
            ),
        ),
    ]
