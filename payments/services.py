"""The verbs of the payments app."""

from payments.earnings.services.platform_rewards import recompute_platform_rewards
from payments.earnings.services.rewards import grant_reward
from payments.figures.services.days import close_transaction_days
from payments.ledger.approvals import request_adjustment, reward_or_request
from payments.ledger.services.manual import adjust
from payments.oracle.services.following import follow_operations
from payments.oracle.services.reconciliation import reconcile_oracle
from payments.oracle.services.recording import record_distributions
from payments.oracle.services.requests import create_creator_token, record_distribution, retry_operation
from payments.oracle.services.submission import submit_operations
from payments.oracle.services.syncing import sync_metrics
from payments.royalties.services.accruing import accrue_royalties
from payments.royalties.services.distributions import (
    approve_distribution,
    cancel_distribution,
    draft_distribution,
    pay_distributions,
    recount_distribution,
    request_distribution,
)
from payments.royalties.services.ending import end_royalty_periods
from payments.royalties.services.funding import fund_royalties
from payments.royalties.services.paying import pay_royalties
from payments.royalties.services.pools import add_to_pool, close_pool, create_pool, pay_pools, set_pool_units
from payments.royalties.services.terms import set_royalty_terms
from payments.settlement.custody.services import create_wallets
from payments.settlement.deposits.approvals import request_credit, request_deposit
from payments.settlement.deposits.services.deposits import book_deposit, simulate_deposit
from payments.settlement.deposits.services.observing import credit_observed, observe_deposits, read_again_from
from payments.settlement.payouts.services.hold_notices import send_hold_notices
from payments.settlement.payouts.services.holds import end_due_holds, end_hold, hold_payouts, hold_withdrawals
from payments.settlement.payouts.services.next_payout import first_payout_due, money_of_worker, next_payout
from payments.settlement.payouts.services.payouts import cancel_payout, cash_out, create_due_payouts
from payments.settlement.payouts.services.schedules import set_payout_schedule
from payments.settlement.payouts.services.task_payouts import recompute_task_payouts
from payments.settlement.reconciliation.services.reconciliation import (
    explain_discrepancy,
    reconcile_settlements,
)
from payments.settlement.restore.services import Rediscovered, rediscover_payouts
from payments.settlement.switches.approvals import request_go_on
from payments.settlement.switches.services import let_payments_go_on, stop_payments
from payments.settlement.transfers.services.intervention import (
    accelerate_payout,
    cancel_transfer,
    look_for,
    offer_again,
)
from payments.settlement.transfers.services.notifications import verify_notifications
from payments.settlement.transfers.services.settlement import poll_settlements
from payments.settlement.transfers.services.submission import submit_payouts
from payments.streams.services.overdue_streams import end_long_pauses, settle_stream
from payments.streams.services.parked_streams import release_parked_stream
from payments.streams.services.release import release_due_streams
from payments.streams.services.streams import (
    cancel_stream,
    claim_stream,
    pause_stream,
    resume_stream,
    top_up_stream,
)
from payments.withdrawals.approvals import request_withdrawal_release
from payments.withdrawals.services import (
    release_withdrawal,
    request_withdrawal,
    send_withdrawal_notices,
    stop_withdrawal,
)

__all__ = [
    "Rediscovered",
    "accelerate_payout",
    "accrue_royalties",
    "add_to_pool",
    "adjust",
    "approve_distribution",
    "book_deposit",
    "cancel_distribution",
    "cancel_payout",
    "cancel_stream",
    "cancel_transfer",
    "cash_out",
    "claim_stream",
    "close_pool",
    "close_transaction_days",
    "create_creator_token",
    "create_due_payouts",
    "create_pool",
    "create_wallets",
    "credit_observed",
    "draft_distribution",
    "end_due_holds",
    "end_hold",
    "end_long_pauses",
    "end_royalty_periods",
    "explain_discrepancy",
    "first_payout_due",
    "follow_operations",
    "fund_royalties",
    "grant_reward",
    "hold_payouts",
    "hold_withdrawals",
    "let_payments_go_on",
    "look_for",
    "money_of_worker",
    "next_payout",
    "observe_deposits",
    "offer_again",
    "pause_stream",
    "pay_distributions",
    "pay_pools",
    "pay_royalties",
    "poll_settlements",
    "read_again_from",
    "recompute_platform_rewards",
    "recompute_task_payouts",
    "reconcile_oracle",
    "reconcile_settlements",
    "record_distribution",
    "record_distributions",
    "recount_distribution",
    "rediscover_payouts",
    "release_due_streams",
    "release_parked_stream",
    "release_withdrawal",
    "request_adjustment",
    "request_credit",
    "request_deposit",
    "request_distribution",
    "request_go_on",
    "request_withdrawal",
    "request_withdrawal_release",
    "resume_stream",
    "retry_operation",
    "reward_or_request",
    "send_hold_notices",
    "send_withdrawal_notices",
    "set_payout_schedule",
    "set_pool_units",
    "set_royalty_terms",
    "settle_stream",
    "simulate_deposit",
    "stop_payments",
    "stop_withdrawal",
    "submit_operations",
    "submit_payouts",
    "sync_metrics",
    "top_up_stream",
    "verify_notifications",
]
