"""A platform's events over the API: read in their order, and delivered again."""

import pytest

from platforms import services as platforms
from platforms.events.services import deliveries
from platforms.models import PlatformEvent, WebhookDelivery
from platforms.services import NewEvent, publish_events
from tests.support.api.client import Api, is_problem
from tests.support.factories import NOW, PlatformFactory, TaskFactory, seconds, started

pytestmark = pytest.mark.django_db

URL = "https://hooks.example.com/gigstream"


def numbers(answer):
    return [event["sequence"] for event in answer.json()["items"]]


def pings(platform, count):
    publish_events([NewEvent(platform.pk, "webhook.ping", "{}", NOW)] * count)


def test_an_event_is_shown_as_the_webhook_tells_it(platform, api):
    task = TaskFactory(platform=platform, now=NOW)
    event = PlatformEvent.objects.get(platform=platform, type="task.created")

    shown = api.get("events", after="1").json()

    assert shown == {
        "items": [
            {
                "id": str(event.pk),
                "sequence": 2,
                "type": "task.created",
                "timestamp": "2026-03-02T12:00:00Z",
                "data": event.payload,
                "delivery": None,
            }
        ],
        "next": None,
    }
    assert shown["items"][0]["data"]["id"] == str(task.pk)
    assert api.get(f"events/{event.pk}").json() == shown["items"][0]


def test_events_are_read_in_the_order_of_their_numbers_whatever_their_times(platform, api):
    for at in (NOW + seconds(60), NOW, NOW + seconds(30)):
        publish_events([NewEvent(platform.pk, "webhook.ping", "{}", at)])

    assert numbers(api.get("events")) == [1, 2, 3, 4]


def test_page_by_page_and_after_the_last_known_nothing_is_missed(platform, api):
    pings(platform, 6)
    seen, cursor = [], {}
    while cursor is not None:
        page = api.get("events", limit="3", after="1", **cursor)
        seen += numbers(page)
        # Rows that are added meanwhile come at the end.
        if len(seen) == 3:
            pings(platform, 1)
        cursor = {"cursor": page.json()["next"]} if page.json()["next"] else None

    assert seen == [2, 3, 4, 5, 6, 7, 8]
    assert numbers(api.get("events", after="8")) == []
    assert numbers(api.get("events", after=str(2**63 - 1))) == []


def test_events_are_narrowed_by_type(platform, api):
    started(platform=platform)

    assert numbers(api.get("events", type="task.assigned")) == [3]
    assert numbers(api.get("events", type="task.assigned", after="3")) == []
    assert numbers(api.get("events", type="balance.low")) == []


