"""The verbs of the payments app."""

from payments.services.asking import (
    ask_to_adjust,
    ask_to_credit,
    ask_to_deposit,
    ask_to_go_on,
    ask_to_release_withdrawal,
    reward_or_ask,
)
from payments.services.custody import create_wallets
from payments.services.days import close_transaction_days
from payments.services.deposits import deposit, simulate_deposit
from payments.services.hand import adjust, grant_reward
from payments.services.hold_notices import send_hold_notices
from payments.services.holds import end_due_holds, end_hold, hold_payouts, hold_withdrawals
from payments.services.intervention import accelerate_payout, cancel_transfer, look_for, offer_again
from payments.services.next_payout import first_payout_due, money_of_worker, next_payout
from payments.services.notifications import verify_notifications
from payments.services.observing import credit_observed, observe_deposits, read_again_from
from payments.services.overdue_streams import end_long_pauses, settle_stream
from payments.services.parked_streams import release_parked_stream
from payments.services.payouts import cancel_payout, cash_out, create_due_payouts
from payments.services.reconciliation import explain_break, reconcile_settlements
from payments.services.release import release_due_streams
from payments.services.restoring import Rediscovered, rediscover_payouts
from payments.services.schedules import set_payout_schedule
from payments.services.settlement import poll_settlements
from payments.services.streams import cancel_stream, claim, pause_stream, resume_stream, top_up
from payments.services.submission import submit_payouts
from payments.services.switches import let_payments_go_on, stop_payments
from payments.services.task_payouts import recompute_task_payouts
from payments.services.withdrawals import (
    release_withdrawal,
    request_withdrawal,
    send_withdrawal_notices,
    stop_withdrawal,
)

__all__ = [
    "Rediscovered",
    "accelerate_payout",
    "adjust",
    "ask_to_adjust",
    "ask_to_credit",
    "ask_to_deposit",
    "ask_to_go_on",
    "ask_to_release_withdrawal",
    "cancel_payout",
    "cancel_stream",
    "cancel_transfer",
    "cash_out",
    "claim",
    "close_transaction_days",
    "create_due_payouts",
    "create_wallets",
    "credit_observed",
    "deposit",
    "end_due_holds",
    "end_hold",
    "end_long_pauses",
    "explain_break",
    "first_payout_due",
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
    "poll_settlements",
    "read_again_from",
    "recompute_task_payouts",
    "reconcile_settlements",
    "rediscover_payouts",
    "release_due_streams",
    "release_parked_stream",
    "release_withdrawal",
    "request_withdrawal",
    "resume_stream",
    "reward_or_ask",
    "send_hold_notices",
    "send_withdrawal_notices",
    "set_payout_schedule",
    "settle_stream",
    "simulate_deposit",
    "stop_payments",
    "stop_withdrawal",
    "submit_payouts",
    "top_up",
    "verify_notifications",
]
