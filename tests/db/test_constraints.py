"""Each named constraint refuses, by its own name, the write it was made for."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from audit.models import (
    AnsweredRequest,
    Approval,
    AuditLog,
    AuditSeal,
    Claim,
    DatabaseIdentity,
    JobHeartbeat,
    Letter,
    LimitChange,
    PersonalChange,
)
from audit.movements import StaffMovement
from gigstream.lib.ids import new_id
from loans.models import Loan
from payments.models import (
    Account,
    Adjustment,
    ChainCursor,
    CoveredParts,
    CoveredTask,
    LedgerEntry,
    ObservedTransfer,
    PaymentSwitch,
    PayoutHold,
    PayoutHoldPart,
    PlatformPayout,
    ProviderBreaker,
    ProviderNotification,
    Reconciliation,
    ReconciliationBreak,
    SandboxFault,
    SandboxTransfer,
    SandboxWallet,
    SettlementAttempt,
    Stream,
    Transaction,
    TransactionDay,
    WalletOrder,
)
from platforms.models import (
    ApiKey,
    Consent,
    Dispute,
    Engagement,
    Event,
    EventCounter,
    Invitation,
    Milestone,
    Platform,
    Task,
    TaskTally,
    WebhookDelivery,
    WebhookEndpoint,
    WithdrawalAddress,
    WorkEvent,
)
from reputation.models import ReputationEvent
from tests.db.rows import AT, columns_of, insert, valid
from tests.factories import PlatformFactory, TaskFactory, WorkerFactory
from workers.models import (
    PasswordReset,
    RefreshToken,
    Registration,
    SignInAttempts,
    WalletChange,
    WalletNonce,
    Worker,
    WorkerSession,
)

APPS = ("audit", "workers", "platforms", "payments", "reputation", "loans")
MODELS = [model for app in APPS for model in apps.get_app_config(app).get_models() if model._meta.managed]
SECOND = timedelta(seconds=1)
ENDED = {"ended_at": AT, "milliseconds": 1}
OPEN = {"state": "open", "opened_at": AT, "retry_at": AT, "open_seconds": 30}
COMPLETED, CANCELLED = columns_of(Task, "completed"), columns_of(Task, "cancelled")

# (constraint, model, what makes a valid row break it); a constraint may have several lines.
DECIDED: dict[str, Any] = {
    "decision": "approved",
    "decided_by": "staff:2",
    "decided_at": AT,
    "executed_at": AT,
    "decision_reason": "so it is",
}
NOT_DONE: dict[str, Any] = {"executed_at": None}
REFUSED: dict[str, Any] = {**DECIDED, **NOT_DONE, "decision": "refused"}

BROKEN: list[tuple[str, type[models.Model], dict[str, Any]]] = [
    ("audit_actor_type_known", AuditLog, {"actor_type": "robot"}),
    ("audit_refusal_has_a_reason", AuditLog, {"success": False}),
    ("database_identity_is_one_row", DatabaseIdentity, {"id": 2}),
    ("database_kind_known", DatabaseIdentity, {"kind": "staging"}),
    ("database_names_its_provider", DatabaseIdentity, {"provider": ""}),
    ("live_database_has_no_simulated_provider", DatabaseIdentity, {"kind": "live"}),
    ("seal_covers_rows", AuditSeal, {"row_count": 0}),
    ("letter_waits_or_has_ended", Letter, {"next_try_at": None}),
    ("letter_waits_or_has_ended", Letter, {"sent_at": AT}),
    (
        "letter_waits_or_has_ended",
        Letter,
        {"next_try_at": None, "sent_at": AT, "given_up_at": AT, "tries": 1},
    ),
    ("letter_given_up_was_tried", Letter, {"next_try_at": None, "given_up_at": AT}),
    ("letter_names_its_subject", Letter, {"kind": ""}),
    ("letter_names_its_subject", Letter, {"subject_id": ""}),
    ("heartbeat_interval_positive", JobHeartbeat, {"every_seconds": 0}),
    ("claim_names_its_subject_and_staff", Claim, {"subject_type": ""}),
    ("claim_names_its_subject_and_staff", Claim, {"subject_id": ""}),
    ("claim_names_its_subject_and_staff", Claim, {"claimed_by": ""}),
    ("claim_ends_after_it_began", Claim, {"ended_at": AT - SECOND}),
    ("claim_ends_after_it_began", Claim, {"ended_by": "2"}),
    ("request_answer_is_a_success", AnsweredRequest, {"status": 199}),
    ("request_answer_is_a_success", AnsweredRequest, {"status": 300}),
    ("worker_status_known", Worker, {"status": "asleep"}),
    ("worker_email_lower_case", Worker, {"email": "Row@example.com"}),
    ("worker_email_plain", Worker, {"email": "r\u00f6w@example.com"}),
    ("worker_email_plain", Worker, {"email": "row @example.com"}),
    ("worker_name_readable", Worker, {"full_name": "Row\u202ewoR"}),
    ("worker_name_readable", Worker, {"full_name": "Row\nRow"}),
    ("worker_wallet_lower_case", Worker, {"wallet_address": "0x" + "AB" * 20}),
    ("worker_wallet_is_proved_or_custody", Worker, {"wallet_proved_at": None}),
    ("worker_country_is_a_code", Worker, {"country": "fr"}),
    ("worker_reputation_in_range", Worker, {"reputation_score": 1001}),
    ("worker_rates_are_percent", Worker, {"completion_rate": Decimal("100.01")}),
    ("worker_rates_are_percent", Worker, {"dispute_rate": Decimal("-0.01")}),
    ("worker_rating_1_to_5", Worker, {"average_rating": Decimal("0.99")}),
    ("worker_rating_1_to_5", Worker, {"average_rating": Decimal("5.01")}),
    ("worker_payout_schedule_known", Worker, {"payout_schedule": "monthly"}),
    ("worker_earned_not_negative", Worker, {"total_earned": Decimal("-0.000001")}),
    ("session_method_known", WorkerSession, {"method": "guess"}),
    ("session_expires_after_it_began", WorkerSession, {"expires_at": AT}),
    ("session_revoked_has_a_reason", WorkerSession, {"revoked_at": AT}),
    ("session_revoked_has_a_reason", WorkerSession, {"revoked_at": AT, "revoked_because": "whim"}),
    ("session_revoked_has_a_reason", WorkerSession, {"revoked_because": "signed_out"}),
    ("refresh_token_hash_is_sha256", RefreshToken, {"token_hash": "G" * 64}),
    ("refresh_token_expires_after_it_was_made", RefreshToken, {"expires_at": AT}),
    ("sign_in_attempts_counted", SignInAttempts, {"tries": 0}),
    ("sign_in_email_hash_is_sha256", SignInAttempts, {"email_hash": "row@example.com"}),
    ("sign_in_source_hash_is_sha256", SignInAttempts, {"source_hash": "192.0.2.7"}),
    ("registration_token_hash_is_sha256", Registration, {"token_hash": "a" * 63}),
    ("registration_email_plain", Registration, {"email": "r\u00f6w@example.com"}),
    ("registration_name_readable", Registration, {"full_name": "Row\u202e"}),
    ("registration_expires_after_it_was_made", Registration, {"expires_at": AT}),
    ("password_reset_email_hash_is_sha256", PasswordReset, {"email_hash": "row@example.com"}),
    ("password_reset_token_is_of_a_worker", PasswordReset, {"worker": None}),
    ("password_reset_hash_is_sha256", PasswordReset, {"token_hash": "a" * 63}),
    ("password_reset_sent_has_a_token", PasswordReset, {"token_hash": None, "sent_at": AT}),
    ("password_reset_expires_after_it_was_asked", PasswordReset, {"expires_at": AT}),
    ("invitation_token_hash_is_sha256", Invitation, {"token_hash": "g" * 64}),
    ("invitation_sent_has_a_token", Invitation, {"token_hash": None, "sent_at": AT}),
    ("invitation_accepted_as_a_whole", Invitation, {"email_hash": ""}),
    ("invitation_accepted_as_a_whole", Invitation, {"accepted_at": AT, "email": "", "email_hash": ""}),
    ("invitation_expires_after_it_was_made", Invitation, {"expires_at": AT}),
    ("task_cancelled_by_known", Task, {"cancelled_by": "platform"}),
    ("task_cancelled_by_known", Task, {**columns_of(Task, "cancelled"), "cancelled_by": "rain"}),
    ("task_payout_status_known", Task, {"payout_status": "soon"}),
    ("task_paid_out_has_time", Task, {**columns_of(Task, "completed"), "payout_status": "paid"}),
    ("task_paid_out_has_time", Task, {"payout_status": "paid", "paid_out_at": AT}),
    ("task_paid_out_has_time", Task, {"payout_status": "partly", "paid_out_at": AT}),
    ("task_at_fault_once_ended", Task, {"at_fault": "worker"}),
    ("task_at_fault_once_ended", Task, {**columns_of(Task, "cancelled"), "at_fault": "rain"}),
    ("task_due_after_posting", Task, {"due_at": AT}),
    ("consent_source_known", Consent, {"source": "rumour"}),
    ("consent_ended_as_a_whole", Consent, {"ended_at": AT}),
    ("consent_ended_as_a_whole", Consent, {"ended_by": "worker"}),
    ("consent_ended_as_a_whole", Consent, {"ended_at": AT, "ended_by": "nobody"}),
    (
        "consent_ends_after_acceptance",
        Consent,
        {"ended_at": AT - timedelta(microseconds=1), "ended_by": "worker"},
    ),
    ("wallet_change_ends_once_and_is_forgotten", WalletChange, {"wallet_address": ""}),
    ("wallet_change_ends_once_and_is_forgotten", WalletChange, {"applied_at": AT}),
    (
        "wallet_change_ends_once_and_is_forgotten",
        WalletChange,
        {"applied_at": AT, "dropped_at": AT, "wallet_address": ""},
    ),
    ("wallet_nonce_form", WalletNonce, {"nonce": "a" * 15}),
    ("wallet_nonce_form", WalletNonce, {"nonce": "a" * 15 + "-"}),
    ("wallet_nonce_expires_after_it_was_made", WalletNonce, {"expires_at": AT}),
    ("platform_fee_in_range", Platform, {"fee_bps": 10_001}),
    ("platform_name_readable", Platform, {"name": "Row\u2066"}),
    ("platform_email_plain", Platform, {"contact_email": "row@b\u00fccher.example"}),
    ("platform_wallet_lower_case", Platform, {"wallet_address": "0x" + "AB" * 20}),
    ("platform_bonus_limit_not_negative", Platform, {"bonus_limit": Decimal("-0.000001")}),
    ("platform_payouts_not_negative", Platform, {"total_payouts": Decimal("-0.000001")}),
    ("api_key_name_readable", ApiKey, {"name": "Row\x1b[31m"}),
    ("platform_request_limits_in_range", Platform, {"key_requests_per_minute": 0}),
    ("platform_request_limits_in_range", Platform, {"key_requests_per_minute": 100_001}),
    ("platform_request_limits_in_range", Platform, {"requests_per_minute": 0}),
    ("platform_request_limits_in_range", Platform, {"requests_per_minute": 100_001}),
    ("api_key_hash_is_sha256", ApiKey, {"secret_hash": "g" * 64}),
    ("api_key_hash_is_sha256", ApiKey, {"secret_hash": "a" * 63}),
    ("api_key_scopes_known", ApiKey, {"scopes": ["tasks:read", "everything"]}),
    ("engagement_times_in_order", Engagement, {"first_at": AT + SECOND}),
    ("task_tally_type_known", TaskTally, {"task_type": "hourly"}),
    ("task_title_readable", Task, {"title": "Row\u200b"}),
    ("task_amount_positive", Task, {"amount": Decimal(0)}),
    ("task_type_known", Task, {"task_type": "hourly"}),
    ("task_status_known", Task, {"status": "asleep"}),
    ("task_worker_once_assigned", Task, {"worker": None}),
    ("task_worker_once_assigned", Task, {**COMPLETED, "worker": None}),
    ("task_completed_has_time", Task, {**COMPLETED, "completed_at": None}),
    ("task_completed_has_time", Task, {**COMPLETED, "paid_amount": None}),
    ("task_cancelled_has_time", Task, {**CANCELLED, "cancelled_at": None}),
    ("task_cancelled_has_time", Task, {**CANCELLED, "paid_amount": None}),
    ("task_disputed_has_time", Task, {"status": "disputed", "disputed_at": None}),
    ("task_paid_within_amount", Task, {"paid_amount": Decimal("-0.000001")}),
    ("task_paid_within_amount", Task, {"paid_amount": Decimal("10.000001")}),
    ("task_ratings_1_to_5", Task, {"worker_rating": 0}),
    ("task_ratings_1_to_5", Task, {"worker_rating": 6}),
    ("task_ratings_1_to_5", Task, {"platform_rating": 6}),
    ("task_schedule_only_when_time_based", Task, {"duration_seconds": 60, "release_interval": 60}),
    ("task_schedule_only_when_time_based", Task, {"task_type": "time_based"}),
    ("task_schedule_only_when_time_based", Task, {"task_type": "time_based", "duration_seconds": 60}),
    (
        "task_schedule_only_when_time_based",
        Task,
        {"task_type": "time_based", "duration_seconds": 0, "release_interval": 60},
    ),
    ("task_fee_in_range", Task, {"fee_bps": 10_001}),
    ("milestone_title_readable", Milestone, {"title": "Row\u0085"}),
    ("milestone_amount_positive", Milestone, {"amount": Decimal(0)}),
    ("milestone_number_from_1", Milestone, {"number": 0}),
    ("work_event_type_known", WorkEvent, {"event_type": "begun"}),
    ("work_event_bonus_has_amount", WorkEvent, {"amount": Decimal(1)}),
    ("work_event_bonus_has_amount", WorkEvent, {"event_type": "bonus"}),
    ("work_event_bonus_has_amount", WorkEvent, {"event_type": "bonus", "amount": Decimal(0)}),
    ("work_event_milestone_has_number", WorkEvent, {"milestone_number": 1}),
    ("work_event_milestone_has_number", WorkEvent, {"event_type": "milestone_reached"}),
    (
        "work_event_milestone_has_number",
        WorkEvent,
        {"event_type": "milestone_reached", "milestone_number": 0},
    ),
    ("dispute_side_known", Dispute, {"side": "staff"}),
    (
        "dispute_outcome_known",
        Dispute,
        {"resolved_at": AT, "outcome": "both", "worker_amount": Decimal(0), "refund_amount": Decimal(0)},
    ),
    (
        "dispute_resolved_after_it_was_filed",
        Dispute,
        {
            "filed_at": AT + timedelta(microseconds=1),
            "resolved_at": AT,
            "outcome": "nobody",
            "worker_amount": Decimal(0),
            "refund_amount": Decimal(0),
        },
    ),
    ("dispute_reminder_precedes_alarm", Dispute, {"alarmed_at": AT}),
    ("dispute_reminder_precedes_alarm", Dispute, {"reminded_at": AT + timedelta(days=1), "alarmed_at": AT}),
    ("dispute_severity_1_to_5", Dispute, {"severity": 0}),
    ("dispute_severity_1_to_5", Dispute, {"severity": 6}),
    ("dispute_has_a_reason", Dispute, {"reason": ""}),
    ("dispute_resolved_as_a_whole", Dispute, {"outcome": "worker"}),
    ("dispute_resolved_as_a_whole", Dispute, {"worker_amount": Decimal(1)}),
    ("dispute_resolved_as_a_whole", Dispute, {"resolved_at": AT}),
    ("dispute_resolved_as_a_whole", Dispute, {"resolved_at": AT, "outcome": "worker"}),
    (
        "dispute_resolved_as_a_whole",
        Dispute,
        {
            "resolved_at": AT,
            "outcome": "worker",
            "worker_amount": Decimal(-1),
            "refund_amount": Decimal(0),
        },
    ),
    ("event_counter_from_1", EventCounter, {"last_sequence": 0}),
    ("event_sequence_from_1", Event, {"sequence": 0}),
    ("event_type_known", Event, {"type": "task.forgotten"}),
    ("webhook_queued_since_its_start", WebhookEndpoint, {"starts_after": 2, "queued_through": 1}),
    ("webhook_old_secret_has_an_end", WebhookEndpoint, {"previous_secret": "whsec_b2xk"}),
    ("webhook_old_secret_has_an_end", WebhookEndpoint, {"previous_secret_until": AT}),
    ("delivery_status_known", WebhookDelivery, {**columns_of(WebhookDelivery, "dead"), "status": "lost"}),
    ("delivery_error_known", WebhookDelivery, {"error": "bad luck"}),
    ("delivery_is_due_or_ended", WebhookDelivery, {"next_attempt_at": None}),
    ("delivery_is_due_or_ended", WebhookDelivery, {"ended_at": AT}),
    ("delivery_is_due_or_ended", WebhookDelivery, {"status": "delivered"}),
    ("delivery_is_due_or_ended", WebhookDelivery, {"status": "dead", "next_attempt_at": None}),
    ("account_belongs_to_its_owner", Account, {"name": "escrow", "payout_schedule": None}),
    ("account_belongs_to_its_owner", Account, {"name": "fees", "payout_schedule": None}),
    ("account_belongs_to_its_owner", Account, {"worker": None, "payout_schedule": None}),
    ("account_negative_only_by_kind", Account, {"may_go_below_zero": True}),
    ("account_negative_only_by_kind", Account, {"name": "loan", "payout_schedule": None}),
    ("account_not_overdrawn", Account, {"balance": Decimal("-0.000001"), "negative_since": AT}),
    ("account_signs_since_match", Account, {"negative_since": AT}),
    (
        "account_signs_since_match",
        Account,
        {"name": "loan", "may_go_below_zero": True, "balance": Decimal(-1), "payout_schedule": None},
    ),
    ("account_schedule_of_a_workers_money", Account, {"payout_schedule": None}),
    ("account_schedule_of_a_workers_money", Account, {"payout_schedule": "monthly"}),
    ("account_schedule_of_a_workers_money", Account, {"name": "in_transit"}),
    ("account_oldest_part_of_a_workers_money", Account, {"oldest_part_at": AT}),
    (
        "account_oldest_part_of_a_workers_money",
        Account,
        {"name": "in_transit", "payout_schedule": None, "balance": Decimal(1), "oldest_part_at": AT},
    ),
    ("covered_amount_positive", CoveredParts, {"amount": Decimal(0)}),
    ("covered_in_order", CoveredParts, {"last_part_id": 0}),
    ("covered_task_amount_positive", CoveredTask, {"amount": Decimal(0)}),
    ("covered_task_pay_is_at_least_what_left", CoveredTask, {"pay": Decimal("0.999999")}),
    ("platform_payout_amount_positive", PlatformPayout, {"amount": Decimal(0)}),
    ("platform_payout_has_tasks", PlatformPayout, {"task_count": 0}),
    ("payout_hold_keeps_one_partys_money", PayoutHold, {"worker": None}),
    ("payout_hold_kind_known", PayoutHold, {"kind": "mood"}),
    ("payout_hold_kind_known", PayoutHold, {"kind": "failed"}),
    ("payout_hold_amount_positive", PayoutHold, {"amount": Decimal(0)}),
    ("payout_hold_has_a_reason", PayoutHold, {"reason": ""}),
    ("payout_hold_expires_after_it_was_made", PayoutHold, {"expires_at": AT}),
    ("payout_hold_ends_once", PayoutHold, {"ended_at": AT}),
    ("payout_hold_ends_once", PayoutHold, {"ended_by": "staff:2"}),
    ("payout_hold_ends_once", PayoutHold, {"ended_at": AT, "ended_because": "expired"}),
    (
        "payout_hold_ended_by_a_second_person",
        PayoutHold,
        {"ended_at": AT, "ended_because": "staff", "ended_by": "staff:1"},
    ),
    ("payout_hold_part_amount_positive", PayoutHoldPart, {"amount": Decimal(0)}),
    ("ledger_amount_positive", LedgerEntry, {"amount": Decimal(0)}),
    ("ledger_two_accounts", LedgerEntry, {"debit_account_id": 7, "credit_account_id": 7}),
    ("ledger_kind_known", LedgerEntry, {"kind": "gift"}),
    ("ledger_keyed_by_its_fact", LedgerEntry, {"idempotency_key": None}),
    ("ledger_keyed_by_its_fact", LedgerEntry, {"sequence": 1}),
    ("ledger_keyed_by_its_fact", LedgerEntry, {"kind": "release"}),
    ("ledger_keyed_by_its_fact", LedgerEntry, {"kind": "release", "idempotency_key": None, "sequence": 1}),
    (
        "ledger_keyed_by_its_fact",
        LedgerEntry,
        {"kind": "release", "idempotency_key": None, "stream_id": new_id()},
    ),
    ("adjustment_by_two_people", Adjustment, {"approved_by": "1"}),
    ("adjustment_has_a_reason", Adjustment, {"reason": ""}),
    ("sandbox_transfer_amount_positive", SandboxTransfer, {"amount": Decimal(0)}),
    ("attempt_number_from_1", SettlementAttempt, {"number": 0}),
    ("attempt_operation_known", SettlementAttempt, {"operation": "hope"}),
    ("attempt_error_known", SettlementAttempt, {**ENDED, "error_class": "bad luck"}),
    ("attempt_ended_has_its_time", SettlementAttempt, {"ended_at": AT}),
    ("attempt_ended_has_its_time", SettlementAttempt, {"milliseconds": 1}),
    ("attempt_ended_has_its_time", SettlementAttempt, {"error_class": "network"}),
    ("breaker_state_known", ProviderBreaker, {**OPEN, "state": "ajar"}),
    ("breaker_open_has_its_times", ProviderBreaker, {"state": "open"}),
    ("breaker_open_has_its_times", ProviderBreaker, {**OPEN, "open_seconds": 0}),
    ("breaker_open_has_its_times", ProviderBreaker, {**OPEN, "retry_at": None}),
    ("breaker_open_has_its_times", ProviderBreaker, {**OPEN, "state": "closed"}),
    ("notification_status_known", ProviderNotification, {"status": "lost"}),
    ("personal_change_has_a_reason", PersonalChange, {"reason": ""}),
    ("notification_forged_keeps_no_body", ProviderNotification, {"status": "forged"}),
    ("notification_believed_has_its_id", ProviderNotification, {"status": "genuine"}),
    ("notification_applied_has_its_time", ProviderNotification, {"applied_at": AT}),
    (
        "notification_applied_has_its_time",
        ProviderNotification,
        {"status": "applied", "notification_id": "row"},
    ),
    ("switch_scope_known", PaymentSwitch, {"scope": "worker"}),
    ("switch_names_its_subject", PaymentSwitch, {"subject": ""}),
    ("switch_names_its_subject", PaymentSwitch, {"scope": "payouts"}),
    ("switch_has_a_reason", PaymentSwitch, {"reason": ""}),
    ("switch_has_a_reason", PaymentSwitch, {"off_by": ""}),
    ("switch_on_names_who", PaymentSwitch, {"on_at": AT}),
    ("switch_on_names_who", PaymentSwitch, {"on_by": "1"}),
    ("reconciliation_ends_after_it_began", Reconciliation, {"ended_at": AT - SECOND}),
    ("reconciliation_ends_after_it_began", Reconciliation, {"since": AT + SECOND}),
    ("break_bucket_known", ReconciliationBreak, {"bucket": "odd"}),
    ("cursor_token_lower_case", ChainCursor, {"token": "0x" + "AB" * 20}),
    ("observed_amount_positive", ObservedTransfer, {"amount": Decimal(0)}),
    ("observed_status_known", ObservedTransfer, {"status": "lost"}),
    ("observed_credited_has_its_deposit", ObservedTransfer, {"status": "credited"}),
    ("observed_wallets_lower_case", ObservedTransfer, {"to_wallet": "0x" + "AB" * 20}),
    ("observed_wallets_lower_case", ObservedTransfer, {"from_wallet": "0x" + "AB" * 20}),
    ("staff_movement_amount_positive", StaffMovement, {"amount": Decimal(0)}),
    ("staff_movement_names_its_receiver", StaffMovement, {"receiver_id": ""}),
    ("staff_movement_names_its_receiver", StaffMovement, {"receiver_type": "house"}),
    ("observed_hash_lower_case", ObservedTransfer, {"tx_hash": "0x" + "AB" * 32}),
    ("wallet_order_for_one", WalletOrder, {"worker_id": new_id(), "platform_id": new_id()}),
    ("wallet_order_made_waits_for_nothing", WalletOrder, {"made_at": AT, "next_attempt_at": AT}),
    ("wallet_order_address_of_no_worker", WalletOrder, {"worker_id": new_id(), "address": "0xab"}),
    ("wallet_order_address_lower_case", WalletOrder, {"address": "0x" + "AB" * 20}),
    ("sandbox_wallet_funded_not_negative", SandboxWallet, {"funded": Decimal(-1)}),
    ("sandbox_fault_strikes", SandboxFault, {"times": 0}),
    ("stream_total_positive", Stream, {"total_amount": Decimal(0)}),
    ("stream_released_within_total", Stream, {"released_amount": Decimal("10.000001")}),
    ("stream_released_within_total", Stream, {"released_amount": Decimal("-0.000001")}),
    ("stream_status_known", Stream, {"status": "asleep"}),
    ("stream_schedule_positive", Stream, {"release_interval": 0}),
    ("stream_end_is_start_duration_and_pauses", Stream, {"duration_seconds": 601}),
    ("stream_end_is_start_duration_and_pauses", Stream, {"paused_for": SECOND}),
    ("stream_end_is_start_duration_and_pauses", Stream, {"end_at": AT}),
    ("stream_active_has_next_release", Stream, {"next_release_at": None}),
    ("stream_active_has_next_release", Stream, {"parked_at": AT}),
    ("stream_parked_is_active", Stream, {"status": "paused", "paused_at": AT, "parked_at": AT}),
    ("stream_vests_at_first_rate", Stream, {"first_total": Decimal(9)}),
    ("stream_vests_at_first_rate", Stream, {"first_total": Decimal(11)}),
    ("stream_vests_at_first_rate", Stream, {"first_duration_seconds": 599}),
    ("stream_vests_at_first_rate", Stream, {"first_duration_seconds": 601}),
    ("stream_last_act_is_its_latest_time", Stream, {"last_act_at": AT - SECOND}),
    (
        "stream_last_act_is_its_latest_time",
        Stream,
        {"status": "paused", "paused_at": AT + SECOND},
    ),
    ("stream_paused_has_time", Stream, {"status": "paused"}),
    ("stream_paused_has_time", Stream, {"paused_at": AT}),
    ("stream_completed_in_full", Stream, {"status": "completed", "completed_at": AT}),
    ("stream_completed_in_full", Stream, {"status": "completed", "released_amount": Decimal(10)}),
    ("stream_completed_in_full", Stream, {"completed_at": AT}),
    ("stream_with_nothing_left_is_completed", Stream, {"released_amount": Decimal(10)}),
    ("stream_cancelled_has_time", Stream, {"status": "cancelled"}),
    ("stream_cancelled_has_time", Stream, {"cancelled_at": AT}),
    ("transaction_amount_positive", Transaction, {"amount": Decimal(0)}),
    ("transaction_fee_not_negative", Transaction, {"fee": Decimal("-0.000001")}),
    ("transaction_type_known", Transaction, {"type": "gift"}),
    ("transaction_status_known", Transaction, {"status": "asleep"}),
    (
        "transaction_confirmed_on_chain_has_hash",
        Transaction,
        {**columns_of(Transaction, "confirmed"), "tx_hash": None},
    ),
    ("transaction_confirmed_has_time", Transaction, {"status": "confirmed", "tx_hash": "0x1"}),
    ("transaction_confirmed_has_time", Transaction, {"confirmed_at": AT}),
    (
        "transaction_submitted_is_known_to_the_provider",
        Transaction,
        {**columns_of(Transaction, "submitted"), "circle_tx_id": None},
    ),
    (
        "transaction_submitted_is_known_to_the_provider",
        Transaction,
        {**columns_of(Transaction, "submitted"), "submitted_at": None},
    ),
    ("transaction_outgoing_has_worker_and_wallet", Transaction, {"worker": None}),
    ("transaction_outgoing_has_worker_and_wallet", Transaction, {"to_wallet": ""}),
    ("transaction_outgoing_has_worker_and_wallet", Transaction, {"type": "advance", "to_wallet": ""}),
    ("transaction_parked_has_its_reason", Transaction, {"parked_at": AT}),
    ("transaction_parked_has_its_reason", Transaction, {"parked_reason": "refused"}),
    (
        "transaction_not_submitted_early",
        Transaction,
        {"submitted_at": AT, "not_before": AT + SECOND, "circle_tx_id": "x"},
    ),
    ("transaction_withdrawal_has_platform_wallet_and_time", Transaction, {"type": "withdrawal"}),
    ("withdrawal_address_lower_case", WithdrawalAddress, {"address": "0x" + "AB" * 20}),
    ("withdrawal_address_lower_case", WithdrawalAddress, {"address": ""}),
    ("withdrawal_address_holds_from_its_naming", WithdrawalAddress, {"holds_from": AT - SECOND}),
    ("transaction_hash_lower_case", Transaction, {"tx_hash": "0x" + "AB" * 32}),
    ("transaction_wallets_lower_case", Transaction, {"to_wallet": "0x" + "AB" * 20}),
    ("transaction_wallets_lower_case", Transaction, {"from_wallet": "0x" + "AB" * 20}),
    ("reputation_event_type_known", ReputationEvent, {"event_type": "smile"}),
    ("reputation_scores_in_range", ReputationEvent, {"new_score": 1001}),
    ("reputation_scores_in_range", ReputationEvent, {"previous_score": 1001}),
    ("reputation_adjustment_has_a_reason", ReputationEvent, {"event_type": "manual_adjustment"}),
    ("loan_amount_positive", Loan, {"amount": Decimal(0)}),
    ("loan_fee_not_negative", Loan, {"fee": Decimal("-0.000001")}),
    ("loan_status_known", Loan, {"status": "asleep"}),
    ("loan_repaid_within_due", Loan, {"amount_repaid": Decimal("102.000001")}),
    ("loan_repaid_within_due", Loan, {"amount_repaid": Decimal("-0.000001")}),
    ("loan_repaid_within_due", Loan, {"amount_repaid": Decimal(100), "amount_written_off": Decimal(3)}),
    (
        "loan_repaid_means_nothing_owed",
        Loan,
        {**columns_of(Loan, "repaid"), "amount_repaid": Decimal("101.999999")},
    ),
    ("loan_repaid_means_nothing_owed", Loan, {**columns_of(Loan, "repaid"), "repaid_at": None}),
    ("loan_disbursed_has_times", Loan, {**columns_of(Loan, "active"), "approved_at": None}),
    ("loan_disbursed_has_times", Loan, {**columns_of(Loan, "disbursed"), "disbursed_at": None}),
    ("loan_disbursed_has_times", Loan, {**columns_of(Loan, "defaulted"), "repayment_due": None}),
    ("loan_approved_by_the_system_within_limits", Loan, {"is_automatic": True}),
    (
        "loan_approved_by_the_system_within_limits",
        Loan,
        {"is_automatic": True, "risk_score": 699, "automatic_up_to": Decimal(500)},
    ),
    (
        "loan_approved_by_the_system_within_limits",
        Loan,
        {"is_automatic": True, "risk_score": 700, "automatic_up_to": Decimal("0.000001")},
    ),
    (
        "loan_by_exception_within_the_largest",
        Loan,
        {"exception_reason": "known", "amount": Decimal("500.000001")},
    ),
    ("loan_risk_score_in_range", Loan, {"risk_score": 1001}),
    ("loan_terms_have_their_hash", Loan, {"terms": "these", "terms_hash": ""}),
    ("loan_terms_have_their_hash", Loan, {"terms": "these", "terms_hash": "a" * 64}),
    ("loan_terms_have_their_hash", Loan, {"terms": "", "terms_hash": "a" * 64}),
    ("approval_by_two_people", Approval, {**DECIDED, "decided_by": "staff:1"}),
    (
        "approval_by_two_people",
        Approval,
        {**REFUSED, "decided_by": "staff:1"},
    ),
    ("approval_by_two_people", Approval, {**DECIDED, **NOT_DONE, "decision": "withdrawn"}),
    ("approval_decided_names_who_and_when", Approval, {**DECIDED, "decided_by": ""}),
    ("approval_decided_names_who_and_when", Approval, {"decided_by": "staff:2", "decided_at": AT}),
    ("approval_in_time", Approval, {**DECIDED, "decided_at": AT + timedelta(hours=24)}),
    ("approval_in_time", Approval, {**DECIDED, **NOT_DONE, "decision": "expired"}),
    ("approval_approved_is_done_or_failed", Approval, {**DECIDED, "executed_at": None}),
    ("approval_approved_is_done_or_failed", Approval, {**DECIDED, "error": "no money"}),
    ("approval_approved_is_done_or_failed", Approval, {"executed_at": AT}),
    ("approval_says_why", Approval, {"reason": ""}),
    ("approval_says_why", Approval, {**REFUSED, "decision_reason": ""}),
    ("approval_amount_in_range", Approval, {"amount": Decimal("-0.000001")}),
    ("limit_set_with_an_approval", LimitChange, {"value": "2"}),
]

# (constraint, model, columns in which the second row is like the first, what else both rows have)
REPEATED: list[tuple[str, type[models.Model], tuple[str, ...], dict[str, Any]]] = [
    ("letter_waits_once", Letter, ("kind", "subject_id", "recipient"), {}),
    ("sign_in_attempts_once_per_source", SignInAttempts, ("email_hash", "source_hash"), {}),
    ("claim_open_once", Claim, ("subject_type", "subject_id"), {}),
    ("request_answered_once", AnsweredRequest, ("caller", "method", "path", "key"), {}),
    ("refresh_token_one_unused_per_session", RefreshToken, ("session",), {}),
    ("invitation_one_open_per_address", Invitation, ("platform", "email_hash"), {}),
    ("consent_one_open_per_pair", Consent, ("worker", "platform"), {}),
    ("wallet_change_one_open_per_worker", WalletChange, ("worker",), {}),
    ("engagement_once_per_pair", Engagement, ("platform", "worker"), {}),
    ("task_tally_once_per_type", TaskTally, ("platform", "task_type"), {}),
    ("attempt_once_per_number", SettlementAttempt, ("transaction", "number"), {}),
    (
        "notification_believed_once",
        ProviderNotification,
        ("provider", "notification_id"),
        {"status": "genuine", "notification_id": "row"},
    ),
    ("switch_off_once", PaymentSwitch, ("scope", "subject"), {}),
    ("break_open_once", ReconciliationBreak, ("bucket", "subject"), {}),
    ("observed_once_per_log", ObservedTransfer, ("tx_hash", "log_index"), {}),
    ("sandbox_transfer_nonce_once", SandboxTransfer, ("from_wallet", "nonce"), {"nonce": 0}),
    ("transaction_day_once", TransactionDay, ("day", "type", "status"), {}),
    ("task_external_id_once_per_platform", Task, ("platform", "external_task_id"), {}),
    ("milestone_number_once_per_task", Milestone, ("task", "number"), {}),
    (
        "work_event_reported_once",
        WorkEvent,
        ("task", "event_type", "external_id", "event_date"),
        {"external_id": "7", "event_date": AT.date()},
    ),
    ("work_event_reported_once", WorkEvent, ("task", "event_type", "external_id", "event_date"), {}),
    ("dispute_one_open_per_task", Dispute, ("task",), {"side": "worker"}),
    (
        "dispute_once_per_side",
        Dispute,
        ("task", "side"),
        {"resolved_at": AT, "outcome": "worker", "worker_amount": 1, "refund_amount": 0},
    ),
    ("event_once_per_number", Event, ("platform", "sequence"), {}),
    ("delivery_once_per_number", WebhookDelivery, ("platform", "sequence"), {}),
    ("account_once_per_worker", Account, ("worker", "name"), {}),
    (
        "account_once_in_the_house",
        Account,
        ("name",),
        {"worker": None, "name": "fees", "payout_schedule": None},
    ),
    (
        "ledger_release_once",
        LedgerEntry,
        ("stream_id", "sequence"),
        {"kind": "release", "idempotency_key": None, "sequence": 1},
    ),
    ("ledger_key_once", LedgerEntry, ("idempotency_key",), {}),
    ("ledger_event_pays_once", LedgerEntry, ("work_event",), {}),
    ("reputation_events_in_order", ReputationEvent, ("worker", "number"), {}),
    ("loan_one_open_per_worker", Loan, ("worker",), {}),
    (
        "transaction_one_withdrawal_under_way",
        Transaction,
        ("platform",),
        {"type": "withdrawal", "worker": None, "not_before": AT},
    ),
    ("withdrawal_address_once_at_a_time", WithdrawalAddress, ("platform", "holds_from"), {}),
    ("covered_once_by_an_entry", CoveredParts, ("entry", "first_part", "last_part"), {}),
    ("covered_task_once_by_an_entry", CoveredTask, ("entry", "task"), {}),
    ("platform_payout_once_per_platform", PlatformPayout, ("payout", "platform"), {}),
    ("payout_hold_of_everything_once_per_worker", PayoutHold, ("worker",), {}),
    ("payout_hold_names_a_part_once", PayoutHoldPart, ("hold", "entry"), {}),
    (
        "approval_asked_once",
        Approval,
        ("kind", "subject_type", "subject_id", "act_key"),
        {},
    ),
]


def _refused_by(row: models.Model) -> str | None:
    """The name of the constraint by which the database refuses the row; None when it takes it."""
    try:
        with transaction.atomic():
            insert(row)
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return None


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_valid_row_of_every_table_is_taken(model):
    if model is DatabaseIdentity:
        assert _refused_by(valid(model)) == "database_identity_pkey"  # `migrate` has written the only one
        return
    assert _refused_by(valid(model)) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name, model, changes", BROKEN, ids=[f"{name}-{'-'.join(changes)}" for name, _, changes in BROKEN]
)
def test_a_check_refuses_by_its_name(name, model, changes):
    row = valid(model, **changes)
    before = model._base_manager.count()

    assert _refused_by(row) == name
    assert model._base_manager.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name, model, key, shared", REPEATED, ids=[f"{case[0]}-{'-'.join(case[3])}" for case in REPEATED]
)
def test_a_second_row_with_the_same_key_is_refused_by_its_name(name, model, key, shared):
    first = valid(model, **shared)
    if name == "ledger_release_once":
        first.stream_id = insert(valid(Stream)).pk
    if name == "sandbox_transfer_nonce_once":
        first.from_wallet = insert(valid(SandboxWallet))
    if name == "transaction_one_withdrawal_under_way":
        first.platform = PlatformFactory()
    if name == "dispute_one_open_per_task":
        first.side = "platform"
    if name == "ledger_event_pays_once":
        first.work_event = insert(valid(WorkEvent))
    insert(first)
    second = valid(model, **{**shared, **{column: getattr(first, column) for column in key}})

    assert _refused_by(second) == name


@pytest.mark.django_db
def test_a_platform_has_one_account_of_a_name():
    of_platform = {"worker": None, "name": "escrow", "payout_schedule": None}
    first = insert(valid(Account, **of_platform, platform=PlatformFactory()))
    second = valid(Account, **of_platform, platform=first.platform)

    assert _refused_by(second) == "account_once_per_platform"


@pytest.mark.django_db
def test_a_platform_has_one_open_hold_of_everything():
    first = insert(valid(PayoutHold, worker=None, platform=PlatformFactory()))
    second = valid(PayoutHold, worker=None, platform=first.platform)

    assert _refused_by(second) == "payout_hold_of_everything_once_per_platform"


@pytest.mark.django_db
def test_keys_that_differ_and_ended_rows_do_not_stand_in_the_way():
    worker, task = WorkerFactory(), TaskFactory()
    for status in ("repaid", "defaulted", "cancelled", "pending"):
        insert(valid(Loan, worker=worker, **columns_of(Loan, status)))
    for external_id, on in [("7", None), ("8", None), (None, AT.date()), (None, None)]:
        insert(valid(WorkEvent, task=task, external_id=external_id, event_date=on))
    resolved = {"resolved_at": AT, "outcome": "worker", "worker_amount": 1, "refund_amount": 0}
    for changes in (resolved, {"side": "worker"}):
        insert(valid(Dispute, task=task, **changes))

    assert (worker.loans.count(), task.work_events.count(), task.disputes.count()) == (4, 4, 2)


UNIQUE_COLUMNS = [
    (model, field.name)
    for model in MODELS
    for field in model._meta.concrete_fields
    if field.unique and not field.primary_key
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "model, column", UNIQUE_COLUMNS, ids=[f"{model.__name__}.{column}" for model, column in UNIQUE_COLUMNS]
)
def test_a_unique_column_takes_no_value_twice(model, column):
    values = {"tx_hash": "0x1", "circle_tx_id": "1", "source_key": "fact"}
    if model is WalletOrder:
        values |= {"worker": insert(valid(Worker)), "platform": insert(valid(Platform))}
    first = valid(model, **{column: values[column]} if column in values else {})
    insert(first)
    before = model._base_manager.count()

    refused_by = _refused_by(valid(model, **{column: getattr(first, column)}))

    assert refused_by is not None
    assert column in refused_by
    assert model._base_manager.count() == before


def test_every_constraint_of_the_models_has_a_case_here():
    declared = {constraint.name for model in MODELS for constraint in model._meta.constraints}
    covered = {case[0] for case in [*BROKEN, *REPEATED]} | {
        "account_once_per_platform",
        "payout_hold_of_everything_once_per_platform",
    }

    assert declared - covered == set(), "add a violating write for each of these"
    assert covered - declared == set(), "these are no longer declared"


@pytest.mark.django_db
def test_every_constraint_of_the_models_is_in_the_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        present = {name for (name,) in cursor.fetchall()}

    assert {constraint.name for model in MODELS for constraint in model._meta.constraints} <= present
