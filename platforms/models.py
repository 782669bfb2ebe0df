"""Models of the app, by subject."""

from gigstream.core.rooms import load_rooms
from platforms.catalogue.models import (
    Collection,
    CollectionWork,
    CreatorProfile,
    Follow,
    Listener,
    ListenerKey,
    Work,
    WorkMove,
    WorkRate,
)
from platforms.events.models import EventCounter, PlatformEvent, WebhookDelivery, WebhookEndpoint
from platforms.figures.models import Engagement, TaskTally
from platforms.invitations.models import Consent, Invitation
from platforms.platforms.models import DEFAULT_FEE_BPS, ApiKey, Platform
from platforms.tasks.models import Dispute
from platforms.tasks.models.tasks import Milestone, Task, WorkEvent
from platforms.usage.models import (
    CorrectedEvent,
    CreatorDay,
    CreatorListenerDay,
    PlatformDay,
    PlatformListenerDay,
    ReceiptChain,
    SigningKey,
    UsageArchive,
    UsageBatch,
    UsageCorrection,
    UsageEvent,
    UsageExclusion,
    UsageFinding,
    UsageKey,
    UsageMark,
    UsageReceipt,
    UsageRule,
    WorkDay,
    WorkLike,
    WorkListenerDay,
)
from platforms.usage.store.models import UsageStoreBatch, UsageStoreSwitch
from platforms.withdrawal_addresses.models import WithdrawalAddress

load_rooms("platforms", "models", "reports")

__all__ = [
    "DEFAULT_FEE_BPS",
    "ApiKey",
    "Collection",
    "CollectionWork",
    "Consent",
    "CorrectedEvent",
    "CreatorDay",
    "CreatorListenerDay",
    "CreatorProfile",
    "Dispute",
    "Engagement",
    "EventCounter",
    "Follow",
    "Invitation",
    "Listener",
    "ListenerKey",
    "Milestone",
    "Platform",
    "PlatformDay",
    "PlatformEvent",
    "PlatformListenerDay",
    "ReceiptChain",
    "SigningKey",
    "Task",
    "TaskTally",
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
    "UsageStoreBatch",
    "UsageStoreSwitch",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WithdrawalAddress",
    "Work",
    "WorkDay",
    "WorkEvent",
    "WorkLike",
    "WorkListenerDay",
    "WorkMove",
    "WorkRate",
]
