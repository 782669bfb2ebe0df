from platforms.usage.models.archives import UsageArchive
from platforms.usage.models.corrections import CorrectedEvent, UsageCorrection
from platforms.usage.models.days import (
    CreatorDay,
    CreatorListenerDay,
    PlatformDay,
    PlatformListenerDay,
    WorkDay,
    WorkListenerDay,
)
from platforms.usage.models.events import UsageEvent, UsageExclusion, UsageKey, WorkLike
from platforms.usage.models.findings import UsageFinding, UsageMark, UsageRule
from platforms.usage.models.receipts import ReceiptChain, SigningKey, UsageBatch, UsageReceipt

__all__ = [
    "CorrectedEvent",
    "CreatorDay",
    "CreatorListenerDay",
    "PlatformDay",
    "PlatformListenerDay",
    "ReceiptChain",
    "SigningKey",
    "UsageArchive",
    "UsageBatch",
    "UsageCorrection",
    "UsageEvent",
    "UsageExclusion",
    "UsageFinding",
    "UsageKey",
    "UsageMark",
    "UsageReceipt",
    "UsageRule",
    "WorkDay",
    "WorkLike",
    "WorkListenerDay",
]
