"""Submissions over the API: handed in and appealed by workers, decided by platforms, images by signed
addresses."""

import base64
import json
from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client

from gigstream.core.clock import database_now
from platforms.platforms.scopes import scope_names
from reputation.models import QuestEvent, Reservation, Submission
from reputation.submissions import services as submissions
from reputation.submissions.selectors import _SALT
from reputation.submissions.services import files
from tests.support.api.client import Api, is_problem
from tests.support.books import violated
from tests.support.factories import PlatformFactory, WorkerFactory, balance, consent
from tests.support.rewards.images import image
from tests.support.rewards.submissions import quest_of_submissions

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform():
    return PlatformFactory(funds="100", now=database_now())


@pytest.fixture
def api(platform):
    return Api.of(platform, scopes=scope_names())


@pytest.fixture
def worker(platform):
    worker = WorkerFactory(now=database_now())
    consent(platform, worker, now=database_now())
    return worker


@pytest.fixture
def me(worker):
    return Api.as_worker(worker)


@pytest.fixture
def quest(platform):
    return quest_of_submissions(platform, now=database_now())


def body_of(answer, status=200):
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


def sent(content):
    return {"image": base64.b64encode(content).decode()}


def test_an_image_goes_from_the_worker_to_the_platform_and_back_with_its_reward(api, me, quest, worker):
    made = body_of(me.post(f"me/quests/{quest.pk}/submissions/image", sent(image(1))), 201)
    again = body_of(me.post(f"me/quests/{quest.pk}/submissions/image", sent(image(1))), 201)
    assert (made["status"], made["image_url"], made["replayed"]) == ("received", None, False)
    assert (again["id"], again["replayed"]) == (made["id"], True)
    submissions.process_submissions()

    (waiting,) = body_of(api.get("submissions", status="pending"))["items"]
    assert (waiting["id"], waiting["worker_id"], waiting["width"]) == (made["id"], str(worker.pk), 48)
    shown = Client().get(waiting["image_url"])
    assert shown.status_code == 200
    approved = body_of(api.post(f"submissions/{made['id']}/approve", {"reviewer": "anna"}))

    assert (approved["status"], approved["approvals"]) == ("approved", 1)
    mine = body_of(me.get(f"me/submissions/{made['id']}"))
    assert (mine["status"], mine["event_id"]) == ("approved", QuestEvent.objects.get().pk)
    assert balance(worker, "available") == 5
    types = [event["type"] for event in body_of(api.get("events"))["items"]]
    assert [type_ for type_ in types if type_.startswith("submission.")] == [
        "submission.received",
        "submission.approved",
    ]
    assert violated() == {}


def test_a_rejection_is_read_and_appealed_by_its_worker(api, me, quest):
    made = body_of(me.post(f"me/quests/{quest.pk}/submissions", {"link": "https://example.com/a"}), 201)
    address = f"submissions/{made['id']}"

    is_problem(api.post(f"{address}/reject", {"feedback": "too dark"}), 422, "person_required")
    body_of(api.post(f"{address}/reject", {"reviewer": "anna", "feedback": "too dark"}))
    (mine,) = body_of(me.get("me/submissions", status="rejected"))["items"]
    assert mine["feedback"] == "too dark"
    assert mine["appealable_until"] is not None
    appealed = body_of(me.post(f"me/{address}/appeal", {"words": "look again"}))

    assert (appealed["status"], appealed["appeal"]) == ("appealed", "look again")
    answer = api.post(f"{address}/approve", {"reviewer": "bert"})
    is_problem(answer, 409, "submission_not_yours_to_review")
    assert violated() == {}


def test_a_dry_run_keeps_neither_a_place_nor_a_file(me, quest):
    before = files.old_files(files.UPLOADS, database_now() + timedelta(days=1))

    seen = body_of(me.post(f"me/quests/{quest.pk}/submissions/image?dry_run=true", sent(image(2))))

    assert (seen["dry_run"], seen["answer"]["status"]) == (True, "received")
    assert not Submission.objects.exists()
    assert not Reservation.objects.exists()
    assert files.old_files(files.UPLOADS, database_now() + timedelta(days=1)) == before


