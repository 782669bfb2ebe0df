"""Distribution of the demo's music platform: a sum shared by sixty days of use."""

from datetime import datetime, timedelta

from audit.approvals import services as approvals
from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from payments import services as payments
from payments.models import Distribution
from platforms import services as platforms
from platforms.models import Platform
from platforms.usage.calculations.periods import last_settled

DAYS = 60
AMOUNT = "90"
REASON = "two months of music"


def distribute_by_use(
    platform: Platform, *, requester: Actor, approver: Actor, now: datetime
) -> Distribution:
    """Share a sum among the platform's creators by the use of the last days that have settled: the platform
    drafts it, two of the staff approve it, and it is paid into the creators' available money.

    The two need the rights to approve distributions, and the days have use of which nothing is held.
    """
    last = last_settled(now)
    platforms.find_artificial_use(now=now)
    payments.accrue_royalties(now=now)
    with acting(Actor(ActorType.PLATFORM, str(platform.pk))):
        found = payments.draft_distribution(
            platform_id=platform.pk,
            first=last - timedelta(days=DAYS - 1),
            last=last,
            mode="user_centric",
            amount=AMOUNT,
            now=now,
        )
    with acting(requester):
        asked = payments.request_distribution(distribution_id=found.pk, reason=REASON, now=now)
    with acting(approver):
        approvals.approve(approval_id=asked.pk, reason=REASON, now=now)
    payments.pay_distributions(now=now)
    return Distribution.objects.get(pk=found.pk)
