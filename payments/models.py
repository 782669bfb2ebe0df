from gigstream.core.rooms import load_rooms
from payments.earnings.models import PlatformRewards, ReportedEarning
from payments.figures.models import TransactionDay
from payments.ledger.models import Account, Adjustment, LedgerEntry
from payments.oracle.models import (
    ChainAttempt,
    ChainOperation,
    CreatorSync,
    GasAlarm,
    GasSpending,
    OperationCreator,
)
from payments.royalties.models import (
    CarriedBalance,
    DailyAccrual,
    DayToAccrue,
    Distribution,
    DistributionShare,
    PeriodFunding,
    PeriodPay,
    Pool,
    PoolMember,
    PoolWrite,
    RoyaltyPayment,
    RoyaltyPeriod,
    RoyaltyTerms,
    Statement,
)
from payments.settlement.custody.models import WalletOrder
from payments.settlement.deposits.models import ChainCursor, ObservedTransfer
from payments.settlement.payouts.models.holds import CoveredParts, PayoutHold, PayoutHoldPart
from payments.settlement.payouts.models.task_payouts import CoveredTask, PlatformPayout
from payments.settlement.reconciliation.models import Discrepancy, Reconciliation
from payments.settlement.sandbox.models import SandboxFault, SandboxTransfer, SandboxWallet
from payments.settlement.signer.models import SignedCall, SignedVersion, SignerAccount
from payments.settlement.switches.models import PaymentSwitch
from payments.settlement.transactions.models import Transaction
from payments.settlement.transfers.models import ProviderNotification, SettlementAttempt
from payments.streams.models import Stream

load_rooms("payments", "models", "reports")

__all__ = [
    "Account",
    "Adjustment",
    "CarriedBalance",
    "ChainAttempt",
    "ChainCursor",
    "ChainOperation",
    "CoveredParts",
    "CoveredTask",
    "CreatorSync",
    "DailyAccrual",
    "DayToAccrue",
    "Discrepancy",
    "Distribution",
    "DistributionShare",
    "GasAlarm",
    "GasSpending",
    "LedgerEntry",
    "ObservedTransfer",
    "OperationCreator",
    "PaymentSwitch",
    "PayoutHold",
    "PayoutHoldPart",
    "PeriodFunding",
    "PeriodPay",
    "PlatformPayout",
    "PlatformRewards",
    "Pool",
    "PoolMember",
    "PoolWrite",
    "ProviderNotification",
    "Reconciliation",
    "ReportedEarning",
    "RoyaltyPayment",
    "RoyaltyPeriod",
    "RoyaltyTerms",
    "SandboxFault",
    "SandboxTransfer",
    "SandboxWallet",
    "SettlementAttempt",
    "SignedCall",
    "SignedVersion",
    "SignerAccount",
    "Statement",
    "Stream",
    "Transaction",
    "TransactionDay",
    "WalletOrder",
]
