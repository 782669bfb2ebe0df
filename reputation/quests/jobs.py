"""Jobs that grant waiting events, expire reservations, end holds and settle rewards."""

from gigstream.jobs.registry import job
from reputation.quests import services


@job
def grant_quest_events() -> int:
    return services.grant_quest_events()


@job
def expire_reservations() -> int:
    return services.expire_reservations()


@job
def end_quest_holds() -> int:
    return services.end_due_holds()


@job
def settle_quest_events() -> int:
    return services.settle_quest_events()
