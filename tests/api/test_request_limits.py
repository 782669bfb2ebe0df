"""Requests a minute: of a key, of a platform, of a worker, of a network address."""

import threading

import pytest
from django.conf import settings as project

from audit.models import AuditLog
from gigstream.api.rate_limit import Bucket, count_request
from platforms import services as platforms
from platforms.platforms.errors import InvalidRequestLimit
from tests.support.api.client import Api, is_problem
from tests.support.factories import PlatformFactory, WorkerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_no_edge(monkeypatch):
    """All requests of a test in a single window, at any time of the day."""
    monkeypatch.setattr("gigstream.api.rate_limit.time.time", lambda: 1_800_000_000.0 + id(monkeypatch) * 60)


def statuses(api, count, path="balance"):
    return [api.get(path).status_code for _ in range(count)]


def test_the_limits_are_those_of_the_contract():
    names = ("REQUESTS", "PLATFORM_REQUESTS", "WORKER_REQUESTS", "ADDRESS_REQUESTS")

    assert [getattr(project, f"API_{name}_PER_MINUTE") for name in names] == [600, 1200, 100, 100]


@pytest.mark.usefixtures("at_no_edge")
def test_each_key_has_requests_of_its_own(platform, api, settings):
    """A nightly batch does not starve the live integration."""
    settings.API_REQUESTS_PER_MINUTE = 2
    other = Api.of(platform)

    answers = [api.get("balance") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    is_problem(answers[-1], 429, "rate_limited")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert answers[0]["RateLimit-Policy"] == '"key";q=2;w=60, "platform";q=1200;w=60'
    assert answers[0]["RateLimit"].startswith('"key";r=1;t=')
    assert statuses(other, 3) == [200, 200, 429]


@pytest.mark.usefixtures("at_no_edge")
def test_all_keys_of_a_platform_stand_under_one_ceiling(platform, api, settings):
    settings.API_PLATFORM_REQUESTS_PER_MINUTE = 3
    other = Api.of(platform)

    assert statuses(api, 2) + statuses(other, 2) == [200, 200, 200, 429]
    assert statuses(Api.of(PlatformFactory()), 1) == [200]


@pytest.mark.usefixtures("at_no_edge")
def test_what_one_key_is_refused_does_not_use_up_the_ceiling(platform, api, settings):
    settings.API_REQUESTS_PER_MINUTE, settings.API_PLATFORM_REQUESTS_PER_MINUTE = 2, 4

    assert statuses(api, 10) == [200, 200, *[429] * 8]
    assert statuses(Api.of(platform), 2) == [200, 200]


@pytest.mark.usefixtures("at_no_edge")
def test_staff_set_the_limits_of_one_platform(platform, api):
    platforms.set_request_limits(platform_id=platform.pk, per_key=1, together=2, reason="on trial")

    assert statuses(api, 2) == [200, 429]
    assert statuses(Api.of(platform), 1) + statuses(Api.of(platform), 1) == [200, 429]
    line = AuditLog.objects.get(action="platform.set_request_limits")
    assert (line.changes_before, line.changes_after) == (
        {"per_key": None, "together": None},
        {"per_key": 1, "together": 2},
    )
    platforms.set_request_limits(platform_id=platform.pk, per_key=None, together=None)
    assert statuses(api, 1) == [200]


@pytest.mark.parametrize("limit", [0, -1, 100_001])
def test_a_limit_is_from_1_to_100000(platform, limit):
    with pytest.raises(InvalidRequestLimit):
        platforms.set_request_limits(platform_id=platform.pk, per_key=limit, together=None)
    with pytest.raises(InvalidRequestLimit):
        platforms.set_request_limits(platform_id=platform.pk, per_key=None, together=limit)

    platform.refresh_from_db()
    assert (platform.key_requests_per_minute, platform.requests_per_minute) == (None, None)


@pytest.mark.usefixtures("at_no_edge")
def test_a_worker_has_requests_of_their_own(settings):
    settings.API_WORKER_REQUESTS_PER_MINUTE = 2
    me = Api.as_worker(WorkerFactory())

    answers = [me.get("me") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"worker";q=2;w=60'


@pytest.mark.usefixtures("at_no_edge")
def test_wrong_credentials_are_counted_by_the_address(settings):
    settings.API_ADDRESS_REQUESTS_PER_MINUTE = 2
    guesses = [Api(f"gs_test_nobody00000{number}_" + "x" * 43) for number in range(3)]

    answers = [guess.get("balance") for guess in guesses]

    assert [one.status_code for one in answers] == [401, 401, 429]
    assert answers[0]["RateLimit"].startswith('"address";r=1;t=')


@pytest.mark.usefixtures("at_no_edge")
def test_an_address_that_guesses_does_not_stop_good_keys_behind_it(api, settings):
    settings.API_ADDRESS_REQUESTS_PER_MINUTE = 1

    assert statuses(Api("gs_test_nobody000000_" + "x" * 43), 2) == [401, 429]
    assert statuses(api, 1) == [200]


@pytest.mark.usefixtures("at_no_edge")
def test_an_ipv6_64_is_one_address(client, settings):
    settings.API_ADDRESS_REQUESTS_PER_MINUTE = 2

    addresses = [f"2001:db8:7:7::{number}" for number in (1, 2, 3)]
    answers = [client.get("/api/v1/balance", REMOTE_ADDR=one).status_code for one in addresses]

    assert answers == [401, 401, 429]
    assert client.get("/api/v1/balance", REMOTE_ADDR="2001:db8:7:8::1").status_code == 401


@pytest.mark.usefixtures("at_no_edge")
def test_refusals_for_lack_of_a_scope_are_counted(platform, settings):
    settings.API_REQUESTS_PER_MINUTE = 1
    narrow = Api.of(platform, scopes=["tasks:read"])

    assert statuses(narrow, 2) == [403, 429]


def test_requests_at_once_are_each_counted_once():
    bucket = Bucket("key", f"race:{id(object())}", 50)
    let_through = []

    def ask():
        allowance = count_request(bucket)
        let_through.append(allowance is not None and not allowance.exceeded)

    threads = [threading.Thread(target=ask) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (let_through.count(True), let_through.count(False)) == (50, 10)
