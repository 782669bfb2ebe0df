"""A platform's keys over the API."""

import json
from datetime import timedelta

import pytest

from audit.models import AuditLog
from gigstream.api.models import AnsweredRequest
from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import ApiKey
from platforms.platforms.scopes import scope_names
from tests.support.api.client import Api, is_problem
from tests.support.factories import PlatformFactory

pytestmark = pytest.mark.django_db


def test_a_new_key_is_shown_once_and_works(platform, api):
    answer = api.post("keys", {"name": "reports", "scopes": ["money:read"]}, key="one")

    body = answer.json()
    assert (answer.status_code, body["scopes"], body["name"]) == (201, ["money:read"], "reports")
    assert Api(body["secret"]).get("balance").status_code == 200
    is_problem(Api(body["secret"]).get("tasks"), 403, "insufficient_scope")
    again = api.post("keys", {"name": "reports", "scopes": ["money:read"]}, key="one")
    assert again.json() == {name: value for name, value in body.items() if name != "secret"}
    assert ApiKey.objects.filter(name="reports").count() == 1
    secret = body["secret"].rsplit("_", 1)[-1]
    stored = [*AnsweredRequest.objects.values_list("body", flat=True), *map(str, AuditLog.objects.values())]
    assert not any(secret in text for text in stored)
    assert "secret" not in json.dumps(api.get("keys").json())


def test_without_an_idempotency_key_the_secret_is_shown_too(api):
    assert api.post("keys", {}, key="").json()["secret"].startswith("gs_test_")


def test_keys_are_listed_newest_first(platform, api):
    first = ApiKey.objects.get(platform=platform)
    made = api.post("keys", {"name": "second"}).json()
    PlatformFactory(funds="1")

    rows = api.get("keys").json()["items"]

    assert [row["prefix"] for row in rows] == [made["prefix"], first.prefix]
    page = api.get("keys", limit="1").json()
    rest = api.get("keys", limit="1", cursor=page["next"]).json()
    assert [row["prefix"] for row in rest["items"]] == [first.prefix]


def test_a_key_gives_no_more_than_it_has(platform):
    narrow = Api.of(platform, scopes=["keys:read", "keys:write"])
    wide = ApiKey.objects.create(platform=platform, prefix="wide0000", secret_hash="0" * 64)

    body = is_problem(narrow.post("keys", {"scopes": ["money:write"]}), 403, "scope_beyond_own")
    assert body["numbers"] == {"scopes": "money:write"}
    is_problem(narrow.post(f"keys/{wide.prefix}/rotate"), 403, "scope_beyond_own")
    assert narrow.post("keys", {}).json()["scopes"] == ["keys:read", "keys:write"]
    assert ApiKey.objects.get(pk=wide.pk).expires_at is None


def test_taking_money_out_is_in_no_key_that_does_not_name_it(platform, api):
    ordinary = sorted(set(scope_names()) - {"withdrawals:write"})
    whole = Api.of(platform, scopes=scope_names())

    made = whole.post("keys", {}).json()
    named = whole.post("keys", {"scopes": ["withdrawals:write"]}).json()

    assert sorted(made["scopes"]) == ordinary
    assert named["scopes"] == ["withdrawals:write"]
    assert sorted(api.post("keys", {}).json()["scopes"]) == ordinary
    body = is_problem(api.post("keys", {"scopes": ["withdrawals:write"]}), 403, "scope_beyond_own")
    assert body["numbers"] == {"scopes": "withdrawals:write"}
    is_problem(Api(made["secret"]).post("withdrawals", {"amount": "1"}), 403, "insufficient_scope")
    is_problem(Api(named["secret"]).post("withdrawals", {"amount": "1"}), 409, "no_withdrawal_address")


def test_a_rotated_key_keeps_the_named_scope(platform):
    whole = Api.of(platform, scopes=["keys:write", "withdrawals:write"])
    prefix = ApiKey.objects.get(platform=platform).prefix

    assert whole.post(f"keys/{prefix}/rotate").json()["scopes"] == ["keys:write", "withdrawals:write"]


