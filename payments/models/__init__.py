from payments import reports  # noqa: F401 - the models of the views
from payments.models.custody import WalletOrder
from payments.models.days import TransactionDay
from payments.models.holds import CoveredParts, PayoutHold, PayoutHoldPart
from payments.models.ledger import Account, Adjustment, LedgerEntry
from payments.models.sandbox import SandboxFault, SandboxTransfer, SandboxWallet
from payments.models.settlement import (
    ChainCursor,
    ObservedTransfer,
    PaymentSwitch,
    ProviderBreaker,
    ProviderNotification,
    Reconciliation,
    ReconciliationBreak,
    SettlementAttempt,
)
from payments.models.streams import Stream
from payments.models.task_payouts import CoveredTask, PlatformPayout
from payments.models.transactions import Transaction

__all__ = [
    "Account",
    "Adjustment",
    "ChainCursor",
    "CoveredParts",
    "CoveredTask",
    "LedgerEntry",
    "ObservedTransfer",
    "PaymentSwitch",
    "PayoutHold",
    "PayoutHoldPart",
    "PlatformPayout",
    "ProviderBreaker",
    "ProviderNotification",
    "Reconciliation",
    "ReconciliationBreak",
    "SandboxFault",
    "SandboxTransfer",
    "SandboxWallet",
    "SettlementAttempt",
    "Stream",
    "Transaction",
    "TransactionDay",
    "WalletOrder",
]
