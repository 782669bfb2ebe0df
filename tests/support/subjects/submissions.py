"""Submissions to quests, and their reviews."""

import base64
from datetime import timedelta
from typing import Any

from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from platforms.models import Platform
from reputation.models import Quest, QuestEvent, Reservation, Submission, SubmissionReview
from reputation.submissions import services as submissions
from reputation.submissions.services import Reviewer
from tests.support.api.asks import Ask, numbers, request_for, rich_platform
from tests.support.api.client import Api
from tests.support.database import valid_rows
from tests.support.database.breaks import breaks, run
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory, WorkerFactory
from tests.support.quests import agreed, open_quest
from tests.support.rewards.images import image
from tests.support.rewards.submissions import (
    appeal,
    history_of_submissions,
    pending,
    quest_of_submissions,
    reject,
)
from workers.models import Worker

ROWS = {
    Submission: lambda: {
        "quest": valid_rows.insert(valid_rows.valid(Quest)),
        "worker": WorkerFactory.create(),
        "reservation": valid_rows.insert(valid_rows.in_status(Reservation, "used")),
        "proof": "link",
        "link": f"https://example.com/{next(numbers)}",
        "status": "approved",
        "event": valid_rows.insert(valid_rows.valid(QuestEvent)),
        "reviewed_by": "staff:4",
        "reviewed_at": AT,
        "created_at": AT,
    },
    SubmissionReview: lambda: {
        "submission": valid_rows.insert(valid_rows.valid(Submission)),
        "reviewer": "staff:4",
        "verdict": "approve",
        "created_at": AT,
    },
}
_WAITS = {"event": None, "reviewed_by": "", "reviewed_at": None}
_REJECTED = {"status": "rejected", "event": None, "feedback": "dark"}
_EXPIRED = {"status": "expired", "ended_at": AT}
_IMAGE = {"proof": "image", "link": "", "sha256": "a" * 64, "size": 9}


def _row_in(status: str) -> dict[str, Any]:
    """Return the columns of a submission in this status."""
    reviewed = {"reviewed_by": "staff:4", "reviewed_at": AT}
    image = {**_IMAGE, "sha256": f"{new_id().int:064x}", "upload_name": "a", "next_attempt_at": AT}
    columns: dict[str, dict[str, Any]] = {
        "received": {**_WAITS, **image},
        "pending": _WAITS,
        "approved": {**reviewed, "event": valid_rows.insert(valid_rows.valid(QuestEvent))},
        "rejected": {**reviewed, "event": None, "feedback": "dark"},
        "appealed": {**reviewed, "event": None, "appeal": "it is light", "appealed_at": AT},
    }
    return columns[status]


STATUSES = {Submission: _row_in}
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("submission_proof_known", Submission, {"proof": "rumour", "link": "", "erased_at": AT}),
    ("submission_has_its_proof", Submission, {"link": ""}),
    ("submission_has_its_proof", Submission, {"link": "http://example.com/"}),
    ("submission_has_its_proof", Submission, {"sha256": "a" * 64}),
    ("submission_has_its_proof", Submission, {**_IMAGE, "sha256": "A" * 64}),
    ("submission_has_its_proof", Submission, {**_IMAGE, "size": None}),
    ("submission_has_its_proof", Submission, {"erased_at": AT}),
    ("submission_link_readable", Submission, {"link": "https://example.com/\u202e"}),
    (
        "submission_received_has_an_upload",
        Submission,
        {**_IMAGE, **_WAITS, "status": "received", "next_attempt_at": AT},
    ),
    (
        "submission_received_has_an_upload",
        Submission,
        {**_IMAGE, **_WAITS, "status": "received", "upload_name": "a"},
    ),
    ("submission_deleted_images_are_gone", Submission, {"images_deleted_at": AT, "image_name": "a"}),
    ("submission_status_known", Submission, {"status": "lost", **_WAITS}),
    ("submission_reviewed_has_time", Submission, {"reviewed_at": None}),
    ("submission_reviewed_has_time", Submission, {"reviewed_by": ""}),
    ("submission_reviewed_has_time", Submission, {**_WAITS, "status": "pending", "reviewed_by": "staff:4"}),
    ("submission_rejected_with_a_reason", Submission, {**_REJECTED, "feedback": ""}),
    ("submission_appealed_in_words", Submission, {"appealed_at": AT}),
    ("submission_appealed_in_words", Submission, {"appeal": "it is light"}),
    ("submission_appealed_in_words", Submission, {"status": "appealed", "event": None}),
    ("submission_approved_has_its_event", Submission, {"event": None}),
    (
        "submission_that_waits_keeps_its_place",
        Submission,
        {**_WAITS, "status": "pending", "reservation": None},
    ),
    ("submission_review_verdict_known", SubmissionReview, {"verdict": "maybe", "feedback": "dark"}),
    ("submission_review_names_its_reviewer", SubmissionReview, {"reviewer": ""}),
    ("submission_review_rejects_with_a_reason", SubmissionReview, {"verdict": "reject"}),
    ("reservation_with_proof_does_not_expire", Reservation, {**_EXPIRED, "handed_in_at": AT}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("submission_link_stands_once", Submission, ("quest", "link"), {}),
    ("submission_file_stands_once", Submission, ("quest",), _IMAGE),
    ("submission_reviewed_once_by_each", SubmissionReview, ("submission", "reviewer"), {}),
]