def test_a_revoked_key_opens_nothing(platform, api):
    made = api.post("keys", {}).json()

    revoked = api.post(f"keys/{made['prefix']}/revoke").json()

    assert revoked["revoked_at"] is not None
    is_problem(Api(made["secret"]).get("tasks"), 401, "not_authenticated")
    assert api.post(f"keys/{made['prefix']}/revoke").json()["revoked_at"] == revoked["revoked_at"]
    is_problem(api.post(f"keys/{made['prefix']}/rotate"), 409, "key_ended")


def test_a_rotated_key_works_a_day_longer(platform, api):
    old = api.post("keys", {"scopes": ["tasks:read"]}).json()

    new = api.post(f"keys/{old['prefix']}/rotate").json()

    assert new["scopes"] == ["tasks:read"]
    assert Api(old["secret"]).get("tasks").status_code == Api(new["secret"]).get("tasks").status_code == 200
    end = ApiKey.objects.get(prefix=old["prefix"]).expires_at
    assert timedelta(hours=23, minutes=59) < end - database_now() <= timedelta(hours=24)


def test_a_key_ends_in_the_future(api):
    past = (database_now() - timedelta(seconds=1)).isoformat()

    is_problem(api.post("keys", {"expires_at": past}), 422, "invalid_expiry")
    later = (database_now() + timedelta(days=1)).isoformat()
    assert api.post("keys", {"expires_at": later}).status_code == 201


@pytest.mark.parametrize(
    "given", [{"scopes": []}, {"scopes": ["all"]}, {"scopes": "tasks:read"}, {"is_live": 1}, {"prefix": "x"}]
)
def test_a_key_that_makes_no_sense_is_refused(api, given):
    is_problem(api.post("keys", given), 400, "invalid_input")


def test_anothers_key_is_not_there(api):
    other, _ = platforms.create_api_key(platform_id=PlatformFactory().pk)

    for act in ("revoke", "rotate"):
        is_problem(api.post(f"keys/{other.prefix}/{act}"), 404, "not_found")
    is_problem(api.post("keys/nobody/revoke"), 404, "not_found")
    assert ApiKey.objects.get(pk=other.pk).revoked_at is None


def test_keys_have_scopes_of_their_own(platform):
    reader = Api.of(platform, scopes=["keys:read"])

    assert reader.get("keys").status_code == 200
    is_problem(reader.post("keys", {}), 403, "insufficient_scope")
    is_problem(Api.of(platform, scopes=["tasks:read"]).get("keys"), 403, "insufficient_scope")


def test_keys_cost_the_same_statements_for_one_or_many(platform, api, django_assert_num_queries):
    api.get("keys")
    for _ in range(2):
        with django_assert_num_queries(2):
            api.get("keys")
        for _ in range(5):
            platforms.create_api_key(platform_id=platform.pk)


def test_a_test_key_makes_no_live_key(api):
    before = ApiKey.objects.count()

    is_problem(api.post("keys", {"is_live": True}), 409, "key_kind_mismatch")

    assert ApiKey.objects.count() == before
    assert api.post("keys", {"is_live": False}).json()["secret"].startswith("gs_test_")


def test_a_key_revokes_only_what_can_do_no_more_than_itself(platform):
    narrow = Api.of(platform, scopes=["keys:read", "keys:write"])
    wide, _ = platforms.create_api_key(platform_id=platform.pk)
    equal, _ = platforms.create_api_key(platform_id=platform.pk, scopes=["keys:write"])

    is_problem(narrow.post(f"keys/{wide.prefix}/revoke"), 403, "scope_beyond_own")

    assert ApiKey.objects.get(pk=wide.pk).revoked_at is None
    assert narrow.post(f"keys/{equal.prefix}/revoke").json()["revoked_at"] is not None
