from payments.settlement.payouts.models.holds import CoveredParts, PayoutHold, PayoutHoldPart
from payments.settlement.payouts.models.task_payouts import CoveredTask, PlatformPayout

__all__ = ["CoveredParts", "CoveredTask", "PayoutHold", "PayoutHoldPart", "PlatformPayout"]
