"""Access of strangers: every operation of the API, called by everybody who may not, reaches nothing of
another's."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest

from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import Platform
from platforms.platforms.scopes import scope_names
from tests.support.api.client import Api, is_problem, leave_uses_unnoted
from tests.support.api.operations import Operation, operations
from tests.support.api.requests import ASKS, Ask
from tests.support.database.snapshots import everything, rows_that_name
from tests.support.factories import PlatformFactory, WorkerFactory
from tests.support.long_forms import spread
from workers import services as workers
from workers.models import Worker, WorkerSession
from workers.sign_in.enums import SignInMethod
from workers.sign_in.services.sessions import open_session
from workers.sign_in.tokens import make_access_token

pytestmark = pytest.mark.django_db

SIGNED_IN = sorted(name for name, one in operations().items() if one.callers)
OF_ITS_OWN = [name for name in SIGNED_IN if not operations()[name].names_a_row]
SIGNING_IN = sorted(name for name, one in operations().items() if not one.callers)
# Where a refusal leaves its traces.
NOTED = ("answered_requests", "audit_logs")


def test_every_operation_is_walked():
    assert sorted(ASKS) == sorted(operations())


# --- Who may not --------------------------------------------------------------------------------------------


def platform_keys(platform: Platform, needed: str) -> dict[str, tuple[str, int, str]]:
    """Credentials of the platform's own that are good for nothing here, and how each is refused."""
    now = database_now()
    revoked, revoked_text = platforms.create_api_key(platform_id=platform.pk)
    platforms.revoke_api_key(key_id=revoked.pk)
    _, expired_text = platforms.create_api_key(platform_id=platform.pk, expires_at=now)
    _, whole_text = platforms.create_api_key(platform_id=platform.pk)
    besides = [scope for scope in scope_names() if scope != needed]
    _, narrow_text = platforms.create_api_key(platform_id=platform.pk, scopes=besides)
    return {
        "revoked": (revoked_text, 401, "not_authenticated"),
        "expired": (expired_text, 401, "not_authenticated"),
        "cut short": (whole_text[:-1], 401, "not_authenticated"),
        "another's secret": (whole_text[:-43] + revoked_text[-43:], 401, "not_authenticated"),
        "without the scope": (narrow_text, 403, "insufficient_scope"),
    }


def worker_tokens(worker: Worker) -> dict[str, tuple[str, int, str]]:
    """Credentials of the worker's own that are good for nothing any more, and how each is refused."""
    now = database_now()
    over = open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=now)
    workers.close_session(token=over.refresh_token)
    going_on = open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=now)
    session = WorkerSession.objects.get(worker=worker, revoked_at=None, created_at=now)
    yesterday = make_access_token(worker_id=worker.pk, session_id=session.pk, now=now - timedelta(hours=24))
    return {
        "signed out": (over.access_token, 401, "not_authenticated"),
        "expired": (yesterday, 401, "not_authenticated"),
        "cut short": (going_on.access_token[:-1], 401, "not_authenticated"),
        "refresh token": (going_on.refresh_token, 401, "not_authenticated"),
    }


@dataclass(frozen=True)
class Strangers:
    """Another party of the same kind, a party of the other kind, and callers without a valid credential."""

    alike: Api
    unlike: Api
    refused: dict[str, tuple[str, int, str]]


@pytest.fixture(scope="module")
def others(module_transaction: None) -> tuple[Api, Api]:
    """A platform and a worker who have called before, so that what a call notes about its caller is noted."""
    platform = Api.of(PlatformFactory(funds="50"), scopes=scope_names())
    worker = Api.as_worker(WorkerFactory(now=database_now()))
    assert (platform.get("balance").status_code, worker.get("me").status_code) == (200, 200)
    leave_uses_unnoted()
    return platform, worker


def strangers_to(ask: Ask, operation: Operation, others: tuple[Api, Api]) -> Strangers:
    """Return the strangers, all of whom have called before, as the others have."""
    platform, worker = others
    nobody = {"nobody": ("", 401, "not_authenticated")}
    if isinstance(ask.owner, Platform):
        own = platform_keys(ask.owner, operation.scope)
        Api(own["without the scope"][0]).get("balance")
        return Strangers(platform, worker, nobody | own)
    assert isinstance(ask.owner, Worker)
    return Strangers(worker, platform, nobody | worker_tokens(ask.owner))