def test_the_same_request_again_gets_the_first_answer(me, quest):
    address, body = f"me/quests/{quest.pk}/submissions/image", sent(image(3))

    first = me.post(address, body, key="once")
    again = me.post(address, body, key="once")

    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.content == first.content
    is_problem(me.post(address, sent(image(4)), key="once"), 422, "idempotency_mismatch")
    assert Submission.objects.count() == 1


def test_text_that_is_no_base64_is_refused(me, quest):
    address = f"me/quests/{quest.pk}/submissions/image"

    for text in ("not base64!", "YQ", "ÿ", 5, None):
        is_problem(me.post(address, {"image": text}), 400, "invalid_input")
    assert not Submission.objects.exists()


def test_somebody_elses_submission_is_not_there(api, me, quest):
    made = body_of(me.post(f"me/quests/{quest.pk}/submissions", {"link": "https://example.com/a"}), 201)
    stranger = Api.as_worker(WorkerFactory(now=database_now()))
    rival = Api.of(PlatformFactory(now=database_now()), scopes=scope_names())

    for answer in (
        stranger.get(f"me/submissions/{made['id']}"),
        stranger.post(f"me/submissions/{made['id']}/appeal", {"words": "mine"}),
        stranger.post(f"me/quests/{quest.pk}/submissions", {"link": "https://example.com/b"}),
        rival.get(f"submissions/{made['id']}"),
        rival.post(f"submissions/{made['id']}/approve", {"reviewer": "eve"}),
    ):
        is_problem(answer, 404, "not_found")
    assert body_of(rival.get("submissions"))["items"] == []


def test_a_key_without_the_scope_decides_nothing(platform, me, quest):
    made = body_of(me.post(f"me/quests/{quest.pk}/submissions", {"link": "https://example.com/a"}), 201)
    api = Api.of(platform, scopes=["quests:write", "submissions:read"])

    is_problem(api.post(f"submissions/{made['id']}/approve", {"reviewer": "anna"}), 403, "insufficient_scope")


# --- Images -------------------------------------------------------------------------------------------------
@pytest.fixture
def shown(me, quest):
    """The address of an image."""
    made = body_of(me.post(f"me/quests/{quest.pk}/submissions/image", sent(image(5))), 201)
    submissions.process_submissions()
    return body_of(me.get(f"me/submissions/{made['id']}"))["image_url"]


def test_an_image_is_served_so_that_no_browser_runs_it(shown):
    answer = Client().get(shown)

    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == 'attachment; filename="submission.jpg"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox;")
    assert answer["Cache-Control"] == "private, no-store"
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8\xff")
    assert Client().post(shown).status_code in (403, 405)


def test_an_address_of_an_image_expires_and_cannot_be_made(shown, settings):
    submission = Submission.objects.get()
    forged = signing.dumps(str(submission.pk), salt="something else")
    assert Client().get(f"/media/submissions/{forged}").status_code == 404
    assert Client().get(shown[:-1]).status_code == 404
    assert Client().get(f"/media/submissions/{submission.pk}").status_code == 404

    settings.MEDIA_LINK_SECONDS = 0

    assert Client().get(shown).status_code == 404
    assert signing.loads(shown.rsplit("/", 1)[-1], salt=_SALT) == str(submission.pk)


def test_the_origin_of_images_serves_nothing_else_and_no_other_serves_them(shown, settings):
    settings.MEDIA_ORIGIN = "https://files.example.org"
    settings.ALLOWED_HOSTS = ["testserver", "files.example.org"]
    on_its_own = {"headers": {"host": "files.example.org"}}

    assert Client().get(shown, **on_its_own).status_code == 200
    assert Client().get(shown).status_code == 404
    for page in ("/admin/login/", "/api/v1/tasks", "/healthz", "/static/gigstream/console.css"):
        assert Client().get(page, **on_its_own).status_code == 404
    assert Client().get("/healthz").status_code == 200