@pytest.mark.parametrize(
    "query",
    [
        *({"after": text} for text in ("-1", "", "x", "1.0", "01", "1e3", "٣", str(2**63), "9" * 30)),
        *({"type": text} for text in ("task", "TASK.CREATED", "loan.unheard_of", "")),
        *({"sequence": "1"}, {"status": "pending"}, {"cursor": "x"}, {"limit": "0"}, {"created_from": "now"}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(api, query):
    body = is_problem(api.get("events", **query), 400, "invalid_input")

    assert [error["pointer"] for error in body["errors"]] == [f"/{name}" for name in query]


def test_a_cursor_of_another_list_is_refused(platform, api):
    for _ in range(2):
        TaskFactory(platform=platform)
    cursors = {name: api.get(name, limit="1").json()["next"] for name in ("tasks", "events")}

    is_problem(api.get("events", cursor=cursors["tasks"]), 400, "invalid_input")
    is_problem(api.get("tasks", cursor=cursors["events"]), 400, "invalid_input")


def test_how_a_delivery_stands_is_shown(platform, api):
    platforms.set_webhook(platform_id=platform.pk, url=URL)
    pings(platform, 1)
    deliveries.queue_deliveries(now=NOW)

    (event,) = api.get("events", type="webhook.ping").json()["items"]

    assert event["delivery"] == {
        "status": "pending",
        "attempts": 0,
        "next_attempt_at": "2026-03-02T12:00:00Z",
        "last_attempt_at": None,
        "status_code": None,
        "error": None,
        "milliseconds": None,
        "ended_at": None,
    }


def test_an_event_is_delivered_once_more_under_its_id(platform, api):
    platforms.set_webhook(platform_id=platform.pk, url=URL)
    event = PlatformEvent.objects.get(platform=platform, sequence=1)

    first = api.post(f"events/{event.pk}/replay", key="one")
    again = api.post(f"events/{event.pk}/replay", key="one")

    assert (first.status_code, first.json()["id"], first.json()["delivery"]["status"]) == (
        202,
        str(event.pk),
        "pending",
    )
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert WebhookDelivery.objects.get(platform=platform).event_id == event.pk


def test_a_range_is_delivered_once_more(platform, api):
    platforms.set_webhook(platform_id=platform.pk, url=URL)
    pings(platform, 4)

    answer = api.post("events/replay", {"from_sequence": 2, "to_sequence": 9})

    assert (answer.status_code, answer.json()) == (202, {"count": 4})
    assert WebhookDelivery.objects.filter(status="pending").count() == 4
    for first, last in ((3, 2), (1, 10_001)):
        body = {"from_sequence": first, "to_sequence": last}
        is_problem(api.post("events/replay", body), 422, "invalid_event_range")
    for body in ({}, {"from_sequence": "1", "to_sequence": 2}, {"from_sequence": 0, "to_sequence": 1}):
        is_problem(api.post("events/replay", body), 400, "invalid_input")
    unknown = {"from_sequence": 1, "to_sequence": 1, "type": "webhook.ping"}
    is_problem(api.post("events/replay", unknown), 400, "invalid_input")


def test_a_replay_needs_a_webhook_that_is_on(platform, api):
    event = PlatformEvent.objects.get(platform=platform, sequence=1)
    is_problem(api.post(f"events/{event.pk}/replay"), 409, "no_webhook")
    platforms.set_webhook(platform_id=platform.pk, url=URL)
    platforms.disable_webhook(platform_id=platform.pk)

    is_problem(api.post(f"events/{event.pk}/replay"), 409, "webhook_disabled")
    is_problem(api.post("events/replay", {"from_sequence": 1, "to_sequence": 1}), 409, "webhook_disabled")
    is_problem(api.post(f"events/{event.pk}/replay", {"now": True}), 400, "invalid_input")
    assert not WebhookDelivery.objects.exists()


def test_anothers_events_are_not_there(platform, api):
    other = PlatformFactory(funds="1")
    platforms.set_webhook(platform_id=other.pk, url=URL)
    event = PlatformEvent.objects.get(platform=other)

    assert str(event.pk) not in api.get("events").content.decode()
    is_problem(api.get(f"events/{event.pk}"), 404, "not_found")
    is_problem(api.post(f"events/{event.pk}/replay"), 404, "not_found")
    assert not WebhookDelivery.objects.exists()


def test_events_have_scopes_of_their_own(platform):
    reader = Api.of(platform, scopes=["events:read"])
    event = PlatformEvent.objects.get(platform=platform)

    assert reader.get("events").status_code == reader.get(f"events/{event.pk}").status_code == 200
    is_problem(reader.post(f"events/{event.pk}/replay"), 403, "insufficient_scope")
    is_problem(
        reader.post("events/replay", {"from_sequence": 1, "to_sequence": 1}), 403, "insufficient_scope"
    )
    is_problem(Api.of(platform, scopes=["tasks:read"]).get("events"), 403, "insufficient_scope")


def test_events_cost_the_same_statements_for_one_or_many(platform, api, django_assert_num_queries):
    platforms.set_webhook(platform_id=platform.pk, url=URL)
    api.get("events")
    for _ in range(2):
        with django_assert_num_queries(2):
            api.get("events")
        pings(platform, 5)
        deliveries.queue_deliveries(now=NOW)
