"""Check-ins, and the streaks that they make."""

from reputation.streaks.services.check_ins import Claim, check_in, claim_check_in, forget_check_ins
from reputation.streaks.services.outages import declare_outage, request_outage
from reputation.streaks.services.pauses import declare_pause
from reputation.streaks.services.zones import follow_time_zone

__all__ = [
    "Claim",
    "check_in",
    "claim_check_in",
    "declare_outage",
    "declare_pause",
    "follow_time_zone",
    "forget_check_ins",
    "request_outage",
]
