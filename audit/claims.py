"""Who of the staff sees to what: one at a time, on record."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import CharField, F, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Greatest

from audit.errors import ClaimedByAnother, NotClaimed
from audit.models import Claim
from audit.services import Record, record_many, verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry

# More of one kind are not looked at: that many are in nobody's hands.
MOST_OPEN = 1_000


def open_claims(subject_type: str) -> dict[str, Claim]:
    """The claims on things of one kind that have not ended, by the thing's id."""
    found = Claim.objects.filter(subject_type=subject_type, ended_at=None).order_by("pk")[:MOST_OPEN]
    return {one.subject_id: one for one in found}


def holders(subject_type: str) -> Subquery:
    """Who has claimed each row of a queryset over things of this kind, as a column; NULL for nobody."""
    theirs = Claim.objects.filter(
        subject_type=subject_type, subject_id=Cast(OuterRef("pk"), CharField()), ended_at=None
    )
    return Subquery(theirs.values("claimed_by")[:1])


@verb("claim.take", "claim")
def claim(
    *, subject_type: str, subject_id: str, by: str, reason: str = "", now: datetime | None = None
) -> Claim:
    """`by`, the id of a member of staff, sees to it from now on, as before when they already do.

    What another has claimed is theirs, unless there is a reason to take it over. Raises ClaimedByAnother.
    """
    found = _locked(subject_type, subject_id)
    now = now or database_now()
    found = found or _inserted(subject_type, subject_id, by, "", now)
    if found.claimed_by == by:
        return found
    if not reason.strip():
        raise _claimed(found)
    _end([found], by, now)
    return _inserted(subject_type, subject_id, by, reason.strip(), now)


@verb("claim.release", "claim")
def release_claim(*, subject_type: str, subject_id: str, by: str, now: datetime | None = None) -> None:
    """Nobody sees to it any more. Raises ClaimedByAnother or NotClaimed."""
    found = _locked(subject_type, subject_id)
    if found is None:
        raise NotClaimed(f"nobody has claimed {subject_type} {subject_id}")
    if found.claimed_by != by:
        raise _claimed(found)
    now = now or database_now()
    _end([found], by, now)
    record_many([Record("claim.release", subject_type, subject_id)], now=now)


@atomic_with_retry
def drop_claims(claim_ids: Collection[int], *, now: datetime | None = None) -> int:
    """These claims have ended because what they were on no longer waits; returns how many were still open."""
    found = list(Claim.objects.locked().filter(pk__in=claim_ids, ended_at=None))
    _end(found, "", now or database_now())
    return len(found)


def _claimed(found: Claim) -> ClaimedByAnother:
    return ClaimedByAnother(
        f"{found} is claimed by staff {found.claimed_by}: to take it over, say why",
        claimed_by=found.claimed_by,
        claimed_at=found.claimed_at.isoformat(),
    )


def _locked(subject_type: str, subject_id: str) -> Claim | None:
    return (
        Claim.objects.locked().filter(subject_type=subject_type, subject_id=subject_id, ended_at=None).first()
    )


def _inserted(subject_type: str, subject_id: str, by: str, reason: str, now: datetime) -> Claim:
    """The claim that is open now: this one, on record, or one of somebody who was quicker."""
    new = Claim(
        subject_type=subject_type, subject_id=subject_id, claimed_by=by, reason=reason, claimed_at=now
    )
    Claim.objects.bulk_create([new], ignore_conflicts=True)
    found = _locked(subject_type, subject_id)
    if found is None:
        # The quicker one has given it back in the meantime.
        return _inserted(subject_type, subject_id, by, reason, now)
    if (found.claimed_by, found.claimed_at) == (by, now):
        told = {"claimed_by": by, "reason": reason}
        record_many([Record("claim.take", subject_type, subject_id, after=told)], now=now)
    return found


def _end(claims: Collection[Claim], by: str, now: datetime) -> None:
    """They have ended: not before they began, whatever the clocks of the two say."""
    ended_at = Greatest(Value(now), F("claimed_at"))
    Claim.objects.filter(pk__in=[one.pk for one in claims]).update(ended_at=ended_at, ended_by=by)
