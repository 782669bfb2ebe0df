"""Workers invited over the API, by an email, and known to the platform once they accept."""

import json
from datetime import timedelta

import pytest
from django.core import mail

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.core.people.names import InvalidName
from platforms import services as platforms
from platforms.invitations.services import invitations
from platforms.models import Consent, Invitation, PlatformEvent
from tests.support.api.client import Api, is_problem
from tests.support.decisions import suspend_worker
from tests.support.factories import PlatformFactory, WorkerFactory

pytestmark = pytest.mark.django_db

EMAIL = "bea@example.com"


def invite(api, email=EMAIL, **kwargs):
    return api.post("workers/invite", {"email": email}, **kwargs)


def token_in_mail():
    return next(word for word in mail.outbox[-1].body.split() if word.startswith("gi_"))


def accept(worker, token, **kwargs):
    return Api.as_worker(worker).post("me/invitations/accept", {"token": token}, **kwargs)


@pytest.fixture
def token(api):
    invite(api)
    platforms.send_invitations()
    return token_in_mail()


def test_who_accepts_is_known_to_the_platform_and_may_be_given_tasks(platform, api):
    invited = invite(api).json()
    assert platforms.send_invitations() == 1
    assert (mail.outbox[-1].to, platform.name in mail.outbox[-1].body) == ([EMAIL], True)
    bea = WorkerFactory(email=EMAIL, full_name="Bea")

    answer = accept(bea, token_in_mail())

    assert answer.json() == {"platform_id": str(platform.pk), "platform_name": platform.name}
    (row,) = api.get("workers/invitations").json()["items"]
    assert (row["id"], row["worker_id"], row["full_name"]) == (invited["id"], str(bea.pk), "Bea")
    assert row["accepted_at"] is not None
    event = PlatformEvent.objects.get(platform=platform, type="worker.invitation_accepted")
    assert (event.payload["id"], event.payload["worker_id"]) == (row["id"], str(bea.pk))
    task = api.post("tasks", {"title": "Deliver", "task_type": "fixed", "amount": "5"}).json()
    assert api.post(f"tasks/{task['id']}/assign", {"worker_id": row["worker_id"]}).status_code == 200


def test_the_answer_is_the_same_whoever_has_the_address(platform, api):
    WorkerFactory(email="known@example.com")
    suspended = WorkerFactory(email="suspended@example.com")
    suspend_worker(worker_id=suspended.pk, reason="asked")
    other = Api.of(PlatformFactory())
    invite(other, "asked@example.com")

    answers = [
        invite(api, f"{name}@example.com") for name in ("nobody", "known", "suspended", "asked", "Known")
    ]

    def told(answer):
        body = answer.json()
        varies = ("id", "created_at", "expires_at", "email")
        return answer.status_code, {name: value for name, value in body.items() if name not in varies}

    assert [told(answer) for answer in answers] == [told(answers[0])] * 5
    assert told(answers[0])[1] == {
        "sent_at": None,
        "accepted_at": None,
        "worker_id": None,
        "full_name": None,
    }
    assert answers[4].json() == answers[1].json()


def test_the_same_address_again_is_the_same_invitation_and_one_email(api):
    first, again = invite(api).json(), invite(api, " BEA@example.com ".strip()).json()

    assert again == first
    assert (platforms.send_invitations(), platforms.send_invitations()) == (1, 0)
    assert invite(api, key="one").json()["id"] == first["id"]
    assert invite(api, key="one")["Idempotent-Replayed"] == "true"
    assert len(mail.outbox) == 1


def test_neither_address_nor_token_is_kept_in_the_clear(api, token):
    row = Invitation.objects.get()
    assert (row.email, row.token_hash == token) == (EMAIL, False)
    with_sql = Invitation.objects.extra(select={"stored": "email"}).values_list("stored", flat=True)
    assert EMAIL not in with_sql[0]
    assert EMAIL not in " ".join(map(str, AuditLog.objects.values()))

    accept(WorkerFactory(email=EMAIL), token)

    row.refresh_from_db()
    assert (row.email, row.email_hash) == ("", "")


def test_a_token_works_once(token):
    bea = WorkerFactory(email=EMAIL)
    first = accept(bea, token, key="one")

    assert first.status_code == 200
    assert accept(bea, token, key="one").json() == first.json()
    is_problem(accept(bea, token), 400, "invitation_refused")
    is_problem(accept(WorkerFactory(), token), 400, "invitation_refused")
    assert Invitation.objects.get().worker == bea


def test_another_persons_token_is_refused_and_stays_good_for_them(platform, api, token):
    bea, mallory = WorkerFactory(email=EMAIL), WorkerFactory()

    is_problem(accept(mallory, token), 400, "invitation_refused")

    assert not Consent.objects.exists()
    assert api.get("workers").json()["items"] == []
    assert accept(bea, token).status_code == 200
    assert Consent.objects.get().worker == bea


def test_invitations_to_ones_own_address_are_listed_and_accepted(platform, api, token):
    bea, other = WorkerFactory(email=EMAIL), WorkerFactory()
    invite(api, other.email)
    mine, theirs = Api.as_worker(bea), Api.as_worker(other)

    (row,) = mine.get("me/invitations").json()["items"]
    assert (row["platform_id"], row["platform_name"]) == (str(platform.pk), platform.name)
    path = f"me/invitations/{row['id']}/accept"
    is_problem(theirs.post(path), 404, "not_found")
    joined = mine.post(path, key="one").json()

    assert joined == {"platform_id": str(platform.pk), "platform_name": platform.name}
    assert mine.post(path, key="one").json() == joined
    assert mine.get("me/invitations").json()["items"] == []
    is_problem(mine.post(path), 404, "not_found")
    assert Consent.objects.get().worker == bea