def _live(h: History) -> None:
    history_of_submissions(h.platform, at=h.later)


HISTORIES = [_live]


@breaks("submission_is_rewarded_by_its_event")
def an_event_of_another_proof(h: History) -> None:
    run("UPDATE submissions SET link = link || '/other' WHERE status = 'approved'")


@breaks("submission_event_has_its_submission")
def an_event_that_nobody_approved(h: History) -> None:
    run("UPDATE submissions SET status = 'lost', event_id = NULL WHERE status = 'approved'")


@breaks("submission_was_reviewed")
def a_verdict_of_nobody(h: History) -> None:
    run("UPDATE submissions SET reviewed_by = 'staff:99' WHERE status = 'rejected'")


@breaks("submission_keeps_a_place_of_its_own")
def a_place_that_is_kept_for_nobody(h: History) -> None:
    run("UPDATE submissions SET reservation_id = NULL WHERE status = 'rejected'")


@breaks("submission_keeps_a_place_of_its_own")
def a_submission_whose_place_may_end(h: History) -> None:
    run(
        "UPDATE quest_reservations r SET handed_in_at = NULL FROM submissions s"
        " WHERE s.reservation_id = r.id AND s.status = 'pending'"
    )


@breaks("submission_has_its_decision")
def a_rejection_without_its_decision(h: History) -> None:
    run("DELETE FROM decisions WHERE rule = 'submission.review_by_platform' AND outcome = 'rejected'")


def _happens(platform: Platform) -> None:
    now = database_now()
    quest = quest_of_submissions(platform, budget="50", now=now)
    by = Reviewer.of_platform(platform.pk, "anna")
    first, second = (
        pending(quest, WorkerFactory.create(now=now), link=f"https://example.com/{next(numbers)}", now=now)
        for _ in range(2)
    )
    submissions.approve_submission(submission_id=first.pk, reviewer=by, now=now)
    submissions.reject_submission(submission_id=second.pk, reviewer=by, feedback="too dark", now=now)
    appeal(second, now=now)


EVENTS = [_happens]


# --- The API ------------------------------------------------------------------------------------------------
def _quest(platform: Platform | None = None) -> Quest:
    return quest_of_submissions(platform, now=database_now())


def _link() -> str:
    return f"https://example.com/{next(numbers)}"


def _waiting(platform: Platform | None = None, worker: Worker | None = None) -> Submission:
    now = database_now()
    return pending(_quest(platform), worker or WorkerFactory.create(now=now), link=_link(), now=now)


def _rejected(worker: Worker | None = None) -> Submission:
    return reject(_waiting(worker=worker), now=database_now())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _quest_for(worker: Worker) -> Quest:
    """Return a quest of a platform that the worker works for: one of the house is anybody's."""
    quest = _quest(PlatformFactory.create(funds="100", now=database_now()))
    agreed(quest, worker, now=database_now())
    return quest


@request_for("submit_my_link")
def _() -> Ask:
    worker = WorkerFactory.create(now=database_now())
    return Ask(worker, f"me/quests/{_quest_for(worker).pk}/submissions", {"link": _link()}, {"link": _link()})


@request_for("submit_my_image")
def _() -> Ask:
    worker = WorkerFactory.create(now=database_now())
    first, second = ({"image": _base64(image(next(numbers)))} for _ in range(2))
    return Ask(worker, f"me/quests/{_quest_for(worker).pk}/submissions/image", first, second)


@request_for("list_my_submissions")
def _() -> Ask:
    return Ask(_waiting().worker, "me/submissions")


