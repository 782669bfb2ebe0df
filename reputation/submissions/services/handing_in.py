"""Proof for quests, handed in by workers: a link, or an image that is stored as it comes and seen by nobody
until it has been processed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.unit import is_rehearsed
from gigstream.jobs.registry import nudge_job
from platforms.tasks.errors import NOTHING_HERE
from reputation.models import Quest, QuestEvent, Submission
from reputation.quests.enums import QuestKind
from reputation.quests.errors import AlreadyReported, QuestNotFound
from reputation.quests.selectors import quests_for
from reputation.quests.services.facts import erased_forms
from reputation.quests.services.intake import find_quest
from reputation.signals import submissions_received
from reputation.submissions.calculations import normal_link, require_image
from reputation.submissions.enums import STANDING, ProofKind, SubmissionStatus
from reputation.submissions.errors import NoSubmissions
from reputation.submissions.models import LONGEST_LINK
from reputation.submissions.services import files
from reputation.submissions.services.places import take_place

_STANDS_ONCE = ("submission_link_stands_once", "submission_file_stands_once")


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submission; `replayed` says that its worker had handed in the same proof before."""

    submission: Submission
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Proof:
    """A link, or a file in the storage."""

    kind: ProofKind
    link: str = ""
    sha256: str = ""
    size: int | None = None
    upload_name: str = ""

    @property
    def fact(self) -> str:
        return self.link or self.sha256

    @property
    def same(self) -> Q:
        return Q(link=self.link) if self.link else Q(sha256=self.sha256)


def submit_link(*, quest_id: UUID, worker_id: UUID, link: str, now: datetime | None = None) -> Submitted:
    """Hand in a link as the worker's proof. The worker's place in the quest is kept until it is decided.

    Raises LinkRefused and the refusals of `_submit`.
    """
    proof = _Proof(ProofKind.LINK, link=normal_link(link, longest=LONGEST_LINK))
    return _submit(quest_id=quest_id, worker_id=worker_id, proof=proof, now=now)


def submit_image(
    *, quest_id: UUID, worker_id: UUID, content: bytes, now: datetime | None = None
) -> Submitted:
    """Hand in the bytes of an image as the worker's proof. It is processed soon; until then it is received.

    Raises ImageTooBig, ImageRefused and the refusals of `_submit`.
    """
    require_image(content)
    name = files.new_name(files.UPLOADS)
    digest = hashlib.sha256(content).hexdigest()
    if is_rehearsed():
        proof = _Proof(ProofKind.IMAGE, sha256=digest, size=len(content), upload_name=name)
        return _submit(quest_id=quest_id, worker_id=worker_id, proof=proof, now=now)
    # Written before any row is locked: a storage may be slow.
    stored = files.write_file(name, content)
    proof = _Proof(ProofKind.IMAGE, sha256=digest, size=len(content), upload_name=stored)
    try:
        result = _submit(quest_id=quest_id, worker_id=worker_id, proof=proof, now=now)
    except BaseException:
        files.delete_files(stored)
        raise
    if result.replayed:
        files.delete_files(stored)
    return result


@verb("submission.submit", "quest")
def _submit(*, quest_id: UUID, worker_id: UUID, proof: _Proof, now: datetime | None = None) -> Submitted:
    """Write the submission, with a place that is kept for it. The same proof again is answered with the
    first submission.

    Raises QuestNotFound, NoSubmissions, AlreadyReported for another worker's proof, SubmissionWaits,
    QuestNotOpen, QuestExhausted, QuestLimitReached, QuestCooldown, NotEligible, ReservationExpired,
    WorkerSuspended or WorkerDeleted.
    """
    now = now or database_now()
    quest = find_quest(quest_id)
    if not quests_for(worker_id, now=now).filter(pk=quest_id).exists():
        raise QuestNotFound(NOTHING_HERE)
    if quest.kind != QuestKind.SUBMISSION:
        raise NoSubmissions(
            f"the quest is of the kind {quest.kind}: it takes no submissions", kind=quest.kind
        )
    first = _first_of_worker(quest, worker_id, proof)
    if first is not None:
        return Submitted(first, replayed=True)
    if Submission.objects.filter(proof.same, quest=quest, status__in=sorted(STANDING)).exists():
        raise _handed_in_before(proof)
    # By somebody who has left.
    if QuestEvent.objects.filter(quest=quest, external_id__in=erased_forms(quest.pk, proof.fact)).exists():
        raise _handed_in_before(proof)
    place = take_place(quest_id=quest_id, worker_id=worker_id, now=now)
    is_image = proof.kind == ProofKind.IMAGE
    submission = Submission(
        quest=quest,
        worker_id=worker_id,
        proof=proof.kind,
        link=proof.link,
        sha256=proof.sha256,
        size=proof.size,
        upload_name=proof.upload_name,
        status=SubmissionStatus.RECEIVED if is_image else SubmissionStatus.PENDING,
        next_attempt_at=now if is_image else None,
        reservation=place,
        created_at=now,
    )
    _save_new(submission, proof)
    audit.record("submission.submit", submission, after={"quest": quest_id, "proof": proof.kind}, now=now)
    submissions_received.send(sender=Submission, submissions=[submission], now=now)
    if is_image:
        nudge_job("process_submissions")
    return Submitted(submission)


def _first_of_worker(quest: Quest, worker_id: UUID, proof: _Proof) -> Submission | None:
    """Return the worker's own submission of this proof, None where there is none."""
    own = Submission.objects.filter(proof.same, quest=quest, worker=worker_id)
    return own.select_related("quest").order_by("created_at", "pk").first()


def _save_new(submission: Submission, proof: _Proof) -> None:
    """Insert the submission. Raises AlreadyReported where another transaction was faster with the proof."""
    try:
        with transaction.atomic():
            submission.save(force_insert=True)
    except IntegrityError as error:
        if not any(name in str(error) for name in _STANDS_ONCE):
            raise
        raise _handed_in_before(proof) from error


def _handed_in_before(proof: _Proof) -> AlreadyReported:
    thing = "link" if proof.link else "file"
    return AlreadyReported(
        f"this {thing} has been handed in before, by another worker", external_id=proof.fact
    )