def test_an_invitation_ends_after_a_week_and_may_be_made_again(platform, api, token):
    Invitation.objects.update(
        created_at=database_now() - timedelta(days=8), expires_at=database_now() - timedelta(seconds=1)
    )
    is_problem(accept(WorkerFactory(), token), 400, "invitation_refused")
    assert api.get("workers/invitations").json()["items"] == []

    assert invite(api).status_code == 202
    assert platforms.send_invitations() == 1
    assert token_in_mail() != token
    assert platforms.send_invitations(now=database_now() + timedelta(days=8)) == 0
    assert not Invitation.objects.exists()


def test_an_email_that_fails_is_sent_by_the_next_run(api, monkeypatch, caplog):
    def broken(*given):
        raise ConnectionRefusedError

    invite(api)
    with monkeypatch.context() as patch:
        patch.setattr("gigstream.network.mail.send_mail", broken)
        assert platforms.send_invitations() == 0
    assert "was not sent: ConnectionRefusedError" in caplog.text
    assert EMAIL not in caplog.text
    assert platforms.send_invitations(now=database_now() + timedelta(minutes=1)) == 1


def test_the_email_leads_to_the_page_of_the_setting_and_isolates_the_name(settings):
    settings.INVITATION_URL = "https://pay.example.com/join"
    platform = PlatformFactory(name="Rides")
    invite(Api.of(platform))
    platforms.send_invitations()

    body = mail.outbox[-1].body
    assert "https://pay.example.com/join#token=gi_" in body
    assert "\ntoken: gi_" in body
    assert body.startswith("\u2068Rides\u2069 would like")


def test_a_platforms_name_keeps_to_one_line():
    with pytest.raises(InvalidName, match=r"U\+000D is not allowed"):
        PlatformFactory(name="Rides\r\n\r\nOpen https://evil.example")


def test_so_many_a_day_and_no_more(platform, api, monkeypatch):
    monkeypatch.setattr(invitations, "MOST_A_DAY", 2)
    assert [invite(api, f"{name}@example.com").status_code for name in "ab"] == [202, 202]

    answer = invite(api, "c@example.com")

    is_problem(answer, 429, "too_many_invitations")
    assert 86_390 < int(answer["Retry-After"]) <= 86_401
    assert invite(api, "a@example.com").status_code == 202
    assert invite(Api.of(PlatformFactory()), "c@example.com").status_code == 202


@pytest.mark.parametrize(
    "given",
    [
        {},
        *({"email": email} for email in ("", "bea", "a@b", "a@example.com\r\nBcc: b@example.com", 5, None)),
        {"email": f"{'a' * 250}@example.com"},
        {"email": EMAIL, "name": "Bea"},
    ],
)
def test_what_is_no_address_is_refused(api, given):
    is_problem(api.post("workers/invite", given), 400, "invalid_input")
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    "given", [{}, {"token": ""}, {"token": 5}, {"token": "x" * 201}, {"token": "x", "a": 1}]
)
def test_what_is_no_token_is_refused(given):
    body = Api.as_worker(WorkerFactory()).post("me/invitations/accept", given)
    is_problem(body, 400, "invalid_input")


def test_invitations_are_ones_own_and_narrowed(platform, api, token):
    accept(WorkerFactory(email=EMAIL), token)
    open_one = invite(api, "c@example.com").json()
    stranger = Api.of(PlatformFactory())

    def found(**query):
        return [row["email"] for row in api.get("workers/invitations", **query).json()["items"]]

    assert (found(), found(accepted="true"), found(accepted="false")) == (
        ["c@example.com", ""],
        [""],
        ["c@example.com"],
    )
    assert stranger.get("workers/invitations").json()["items"] == []
    assert json.dumps(open_one["id"]) in api.get("workers/invitations").content.decode()
    for query in ({"accepted": "maybe"}, {"email": EMAIL}, {"cursor": "x"}):
        is_problem(api.get("workers/invitations", **query), 400, "invalid_input")


def test_invitations_need_the_scopes_of_workers(platform):
    reader = Api.of(platform, scopes=["workers:read"])

    assert reader.get("workers/invitations").status_code == 200
    is_problem(invite(reader), 403, "insufficient_scope")
    is_problem(Api.of(platform, scopes=["tasks:read"]).get("workers/invitations"), 403, "insufficient_scope")


def test_a_suspended_platform_invites_nobody(platform, api):
    platforms.suspend_platform(platform_id=platform.pk, reason="asked")

    is_problem(invite(api), 409, "platform_suspended")


def test_a_platform_that_leaves_leaves_no_addresses_behind():
    platform = PlatformFactory()
    platforms.invite_worker(platform_id=platform.pk, email=EMAIL)
    platforms.delete_platform(platform_id=platform.pk)

    assert not Invitation.objects.exists()


def test_invitations_cost_the_same_statements_for_one_or_many(platform, api, django_assert_num_queries):
    api.get("workers/invitations")
    for round_ in range(2):
        with django_assert_num_queries(2):
            api.get("workers/invitations")
        for number in range(5):
            invite(api, f"{round_}-{number}@example.com")
