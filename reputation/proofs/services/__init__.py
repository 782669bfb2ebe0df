"""Services of proofs: transactions on the chain, and referrals."""

from reputation.proofs.services.referrals import count_referrals, name_referrer
from reputation.proofs.services.transactions import (
    forget_transactions,
    look_up_transactions,
    name_transaction,
)

__all__ = [
    "count_referrals",
    "forget_transactions",
    "look_up_transactions",
    "name_referrer",
    "name_transaction",
]
