"""The frame that every address of the API shares: credentials, input, errors, keys, pages and limits."""

import re
import sys
import uuid
from datetime import timedelta

import pytest

from audit.models import AuditLog
from gigstream.api.idempotency import sweep_responses
from gigstream.api.models import AnsweredRequest
from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import ApiKey, Task
from platforms.platforms.scopes import scope_names
from tests.support.api.client import Api, is_problem
from tests.support.api.operations import operations
from tests.support.factories import PlatformFactory, TaskFactory, WorkerFactory, balance, consent, fund

pytestmark = pytest.mark.django_db

TASK = {"title": "Deliver", "task_type": "fixed", "amount": "12.50"}


# --- Credentials --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credential", ["", "gs_test_nobody000000_" + "x" * 43, "gs_test_", "x.y.z", "é"])
def test_without_a_good_credential_nothing_is_shown(credential):
    answer = Api(credential).get("tasks")

    is_problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="gigstream"'


def test_a_revoked_and_an_expired_key_open_nothing(platform):
    key, text = platforms.create_api_key(platform_id=platform.pk)
    _, short = platforms.create_api_key(platform_id=platform.pk, expires_at=database_now())
    platforms.revoke_api_key(key_id=key.pk)

    is_problem(Api(text).get("tasks"), 401, "not_authenticated")
    is_problem(Api(short).get("tasks"), 401, "not_authenticated")


def test_a_key_in_the_query_string_is_no_credential(platform):
    _, text = platforms.create_api_key(platform_id=platform.pk)

    is_problem(Api().get("tasks", api_key=text), 401, "not_authenticated")


def test_a_key_does_only_what_its_scopes_say(platform):
    reader = Api.of(platform, scopes=["tasks:read"])

    assert reader.get("tasks").status_code == 200
    body = is_problem(reader.post("tasks", TASK), 403, "insufficient_scope")
    assert body["numbers"] == {"scope": "tasks:write"}
    assert not Task.objects.exists()


def test_the_last_use_of_a_key_is_noted_once_a_minute_and_written_by_a_job(platform, api):
    platforms.write_key_uses()
    api.get("tasks")
    assert ApiKey.objects.get(platform=platform).last_used_at is None
    assert platforms.write_key_uses() == 1
    first = ApiKey.objects.get(platform=platform).last_used_at
    api.get("tasks")
    assert platforms.write_key_uses() == 0
    assert ApiKey.objects.get(platform=platform).last_used_at == first is not None

    ApiKey.objects.update(last_used_at=first - timedelta(minutes=1))
    api.get("tasks")
    assert platforms.write_key_uses() == 1
    assert ApiKey.objects.get(platform=platform).last_used_at >= first


def test_without_redis_no_use_of_a_key_is_noted_and_none_is_written(api, settings, caplog):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}

    assert api.get("tasks").status_code == 200
    assert platforms.write_key_uses() == 0
    assert "uses of keys are not written" in caplog.text


def test_what_a_platform_does_is_logged_under_its_name_and_request_id(platform, api):
    answer = api.post("tasks", TASK)

    line = AuditLog.objects.get(action="task.create")
    assert (line.actor_type, line.actor_id) == ("platform", str(platform.pk))
    assert line.request_id == answer["X-Request-Id"]


def test_a_refused_act_is_logged_though_its_transaction_was_undone(api):
    task = api.post("tasks", {**TASK, "amount": "5000"}).json()
    worker = WorkerFactory()

    answer = api.post(f"tasks/{task['id']}/assign", {"worker_id": str(worker.pk)})

    is_problem(answer, 402, "insufficient_funds")
    line = AuditLog.objects.get(action="task.assign")
    assert (line.success, line.resource_id) == (False, task["id"])
    assert Task.objects.get(pk=task["id"]).status == "created"


