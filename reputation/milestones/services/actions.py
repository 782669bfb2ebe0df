"""Actions of milestones that need the chain: a creator's token. The others are done when they are reached."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import ChainOperation
from payments.oracle.enums import OperationKind
from payments.oracle.errors import CreatorHasNoAddress, OracleOff
from payments.oracle.services.providers import Oracle
from platforms.catalogue.enums import CreatorStatus
from platforms.models import CreatorProfile
from reputation.milestones.calculations import token_name, token_symbol
from reputation.milestones.enums import REFUSED_FOR, ActionStatus, ActionTrouble
from reputation.milestones.errors import MilestoneNotRefused
from reputation.milestones.models import CreatorMilestone

AT_ONCE = 100
TRY_AGAIN_AFTER = timedelta(hours=1)


def act_on_milestones(*, now: datetime | None = None, oracle: Oracle | None = None) -> int:
    """Request the tokens of milestones that wait for them; return how many were looked at. One that cannot be
    requested yet is tried again each hour; one that never can is refused."""
    now = now or database_now()
    due = CreatorMilestone.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    ids = list(due.values_list("pk", flat=True)[:AT_ONCE])
    for milestone_id in ids:
        act_on_milestone(milestone_id=milestone_id, now=now, oracle=oracle)
    return len(ids)


@verb("milestone.act", "creatormilestone")
def act_on_milestone(*, milestone_id: UUID, now: datetime, oracle: Oracle | None = None) -> CreatorMilestone:
    """Request the token of a milestone, if it waits for one."""
    creators = CreatorMilestone.objects.filter(pk=milestone_id).values("creator")
    # Creators are locked before their milestones.
    creator = CreatorProfile.objects.locked().get(pk__in=creators)
    milestone = CreatorMilestone.objects.locked().get(pk=milestone_id)
    if milestone.next_attempt_at is None or milestone.next_attempt_at > now:
        return milestone
    found = _find_trouble(creator) or _request_token(creator, now, oracle)
    before = (milestone.status, milestone.trouble)
    if isinstance(found, ChainOperation):
        milestone.status, milestone.trouble, milestone.operation = ActionStatus.DONE, "", found
        milestone.next_attempt_at = None
    else:
        is_final = found in REFUSED_FOR
        milestone.status = ActionStatus.REFUSED if is_final else ActionStatus.WAITING
        milestone.trouble = found.value
        milestone.next_attempt_at = None if is_final else now + TRY_AGAIN_AFTER
    milestone.save(update_fields=["status", "trouble", "operation", "next_attempt_at", "updated_at"])
    if before != (milestone.status, milestone.trouble):
        after = {
            "status": milestone.status,
            "trouble": milestone.trouble,
            "operation": milestone.operation_id,
        }
        audit.record("milestone.act", milestone, after=after, now=now)
    return milestone


def _find_trouble(creator: CreatorProfile) -> ActionTrouble | None:
    """Return why no token is made for the creator, None where one can be requested."""
    if creator.status == CreatorStatus.CLOSED:
        return ActionTrouble.CREATOR_CLOSED
    made_before = Q(creators__creator=creator, kind=OperationKind.CREATE_TOKEN)
    if creator.token_address or ChainOperation.objects.filter(made_before).exists():
        return ActionTrouble.HAS_TOKEN
    return None


def _request_token(
    creator: CreatorProfile, now: datetime, oracle: Oracle | None
) -> ChainOperation | ActionTrouble:
    try:
        return payments.create_creator_token(
            creator_id=creator.pk,
            name=token_name(creator.display_name, creator.number),
            symbol=token_symbol(creator.display_name, creator.number),
            now=now,
            oracle=oracle,
        )
    except CreatorHasNoAddress:
        return ActionTrouble.NO_ADDRESS
    except OracleOff:
        return ActionTrouble.ORACLE_OFF


@verb("milestone.try_again", "creatormilestone")
def try_action_again(
    *, milestone_id: UUID, reason: str = "", now: datetime | None = None
) -> CreatorMilestone:
    """Have a refused action of a milestone tried again. Raises MilestoneNotRefused."""
    now = now or database_now()
    milestone = CreatorMilestone.objects.locked().get(pk=milestone_id)
    if milestone.status != ActionStatus.REFUSED:
        raise MilestoneNotRefused(
            f"the action of milestone {milestone.pk} is {milestone.status}", status=milestone.status
        )
    milestone.status, milestone.trouble, milestone.next_attempt_at = ActionStatus.WAITING, "", now
    milestone.save(update_fields=["status", "trouble", "next_attempt_at", "updated_at"])
    audit.record("milestone.try_again", milestone, metadata={"reason": reason}, now=now)
    return milestone
