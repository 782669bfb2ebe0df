from decimal import Decimal

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import gigstream.core.clock
import gigstream.core.encryption
import gigstream.core.ids
import gigstream.core.money
import gigstream.core.postgres.short_numbers


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
                        default=gigstream.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("short_number", gigstream.core.postgres.short_numbers.ShortNumberField("workers")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.Value("WK"),
                            models.Value("-"),
                            models.F("short_number"),
                            output_field=models.CharField(),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("full_name", models.CharField(max_length=120)),
                ("password_hash", models.CharField(blank=True, max_length=128)),
                (
                    "wallet_id",
                    gigstream.core.encryption.EncryptedTextField(
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
                    "email_proved_at",
                    models.DateTimeField(
                        blank=True, help_text="when a token from a letter to it was sent back", null=True
                    ),
                ),
                (
                    "wallet_proved_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when its signature proved it; empty for a custody wallet",
                        null=True,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="ISO 3166, as the worker states it",
                        max_length=2,
                    ),
                ),
                ("country_changed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "time_zone",
                    models.CharField(db_default="UTC", default="UTC", help_text="of IANA", max_length=64),
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
                (
                    "payout_schedule",
                    models.CharField(
                        choices=[
                            ("standard", "Standard"),
                            ("at_once", "At Once"),
                            ("hourly", "Hourly"),
                            ("daily", "Daily"),
                            ("weekly", "Weekly"),
                            ("by_hand", "By Hand"),
                        ],
                        db_default="standard",
                        default="standard",
                        help_text="when money is paid out by itself",
                        max_length=16,
                    ),
                ),
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
                    gigstream.core.money.MoneyField(
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
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["full_name"], name="workers_by_parts_of_name", opclasses=["gin_trgm_ops"]
                    ),
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
                        condition=models.Q(("email__regex", "^[!-~]+$")), name="worker_email_plain"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "full_name__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="worker_name_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wallet_address", django.db.models.functions.text.Lower("wallet_address"))
                        ),
                        name="worker_wallet_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wallet_address__isnull", True),
                            ("wallet_proved_at__isnull", False),
                            models.Q(("wallet_id", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="worker_wallet_is_proved_or_custody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("country", ""), ("country__regex", "^[A-Z]{2}$"), _connector="OR"
                        ),
                        name="worker_country_is_a_code",
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
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "payout_schedule__in",
                                ["standard", "at_once", "hourly", "daily", "weekly", "by_hand"],
                            )
                        ),
                        name="worker_payout_schedule_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Registration",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("email_as_given", models.CharField(max_length=254)),
                (
                    "email",
                    models.EmailField(
                        help_text="in the form in which addresses are kept and compared", max_length=254
                    ),
                ),
                ("full_name", models.CharField(max_length=120)),
                ("password_hash", models.CharField(editable=False, max_length=128)),
                (
                    "token_hash",
                    models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True),
                ),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "registrations",
                "indexes": [models.Index(fields=["email", "created_at"], name="registrations_of_email")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("token_hash__isnull", True),
                            ("token_hash__regex", "^[0-9a-f]{64}$"),
                            _connector="OR",
                        ),
                        name="registration_token_hash_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email__regex", "^[!-~]+$")), name="registration_email_plain"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "full_name__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                            ),
                            _negated=True,
                        ),
                        name="registration_name_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="registration_expires_after_it_was_made",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WalletNonce",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("nonce", models.CharField(max_length=32, unique=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "wallet_nonces",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("nonce__regex", "^[A-Za-z0-9]{16,32}$")), name="wallet_nonce_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="wallet_nonce_expires_after_it_was_made",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainIdentity",
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
                ("chain", models.CharField(help_text="CAIP-2 id", max_length=41)),
                ("address", models.CharField(help_text="lower case", max_length=90)),
                ("last_login_at", models.DateTimeField(blank=True, null=True)),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "chain identities",
                "db_table": "chain_identities",
                "indexes": [models.Index(fields=["address"], name="chain_identities_address")],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "address"), name="chain_identity_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("address__regex", "^0x[0-9a-f]{40}$"),
                                ("chain__regex", "^eip155:[1-9][0-9]{0,17}$"),
                            ),
                            models.Q(
                                ("address__regex", "^zig1[02-9ac-hj-np-z]{38}$"),
                                ("chain__regex", "^cosmos:[-_a-zA-Z0-9]{1,32}$"),
                            ),
                            _connector="OR",
                        ),
                        name="chain_identity_in_the_form_of_its_chain",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_login_at__isnull", True),
                            ("last_login_at__gte", models.F("created_at")),
                            _connector="OR",
                        ),
                        name="chain_identity_used_after_it_was_added",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PasswordReset",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                (
                    "email",
                    gigstream.core.encryption.EncryptedTextField(
                        blank=True, default="", help_text="encrypted; empty once it was looked up"
                    ),
                ),
                (
                    "email_hash",
                    models.CharField(editable=False, help_text="keyed, of the address", max_length=64),
                ),
                (
                    "token_hash",
                    models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "worker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="password_resets",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "password_resets",
                "indexes": [
                    models.Index(fields=["email_hash", "created_at"], name="password_resets_of_email")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("token_hash__isnull", True),
                            ("token_hash__regex", "^[0-9a-f]{64}$"),
                            _connector="OR",
                        ),
                        name="password_reset_hash_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email_hash__regex", "^[0-9a-f]{64}$")),
                        name="password_reset_email_hash_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("token_hash__isnull", True), ("worker__isnull", False), _connector="OR"
                        ),
                        name="password_reset_token_is_of_a_worker",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sent_at__isnull", True), ("token_hash__isnull", False), _connector="OR"
                        ),
                        name="password_reset_sent_has_a_token",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="password_reset_expires_after_it_was_made",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SocialAccount",
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
                ("network", models.CharField(help_text="of those in SOCIAL_NETWORKS", max_length=24)),
                (
                    "network_user_id",
                    models.CharField(help_text="which the network never changes", max_length=128),
                ),
                ("username", models.CharField(help_text="when it was verified", max_length=128)),
                ("verified_at", models.DateTimeField()),
                ("unlinked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="social_accounts",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "social_accounts",
                "indexes": [
                    models.Index(
                        condition=models.Q(("unlinked_at__isnull", False)),
                        fields=["unlinked_at"],
                        name="social_accounts_unlinked",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("network", "network_user_id"), name="social_account_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("unlinked_at__isnull", True)),
                        fields=("worker", "network"),
                        name="social_account_one_per_worker_and_network",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("network__regex", "^[a-z][a-z0-9_-]*$")),
                        name="social_account_network_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("network_user_id__regex", "^[!-~]+$")),
                        name="social_account_user_id_plain",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "username__regex",
                                    "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                                ),
                                _negated=True,
                            ),
                            models.Q(("username", ""), _negated=True),
                        ),
                        name="social_account_username_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("unlinked_at__isnull", True),
                            ("unlinked_at__gte", models.F("verified_at")),
                            _connector="OR",
                        ),
                        name="social_account_unlinked_after_it_was_verified",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SocialAuthorization",
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
                ("network", models.CharField(max_length=24)),
                ("state_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="social_authorizations",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "social_authorizations",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("network__regex", "^[a-z][a-z0-9_-]*$")),
                        name="social_authorization_network_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state_hash__regex", "^[0-9a-f]{64}$")),
                        name="social_authorization_state_hash_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="social_authorization_expires_after_it_was_made",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WalletChange",
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
                    "wallet_address",
                    models.CharField(
                        blank=True, help_text="lower case; empty once the change has ended", max_length=42
                    ),
                ),
                (
                    "effective_at",
                    models.DateTimeField(help_text="when it may take effect, if the email has been sent"),
                ),
                (
                    "notified_at",
                    models.DateTimeField(
                        blank=True, help_text="when the worker was sent an email", null=True
                    ),
                ),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="wallet_changes",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "wallet_changes",
                "indexes": [
                    models.Index(
                        condition=models.Q(("dropped_at__isnull", True), ("notified_at__isnull", True)),
                        fields=["created_at"],
                        name="wallet_changes_to_notify",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("applied_at__isnull", True), ("dropped_at__isnull", True)),
                        fields=("worker",),
                        name="wallet_change_one_open_per_worker",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("applied_at__isnull", True),
                                ("dropped_at__isnull", True),
                                models.Q(("wallet_address", ""), _negated=True),
                            ),
                            models.Q(
                                ("applied_at__isnull", False),
                                ("dropped_at__isnull", True),
                                ("wallet_address", ""),
                            ),
                            models.Q(
                                ("applied_at__isnull", True),
                                ("dropped_at__isnull", False),
                                ("wallet_address", ""),
                            ),
                            _connector="OR",
                        ),
                        name="wallet_change_ends_once_and_is_forgotten",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkerSession",
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
                    "method",
                    models.CharField(choices=[("password", "Password"), ("wallet", "Wallet")], max_length=16),
                ),
                (
                    "identity_id",
                    models.UUIDField(
                        blank=True,
                        help_text="of the chain identity that has opened it, which may be gone",
                        null=True,
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(db_index=True, help_text="when its last refresh token does"),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "revoked_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("signed_out", "Signed Out"),
                            ("token_reused", "Token Reused"),
                            ("password_changed", "Password Changed"),
                            ("identity_removed", "Identity Removed"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "worker_sessions",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("method__in", ["password", "wallet"])),
                        name="session_method_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("identity_id__isnull", True), ("method", "wallet"), _connector="OR"
                        ),
                        name="session_of_an_identity_is_by_wallet",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="session_expires_after_it_began",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revoked_at__isnull", True), ("revoked_because", "")),
                            models.Q(
                                ("revoked_at__isnull", False),
                                (
                                    "revoked_because__in",
                                    ["signed_out", "token_reused", "password_changed", "identity_removed"],
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="session_revoked_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SocialConflict",
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
                ("notified_at", models.DateTimeField(help_text="when letters to both were last requested")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conflicts",
                        to="workers.socialaccount",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        help_text="whose proof was refused",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="social_conflicts",
                        to="workers.worker",
                    ),
                ),
            ],
            options={
                "db_table": "social_conflicts",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "worker"), name="social_conflict_once_per_account_and_worker"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("notified_at__gte", models.F("created_at"))),
                        name="social_conflict_notified_after_it_arose",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RefreshToken",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="workers.workersession",
                    ),
                ),
            ],
            options={
                "db_table": "refresh_tokens",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("token_hash__regex", "^[0-9a-f]{64}$")),
                        name="refresh_token_hash_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="refresh_token_expires_after_it_was_made",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("used_at__isnull", True)),
                        fields=("session",),
                        name="refresh_token_one_unused_per_session",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="walletnonce",
            trigger=pgtrigger.compiler.Trigger(
                name="used_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."used_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9e90dc4ac467c6b93ac00187075f965e5d444f22",
                    operation="UPDATE",
                    pgid="pgtrigger_used_once_242d9",
                    table="wallet_nonces",
                    when="BEFORE",
                ),
            ),
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
        pgtrigger.migrations.AddTrigger(
            model_name="socialauthorization",
            trigger=pgtrigger.compiler.Trigger(
                name="used_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."used_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="849fc7c2dbcb8738460e7787639587579a4d659f",
                    operation="UPDATE",
                    pgid="pgtrigger_used_once_159ab",
                    table="social_authorizations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workersession",
            trigger=pgtrigger.compiler.Trigger(
                name="revoked_stays_revoked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."revoked_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="fa23430f72e61fe1cd00ac5afc405a28058c30f0",
                    operation="UPDATE",
                    pgid="pgtrigger_revoked_stays_revoked_96c3d",
                    table="worker_sessions",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refreshtoken",
            trigger=pgtrigger.compiler.Trigger(
                name="used_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."used_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2d2771c7d70aeaccbf2cc9c9ce5d9125a29531f1",
                    operation="UPDATE",
                    pgid="pgtrigger_used_once_40370",
                    table="refresh_tokens",
                    when="BEFORE",
                ),
            ),
        ),
    ]