# --- Input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"", 400, "invalid_input"),
        (b'{"title": "a", "title": "b"}', 400, "malformed_json"),
        (b'{"title": "a\\u0000"}', 400, "malformed_json"),
        (b'{"metadata": {"a\\u0000": 1}}', 400, "malformed_json"),
        (b'{"title": "\\ud800"}', 400, "malformed_json"),
        (b'{"title": "\xff"}', 400, "malformed_json"),
        (b'{"amount": NaN}', 400, "malformed_json"),
        (b'{"amount": 1e999}', 400, "malformed_json"),
        (b'{"amount": ' + b"9" * 5000 + b"}", 400, "malformed_json"),
        (b'{"metadata": {"a": 18446744073709551616}}', 400, "malformed_json"),
        (b'{"metadata": ' + b"[" * 40 + b"]" * 40 + b"}", 400, "malformed_json"),
        (b'{"metadata": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "malformed_json"),
        (b"[]", 400, "invalid_input"),
        (b'"text"', 400, "invalid_input"),
        (b"null", 400, "invalid_input"),
        (b'{"title": "' + b"a" * 262_144 + b'"}', 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(api, raw, status, code):
    is_problem(api.post("tasks", raw=raw), status, code)
    assert not Task.objects.exists()


def test_depth_is_refused_whatever_the_limit_of_recursion(api):
    """Libraries raise it, and the reader of JSON would then run out of stack."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        for raw in (b"[" * 200_000, b'{"a":' * 40_000 + b"1", b'{"metadata": ["[", ' + b"[" * 100_000):
            is_problem(api.post("tasks", raw=raw), 400, "malformed_json")
    finally:
        sys.setrecursionlimit(before)


def test_brackets_in_text_are_no_depth(api):
    text = "[{" * 50 + '\\" ['
    answer = api.post("tasks", {"title": text, "task_type": "fixed", "amount": "5"})

    assert (answer.status_code, answer.json()["title"]) == (201, text)


@pytest.mark.parametrize(
    "amount",
    [
        *(
            "1.0000001",
            "NaN",
            "Infinity",
            "-1",
            "0",
            "-0",
            "1_000",
            "1e3",
            "1E+400",
            " 5 ",
            "",
            "\u0663",
            "\uff15",
        ),
        *(True, None, [], 0.1, 5, 2**64 - 1, "9" * 30),
    ],
)
def test_an_amount_has_one_form(api, amount):
    body = is_problem(api.post("tasks", {**TASK, "amount": amount}), 400, "invalid_input")

    assert [error["pointer"] for error in body["errors"]] == ["/amount"]
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("title", value) for value in ("", "a" * 201, 5, None, ["a"])),
        *(("task_type", value) for value in ("FIXED", "gig", "", 1, None)),
        *(("due_at", value) for value in ("2030-01-01", "2030-01-01T00:00:00", "2030-13-01T00:00:00Z", 5)),
        *(("metadata", value) for value in ([], "a", None, {"a": "x" * 20_000})),
        *(("duration_seconds", value) for value in ("60", 60.0, True, 0, 2**31)),
        *((name, "x") for name in ("id", "status", "fee_bps", "platform_id", "paid_amount", "anything")),
    ],
)
def test_a_field_of_the_wrong_kind_or_unknown_is_named(api, field, value):
    body = is_problem(api.post("tasks", {**TASK, field: value}), 400, "invalid_input")

    assert [error["pointer"] for error in body["errors"]] == [f"/{field}"]


def test_a_field_deep_inside_is_pointed_at(api):
    steps = [{"title": "a", "amount": "1"}, {"title": "b", "amount": 2}]

    answer = api.post("tasks", {**TASK, "task_type": "milestone", "milestones": steps})

    body = is_problem(answer, 400, "invalid_input")
    assert [error["pointer"] for error in body["errors"]] == ["/milestones/1/amount"]


def test_another_content_type_method_or_address_is_a_problem_too(api):
    answer = api.client.post("/api/v1/tasks", "a=1", content_type="text/plain", headers=api.headers)
    is_problem(answer, 415, "unsupported_media_type")
    answer = api.client.get("/api/v1/tasks", headers={**api.headers, "Accept": "text/html"})
    is_problem(answer, 406, "not_acceptable")
    answer = api.client.patch("/api/v1/tasks", headers=api.headers)
    is_problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"
    is_problem(api.get("nowhere"), 404, "not_found")
    is_problem(api.get("tasks/no-id"), 404, "not_found")


# --- Idempotency keys ---------------------------------------------------------------------------------------


def test_a_request_that_moves_money_needs_a_key(api):
    task = api.post("tasks", TASK).json()

    is_problem(api.post(f"tasks/{task['id']}/cancel", key=""), 400, "idempotency_key_missing")
    for key in ("a b", "é", "x" * 256, "\x7f"):
        is_problem(api.post(f"tasks/{task['id']}/cancel", key=key), 400, "idempotency_key_invalid")
    assert Task.objects.get().status == "created"


def test_an_ill_formed_key_is_refused_before_anything_else_is_decided(platform):
    """The body, the row, and what this database may do come after the header."""
    callers = {
        "platformKey": Api.of(platform, scopes=scope_names()),
        "workerToken": Api.as_worker(WorkerFactory()),
    }
    checked = 0
    for operation in operations().values():
        if "Idempotency-Key" not in operation.parameters:
            continue
        numbered = operation.path.removeprefix("/api/v1/").replace("{number}", "1")
        path = re.sub(r"{[^}]*}", str(uuid.uuid4()), numbered)
        for caller in operation.callers:
            answer = callers[caller].send(operation.method, path, {}, key="a b")
            assert is_problem(answer, 400, "idempotency_key_invalid"), operation.name
            checked += 1
    assert checked > 40

    live = {"name": "live", "is_live": True}
    is_problem(callers["platformKey"].post("keys", live, key="a b"), 400, "idempotency_key_invalid")


def test_the_same_request_again_gets_the_same_answer_and_does_nothing(api):
    first = api.post("tasks", TASK, key="one")
    again = api.post("tasks", dict(reversed(TASK.items())), key="one")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert Task.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(api):
    api.post("tasks", TASK, key="one")

    is_problem(api.post("tasks", {**TASK, "amount": "13"}, key="one"), 422, "idempotency_mismatch")
    assert Task.objects.count() == 1


def test_keys_of_others_and_on_other_addresses_are_other_keys(api):
    other = Api.of(PlatformFactory())
    for one in (api, other):
        assert one.post("tasks", TASK, key="one").status_code == 201
    task = Task.objects.first()

    assert Task.objects.count() == 2
    assert other.post(f"tasks/{task.pk}/cancel", key="one").status_code in (200, 404)


def test_a_refused_request_may_come_again_under_its_key(platform, api):
    task, worker = TaskFactory(platform=platform, amount="990"), WorkerFactory()
    consent(platform, worker)
    ask = {"worker_id": str(worker.pk)}
    is_problem(api.post(f"tasks/{task.pk}/assign", ask, key="one"), 402, "insufficient_funds")

    fund(platform, "100")
    assert api.post(f"tasks/{task.pk}/assign", ask, key="one").status_code == 200


def test_answers_are_kept_for_a_week(api):
    api.post("tasks", TASK, key="one")
    made = AnsweredRequest.objects.get().created_at

    assert sweep_responses(now=made + timedelta(days=7)) == 0
    assert sweep_responses(now=made + timedelta(days=7, seconds=1)) == 1
    api.post("tasks", TASK, key="one")
    assert Task.objects.count() == 2


# --- Dry runs, pages, limits --------------------------------------------------------------------------------


def test_a_dry_run_answers_and_changes_nothing(platform, api):
    task, worker = TaskFactory(platform=platform), WorkerFactory()
    consent(platform, worker)

    answer = api.post(f"tasks/{task.pk}/assign?dry_run=true", {"worker_id": str(worker.pk)}, key="")

    assert answer.status_code == 200
    assert (answer.json()["dry_run"], answer.json()["answer"]["status"]) == (True, "assigned")
    assert Task.objects.get().status == "created"
    (posting,) = answer.json()["postings"]
    assert (posting["kind"], posting["amount"]) == ("hold", "10.200000")
    assert posting["debit"] == {"account": "available", "balance_after": "989.800000"}
    (event,) = answer.json()["events"]
    assert (event["type"], event["data"]["id"]) == ("task.assigned", str(task.pk))
    assert balance(platform, "escrow") == 0


def test_a_list_is_read_page_by_page(platform, api):
    made = [str(TaskFactory(platform=platform).pk) for _ in range(5)]
    seen, cursor = [], {}
    while True:
        answer = api.get("tasks", limit="2", **cursor).json()
        seen += [task["id"] for task in answer["items"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}

    assert sorted(seen) == sorted(made)
    assert len(seen) == 5


@pytest.mark.parametrize(
    "query",
    [
        *({"limit": text} for text in ("0", "101", "-1", "x", "1e2", "100000000000", "")),
        *({"cursor": text} for text in ("", "x", "WyJhIiwiYiJd:x:y")),
        *({"status": text} for text in ("gone", "")),
        *({"page": "1"}, {"created_from": "yesterday"}, {"worker_id": "7"}, {"dry_run": "true"}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(api, query):
    body = is_problem(api.get("tasks", **query), 400, "invalid_input")

    assert [error["pointer"] for error in body["errors"]] == [f"/{name}" for name in query]


def test_a_page_costs_the_same_statements_for_one_row_or_many(platform, api, django_assert_max_num_queries):
    for count in (1, 20):
        for _ in range(count):
            TaskFactory(platform=platform)
        api.get("tasks")
        with django_assert_max_num_queries(4):
            api.get("tasks")


def test_without_redis_requests_are_served(api, settings, caplog):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    assert api.get("tasks").status_code == 200
    assert "requests are not counted" in caplog.text
