"""Claims of staff on items of queues: a single claim at a time, on record."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import CharField, F, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Greatest

from audit.claims.errors import ClaimedByAnother, NotClaimed
from audit.log.services import Record, record_many, verb
from audit.models import Claim
from audit.notices.services import notify
from audit.notices.vocabulary import TAKEN_OVER
from gigstream.core.clock import database_now
from gigstream.core.people.names import isolate_name
from gigstream.core.people.staff_names import staff_name
from gigstream.core.unit import in_unit

# More of a kind are not looked at: staff never hold so many.
MOST_OPEN = 1_000


def open_claims(subject_type: str) -> dict[str, Claim]:
    """Return the open claims on items of a kind, by the item's id."""
    found = Claim.objects.filter(subject_type=subject_type, ended_at=None).order_by("pk")[:MOST_OPEN]
    return {row.subject_id: row for row in found}


def claimed_by_column(subject_type: str) -> Subquery:
    """Return a column for a queryset over items of this kind: the claimer's id, NULL for nobody."""
    theirs = Claim.objects.filter(
        subject_type=subject_type, subject_id=Cast(OuterRef("pk"), CharField()), ended_at=None
    )
    return Subquery(theirs.values("claimed_by")[:1])


@verb("claim.take", "claim")
def claim(
    *, subject_type: str, subject_id: str, by: str, reason: str = "", now: datetime | None = None
) -> Claim:
    """Claim an item for `by`, the id of a member of staff; return the present claim where it is theirs.

    With a reason the item is taken over from another. Raises ClaimedByAnother.
    """
    found = _lock_open_claim(subject_type, subject_id)
    now = now or database_now()
    found = found or _insert_claim(subject_type, subject_id, by, "", now)
    if found.claimed_by == by:
        return found
    if not reason.strip():
        raise _claimed_by_another(found)
    _end_claims([found], by, now)
    taken = _insert_claim(subject_type, subject_id, by, reason.strip(), now)
    _notify_former_holder(found, taken, now)
    return taken


@verb("claim.release", "claim")
def release_claim(*, subject_type: str, subject_id: str, by: str, now: datetime | None = None) -> None:
    """End the claim of `by` on an item. Raises ClaimedByAnother or NotClaimed."""
    found = _lock_open_claim(subject_type, subject_id)
    if found is None:
        raise NotClaimed(f"nobody has claimed {subject_type} {subject_id}")
    if found.claimed_by != by:
        raise _claimed_by_another(found)
    now = now or database_now()
    _end_claims([found], by, now)
    record_many([Record("claim.release", subject_type, subject_id)], now=now)


@in_unit
def drop_claims(claim_ids: Collection[int], *, now: datetime | None = None) -> int:
    """End claims on items that no longer wait; return how many were still open."""
    found = list(Claim.objects.locked().filter(pk__in=claim_ids, ended_at=None))
    _end_claims(found, "", now or database_now())
    return len(found)


def _notify_former_holder(former: Claim, taken: Claim, now: datetime) -> None:
    notify(
        [f"staff:{former.claimed_by}"],
        TAKEN_OVER,
        subject_type=taken.subject_type,
        subject_id=taken.subject_id,
        words=f"{isolate_name(staff_name(taken.claimed_by))} has taken it over; its timeline says why.",
        cause=str(taken.pk),
        moment=now,
    )


def _claimed_by_another(found: Claim) -> ClaimedByAnother:
    return ClaimedByAnother(
        f"{found} is claimed by {staff_name(found.claimed_by)}: to take it over, give a reason",
        claimed_by=found.claimed_by,
        claimed_at=found.claimed_at.isoformat(),
    )


def _lock_open_claim(subject_type: str, subject_id: str) -> Claim | None:
    return (
        Claim.objects.locked().filter(subject_type=subject_type, subject_id=subject_id, ended_at=None).first()
    )


def _insert_claim(subject_type: str, subject_id: str, by: str, reason: str, now: datetime) -> Claim:
    """Insert a claim and record it; return the open claim, which is another's where they were quicker."""
    new = Claim(
        subject_type=subject_type, subject_id=subject_id, claimed_by=by, reason=reason, claimed_at=now
    )
    Claim.objects.bulk_create([new], ignore_conflicts=True)
    found = _lock_open_claim(subject_type, subject_id)
    if found is None:
        # The quicker claim has ended in the meantime.
        return _insert_claim(subject_type, subject_id, by, reason, now)
    if (found.claimed_by, found.claimed_at) == (by, now):
        metadata = {"reason": reason} if reason else {}
        line = Record("claim.take", subject_type, subject_id, after={"claimed_by": by}, metadata=metadata)
        record_many([line], now=now)
    return found


def _end_claims(claims: Collection[Claim], by: str, now: datetime) -> None:
    """End claims, never before they began, as the clocks of two machines may differ."""
    ended_at = Greatest(Value(now), F("claimed_at"))
    Claim.objects.filter(pk__in=[row.pk for row in claims]).update(ended_at=ended_at, ended_by=by)
