"""The verbs of the payments app."""

from payments.services.days import close_transaction_days
from payments.services.deposits import deposit, simulate_deposit
from payments.services.hand import adjust, grant_reward
from payments.services.payouts import cancel_payout, cash_out, create_due_payouts
from payments.services.release import release_due_streams
from payments.services.settlement import poll_settlements, submit_payouts
from payments.services.streams import cancel_stream, claim, pause_stream, resume_stream, top_up

__all__ = [
    "adjust",
    "cancel_payout",
    "cancel_stream",
    "cash_out",
    "claim",
    "close_transaction_days",
    "create_due_payouts",
    "deposit",
    "grant_reward",
    "pause_stream",
    "poll_settlements",
    "release_due_streams",
    "resume_stream",
    "simulate_deposit",
    "submit_payouts",
    "top_up",
]
