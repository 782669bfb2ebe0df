"""Events of quests whose grant raises an error: each waits alone, on record, and all others are granted."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.urls import reverse

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.log.errors import ReasonMissing
from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.metrics.figures import FIGURES
from reputation.models import PointsEntry, QuestEvent
from reputation.quests import services as quests
from reputation.quests.errors import EventNotDeferred
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance
from tests.support.pages.admin import act, member
from tests.support.quests import event_of, failing_grants, open_quest, wait_for_grant

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def crowd(count):
    return [WorkerFactory() for _ in range(count)]


def fresh(event):
    return QuestEvent.objects.get(pk=event.pk)


def test_one_event_that_fails_stops_no_other(caplog):
    platform, workers = PlatformFactory(funds="1000"), crowd(9)
    events = []
    for given in ({"platform": platform}, {"house": True, "reward_kind": "points", "budget": None}):
        events += wait_for_grant(open_quest(**given), *workers)
    bad = workers[4]

    with failing_grants(bad):
        assert quests.grant_quest_events(now=NOW) == 16

    left = QuestEvent.objects.waiting()
    assert {(event.worker_id, event.code, event.waits_until) for event in left} == {
        (bad.pk, "grant_failed", NOW + MINUTE)
    }
    assert [balance(worker, "available") for worker in workers] == [5, 5, 5, 5, 0, 5, 5, 5, 5]
    assert PointsEntry.objects.count() == 8
    assert f"event {left[0].pk} waits until" in caplog.text
    assert "a rule with a fault" in caplog.text
    lines = AuditLog.objects.filter(action="quest_event.defer").order_by("pk")
    assert [(line.resource_id, line.metadata) for line in lines] == [
        (str(event.pk), {"error": "ZeroDivisionError", "failures": 1}) for event in left.order_by("pk")
    ]
    assert violated() == {}


def test_it_is_tried_again_at_growing_intervals_until_the_cause_is_mended():
    (event,) = wait_for_grant(open_quest(), *crowd(1))
    at, waited = NOW, []

    with failing_grants(event.worker):
        for _ in range(8):
            assert quests.grant_quest_events(now=at) == 0
            assert quests.grant_quest_events(now=at) == 0
            row = fresh(event)
            waited.append((row.numbers["failures"], (row.waits_until - at) // MINUTE))
            at = row.waits_until

    assert waited == [("1", 1), ("2", 2), ("3", 4), ("4", 8), ("5", 16), ("6", 32), ("7", 60), ("8", 60)]
    assert row.message == (
        "the reward could not be granted, which is our fault and not yours: it is tried again from"
        f" {at:%Y-%m-%d %H:%M} UTC on"
    )
    assert AuditLog.objects.filter(action="quest_event.defer").count() == 1
    assert quests.grant_quest_events(now=at) == 1
    row = fresh(event)
    assert (row.status, row.code, row.message, row.numbers) == ("granted", "", "", {})
    assert balance(event.worker, "available") == 5
    assert violated() == {}


def test_an_error_of_the_database_is_found_in_the_same_way():
    workers = crowd(5)
    quest = open_quest(house=True, reward_kind="points", budget=None)
    wait_for_grant(quest, *workers)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF NEW.worker_id = '{workers[0].pk}' THEN RAISE 'no entry'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER refuse_entry BEFORE INSERT ON points_entries"
            " FOR EACH ROW EXECUTE FUNCTION refuse_entry()"
        )

    assert quests.grant_quest_events(now=NOW) == 4

    assert QuestEvent.objects.deferred().get().worker_id == workers[0].pk
    assert set(PointsEntry.objects.values_list("worker", flat=True)) == {one.pk for one in workers[1:]}


def test_a_lost_connection_is_no_fault_of_an_event():
    (event,) = wait_for_grant(open_quest(), *crowd(1))

    with (
        failing_grants(event.worker, error=OperationalError("the connection is closed")),
        pytest.raises(OperationalError),
    ):
        quests.grant_quest_events(now=NOW)

    assert (fresh(event).code, fresh(event).waits_until) == ("", None)


def test_staff_find_it_in_their_queue_and_have_it_tried_again():
    (event,) = wait_for_grant(open_quest(), *crowd(1))
    with failing_grants(event.worker):
        quests.grant_quest_events()
    assert fresh(event).waits_until > database_now()
    client = member("root").client

    page = client.get(reverse("console:queue", args=["rewards"])).content.decode()
    assert "which is our fault and not yours" in page
    act(client, "try_again", fresh(event), reason="the rule is mended")

    assert quests.grant_quest_events() == 1
    assert event_of(quests.FactResult(event.pk, "")).status == "granted"
    assert AuditLog.objects.get(action="quest_event.try_again").metadata == {"reason": "the rule is mended"}


def test_a_grant_that_has_not_failed_is_not_tried_again():
    (event,) = wait_for_grant(open_quest(), *crowd(1))

    with acting_as(ActorType.STAFF, "4"):
        with pytest.raises(EventNotDeferred):
            quests.try_grant_again(event_id=event.pk, reason="hurry", now=NOW)
        with failing_grants(event.worker):
            quests.grant_quest_events(now=NOW)
        with pytest.raises(ReasonMissing):
            quests.try_grant_again(event_id=event.pk, reason=" ", now=NOW)

    assert fresh(event).waits_until == NOW + MINUTE


def test_the_figures_have_what_waits_what_fails_and_what_is_held():
    (figures,) = [one for one in FIGURES if one.name == "quests"]
    (good, bad) = wait_for_grant(open_quest(), *crowd(2))

    def read():
        return {gauge.name.removeprefix("gigstream_"): gauge.samples[0].value for gauge in figures.read()}

    before = read()
    with failing_grants(bad.worker):
        quests.grant_quest_events(now=NOW)

    assert (before["quest_events_due"], before["quest_events_failing"]) == (2, 0)
    assert before["quest_events_oldest_seconds"] > 0
    assert read() == {
        # It is due again after a minute, which is long ago.
        "quest_events_due": 1,
        "quest_events_oldest_seconds": pytest.approx(before["quest_events_oldest_seconds"], abs=60),
        "quest_events_failing": 1,
        "quest_rewards_held": 0,
    }
    assert fresh(good).status == "granted"