@request_for("get_my_submission")
def _() -> Ask:
    waiting = _waiting()
    return Ask(waiting.worker, f"me/submissions/{waiting.pk}")


@request_for("appeal_my_submission")
def _() -> Ask:
    rejected = _rejected()
    return Ask(
        rejected.worker,
        f"me/submissions/{rejected.pk}/appeal",
        {"words": "it is the shelf"},
        {"words": "look again"},
    )


@request_for("list_submissions")
def _() -> Ask:
    platform = rich_platform()
    _waiting(platform)
    return Ask(platform, "submissions")


@request_for("get_submission")
def _() -> Ask:
    platform = rich_platform()
    return Ask(platform, f"submissions/{_waiting(platform).pk}")


@request_for("approve_submission")
def _() -> Ask:
    platform = rich_platform()
    address = f"submissions/{_waiting(platform).pk}/approve"
    return Ask(platform, address, {"reviewer": "anna"}, {"reviewer": "bert"})


@request_for("reject_submission")
def _() -> Ask:
    platform = rich_platform()
    address = f"submissions/{_waiting(platform).pk}/reject"
    return Ask(
        platform,
        address,
        {"reviewer": "anna", "feedback": "too dark"},
        {"reviewer": "anna", "feedback": "no shelf"},
    )


def _decides(g: Any, submission: Submission, verdict: str = "approve", **body: str) -> Any:
    return g.api.post(f"submissions/{submission.pk}/{verdict}", {"reviewer": "anna", **body})


def _hands_in(g: Any, link: str = "https://example.com/a", quest: Quest | None = None) -> Any:
    return g.me.post(f"me/quests/{(quest or _quest()).pk}/submissions", {"link": link})


def _sends(g: Any, content: bytes) -> Any:
    return g.me.post(f"me/quests/{_quest().pk}/submissions/image", {"image": _base64(content)})


def _appeals(g: Any, submission: Submission) -> Any:
    return g.me.post(f"me/submissions/{submission.pk}/appeal", {"words": "look again"})


def _hands_in_twice(g: Any) -> Any:
    quest = _quest()
    _hands_in(g, quest=quest)
    return _hands_in(g, "https://example.com/b", quest)


def _decides_an_appeal(g: Any) -> Any:
    waiting = _waiting(g.platform)
    _decides(g, waiting, "reject", feedback="too dark")
    appeal(waiting, now=database_now())
    return _decides(g, waiting)


def _approves_a_large_reward_twice(g: Any) -> Any:
    now = database_now()
    quest = quest_of_submissions(g.platform, reward_amount="60", budget="60", now=now)
    waiting = pending(quest, WorkerFactory.create(now=now), link=_link(), now=now)
    _decides(g, waiting)
    return _decides(g, waiting, feedback="again")


def _appeals_late(g: Any) -> Any:
    before = database_now() - timedelta(days=15)
    quest, worker = quest_of_submissions(now=before), WorkerFactory.create(now=before)
    rejected = reject(pending(quest, worker, link=_link(), now=before), now=before)
    return Api.as_worker(worker).post(f"me/submissions/{rejected.pk}/appeal", {"words": "look again"})


CODES = {
    ("appeal_too_late", 409): _appeals_late,
    ("quest_not_reportable", 409): lambda g: g.api.post(
        f"quests/{_quest(g.platform).pk}/events", {"events": [{"worker_id": str(g.worker.pk)}]}
    ),
    ("quest_takes_no_submissions", 409): lambda g: _hands_in(
        g, quest=open_quest(house=True, now=database_now())
    ),
    ("submission_not_appealable", 409): lambda g: _appeals(g, _waiting(worker=g.worker)),
    ("submission_not_waiting", 409): lambda g: [
        _decides(g, one, "reject", feedback=words)
        for one in [_waiting(g.platform)]
        for words in ("too dark", "no shelf")
    ][-1],
    ("submission_not_yours_to_review", 409): _decides_an_appeal,
    ("submission_reviewed_before", 409): _approves_a_large_reward_twice,
    ("submission_waits", 409): _hands_in_twice,
    ("image_too_big", 413): lambda g: _sends(g, image(1) + bytes(5_000_000)),
    ("image_refused", 422): lambda g: _sends(g, b"<svg/>"),
    ("link_refused", 422): lambda g: _hands_in(g, "https://10.0.0.1/"),
    ("person_required", 422): lambda g: _decides(g, _waiting(g.platform), reviewer=""),
}