# --- The walk -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", spread(SIGNED_IN, of="strangers", one_in=36))
def test_who_may_not_is_refused_and_nothing_moves(name, others):
    operation, ask = operations()[name], ASKS[name]()
    strangers = strangers_to(ask, operation, others)
    before = everything()

    # Where both kinds may come, a caller that is not a party to it finds nothing.
    unlike = (403, "not_permitted") if len(operation.callers) == 1 else (404, "not_found")
    is_problem(strangers.unlike.send(operation.method, ask.path, ask.body), *unlike)
    for who, (credential, status, code) in strangers.refused.items():
        answer = Api(credential).send(operation.method, ask.path, ask.body)
        assert is_problem(answer, status, code), who
    if operation.names_a_row:
        is_problem(strangers.alike.send(operation.method, ask.path, ask.body), 404, "not_found")
    assert everything() == before

    answer = ask.api().send(operation.method, ask.path, ask.body)
    assert 200 <= answer.status_code < 300, answer.content


def ids_of(owner: Platform | Worker) -> list[str]:
    """Return every UUID in the rows that name the owner."""
    rows = [row for found in rows_that_name(owner.pk).values() for row in found]
    return sorted(set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", " ".join(rows))))


def named(ids: list[str]) -> dict[str, list[str]]:
    """Return the rows that name these ids, without the records of an attempt."""
    found = rows_that_name(*ids) if ids else {}
    return {table: rows for table, rows in found.items() if table not in NOTED}


@pytest.mark.parametrize("name", spread(OF_ITS_OWN, of="other parties", one_in=24))
def test_another_party_asks_about_its_own_and_sees_nothing_of_others(name, others):
    operation, ask = operations()[name], ASKS[name]()
    stranger = others[not isinstance(ask.owner, Platform)]
    ids = ids_of(ask.owner)
    before = named(ids)

    answer = stranger.send(operation.method, ask.path, ask.body)

    # Of its own there may be nothing yet: no webhook, no money, no good name. A proof of another's wallet
    # or account proves nothing here, and an invitation to another's address is good for nobody else.
    assert answer.status_code in (200, 201, 202, 400, 402, 404, 409), answer.content
    assert answer.status_code != 400 or name in (
        "accept_invitation",
        "add_identity",
        "change_my_wallet",
        "complete_social_account",
        "set_withdrawal_address",
    )
    shown = answer.content.decode()
    said = json.dumps(ask.body)
    assert not [key for key in ids if key in shown and key not in said]
    assert named(ids) == before
    for parameter in operation.parameters:
        if parameter.endswith("_id"):
            for key in ids:
                answer = stranger.get(ask.path, **{parameter: key})
                rows = answer.json().get("entries", answer.json())
                assert answer.status_code == 404 or rows == {"items": [], "next": None}, parameter


def test_reports_about_anothers_task_are_refused_one_by_one():
    ask = ASKS["report_work_events"]()
    other = ASKS["report_work_events"]()
    stranger = other.api()
    stranger.get("tasks")
    before = everything(besides=NOTED)

    answer = stranger.post(ask.path, {"events": [ask.body["events"][0]] * 3})

    assert [one["status"] for one in answer.json()["results"]] == [404, 404, 404]
    assert everything(besides=NOTED) == before


def test_the_cursor_of_another_opens_only_ones_own_list():
    ask = ASKS["list_transactions"]()
    cursor = ask.api().get(ask.path, limit="1").json()["next"]
    stranger = PlatformFactory(funds="50")

    answer = Api.of(stranger).get(ask.path, cursor=cursor)

    assert answer.status_code == 200
    assert {row["type"] for row in answer.json()["items"]} <= {"deposit"}
    assert not [key for key in ids_of(ask.owner) if key in answer.content.decode()]


# --- Before signing in --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", spread(SIGNING_IN, of="wrong credentials", one_in=3))
def test_what_needs_no_credential_opens_nothing_with_a_wrong_one(name):
    method, ask = operations()[name].method, ASKS[name]()
    ids = sorted(str(key) for key in Worker.objects.values_list("pk", flat=True))
    before = named(ids)

    for body in ask.wrong:
        answer = Api().send(method, ask.path, body)
        shown = answer.content.decode()
        assert answer.status_code in (400, 401) or (name == "sign_out" and answer.status_code == 200), shown
        assert "_token" not in shown

    assert named(ids) == before
    answer = Api().send(method, ask.path, ask.body)
    assert 200 <= answer.status_code < 300, answer.content


@pytest.mark.parametrize("name", spread(SIGNING_IN, of="needless credentials", one_in=3))
def test_what_needs_no_credential_reads_none(name):
    method, first, second = operations()[name].method, ASKS[name](), ASKS[name]()
    other = ASKS["get_me"]().api()

    answers = [caller.send(method, ask.path, ask.body) for caller, ask in ((Api(), first), (other, second))]
    assert 200 <= answers[0].status_code < 300, answers[0].content
    assert answers[1].status_code == answers[0].status_code
