"""A platform's webhook over the API."""

import json
from datetime import timedelta

import pytest

from audit.models import AuditLog
from gigstream.api.models import AnsweredRequest
from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import Platform, PlatformEvent, WebhookEndpoint
from tests.support.api.client import Api, is_problem
from tests.support.factories import PlatformFactory

pytestmark = pytest.mark.django_db

URL = "https://hooks.example.com/gigstream"


def test_a_webhook_is_set_and_its_secret_is_shown_once(platform, api):
    answer = api.put("webhook", {"url": URL}, key="one")

    body = answer.json()
    assert answer.status_code == 200
    assert (body["url"], body["starts_after"], body["disabled_at"]) == (URL, 1, None)
    secret = body.pop("secret")
    assert secret == Platform.objects.get(pk=platform.pk).webhook_secret
    again = api.put("webhook", {"url": URL}, key="one")
    assert (again.json(), again["Idempotent-Replayed"]) == (body, "true")
    assert api.get("webhook").json() == body
    assert api.put("webhook", {"url": f"{URL}/2"}).json() == {**body, "url": f"{URL}/2"}
    stored = [*AnsweredRequest.objects.values_list("body", flat=True), *map(str, AuditLog.objects.values())]
    assert not any(secret in text for text in stored)


def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_day(platform, api):
    old = api.put("webhook", {"url": URL}).json()["secret"]

    body = api.post("webhook/rotate-secret", key="one").json()

    assert body.pop("secret") == Platform.objects.get(pk=platform.pk).webhook_secret != old
    endpoint = WebhookEndpoint.objects.get(platform=platform)
    assert endpoint.previous_secret == old
    left = endpoint.previous_secret_until - database_now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    assert api.post("webhook/rotate-secret", key="one").json() == body == api.get("webhook").json()
    assert WebhookEndpoint.objects.get(platform=platform).previous_secret == old


def test_a_test_event_is_recorded(platform, api):
    api.put("webhook", {"url": URL})

    answer = api.post("webhook/test")

    assert (answer.status_code, answer.json()) == (202, api.get("webhook").json())
    event = PlatformEvent.objects.get(platform=platform, type="webhook.ping")
    assert (event.request_id, event.sequence) == (answer["X-Request-Id"], 2)


def test_setting_it_again_switches_a_webhook_on_that_was_off(platform, api):
    api.put("webhook", {"url": URL})
    platforms.disable_webhook(platform_id=platform.pk)
    assert api.get("webhook").json()["disabled_at"] is not None
    is_problem(api.post("webhook/test"), 409, "webhook_disabled")

    assert api.put("webhook", {"url": URL}).json()["disabled_at"] is None
    assert api.post("webhook/test").status_code == 202


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example.com/", "https://hooks.example.com:8080/", "https://user@hooks.example.com/"),
        *(
            "https://10.0.0.1/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[fd00::1]/",
            "https://2130706433/",
        ),
        *("https://169.254.169.254/latest/", "https://localhost/", "https://intranet/", "ftp://example.com/"),
        *(
            "https://hooks.example.com\\@10.0.0.1/",
            "https://exämple.com/",
            "https:// hooks.example.com/",
            "x",
        ),
    ],
)
def test_a_url_that_nothing_is_sent_to_is_refused(settings, platform, api, url):
    settings.WEBHOOK_ALLOW_LOOPBACK = False

    is_problem(api.put("webhook", {"url": url}), 400, "invalid_webhook_url")

    assert Platform.objects.get(pk=platform.pk).webhook_url == ""
    is_problem(api.get("webhook"), 404, "not_found")


@pytest.mark.parametrize(
    "given",
    [{}, {"url": ""}, {"url": None}, {"url": 5}, {"url": "x" * 501}, {"url": URL, "secret": "whsec_"}],
)
def test_a_body_that_makes_no_sense_is_refused(api, given):
    is_problem(api.put("webhook", given), 400, "invalid_input")
    assert not WebhookEndpoint.objects.exists()


def test_without_a_webhook_there_is_nothing_to_show_or_to_act_on(api):
    other = PlatformFactory()
    platforms.set_webhook(platform_id=other.pk, url=URL)

    is_problem(api.get("webhook"), 404, "not_found")
    for act in ("rotate-secret", "test"):
        is_problem(api.post(f"webhook/{act}"), 409, "no_webhook")
        is_problem(api.post(f"webhook/{act}", {"url": URL}), 400, "invalid_input")
    is_problem(api.get("webhook", limit="1"), 400, "invalid_input")
    assert "whsec_" not in json.dumps(list(AnsweredRequest.objects.values_list("body", flat=True)))


def test_webhooks_need_the_scopes_of_events(platform):
    reader = Api.of(platform, scopes=["events:read"])
    platforms.set_webhook(platform_id=platform.pk, url=URL)

    assert reader.get("webhook").status_code == 200
    for answer in (
        reader.put("webhook", {"url": URL}),
        reader.post("webhook/rotate-secret"),
        reader.post("webhook/test"),
        Api.of(platform, scopes=["tasks:read"]).get("webhook"),
    ):
        is_problem(answer, 403, "insufficient_scope")
