"""Places in quests that submissions keep: with the money, from the proof until its decision."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from reputation.models import Reservation, Submission
from reputation.quests.services import keep_for_proof, stop_keeping
from reputation.submissions.enums import KEEPING_A_PLACE
from reputation.submissions.errors import SubmissionWaits


def take_place(*, quest_id: UUID, worker_id: UUID, now: datetime) -> Reservation:
    """Return the worker's place, for a submission: a new place, one that they have reserved, or that of a
    rejected submission, which cannot be appealed any more then.

    Raises SubmissionWaits where another submission has it, and the refusals of `keep_for_proof`.
    """
    own = Submission.objects.filter(quest=quest_id, worker=worker_id, reservation__isnull=False)
    # Locked before the place, as by a decision.
    list(own.locked())
    place = keep_for_proof(quest_id=quest_id, worker_id=worker_id, now=now)
    holder = Submission.objects.filter(reservation=place).first()
    if holder is not None and holder.status in KEEPING_A_PLACE:
        raise SubmissionWaits(
            f"your submission of {holder.created_at:%Y-%m-%d %H:%M} to this quest waits for its decision",
            submission=holder.pk,
        )
    if holder is not None:
        holder.reservation = None
        holder.save(update_fields=["reservation", "updated_at"])
    return place


def give_back_places(submissions: Collection[Submission]) -> None:
    """Let the places of these locked submissions end, and take them off; the caller saves the rows."""
    stop_keeping([one.reservation_id for one in submissions if one.reservation_id])
    for one in submissions:
        one.reservation = None
