"""Every event that a platform may be told of is in the guide's table, with what it says."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings as project

from gigstream.lib.money import ZERO
from loans.receivers import TOLD_COLUMNS
from payments import payloads as of_payments
from payments import services as payments
from payments.models import Stream, Transaction
from payments.releases import PlatformReleases
from payments.selectors import PlatformPart
from platforms import payloads as of_platforms
from platforms import services as platforms
from platforms.enums import EventType
from platforms.models import Consent, Dispute, Event, Invitation, Task
from tests.factories import (
    NOW,
    assigned,
    fund,
    running_stream,
    seconds,
    settle,
    started,
    withdrawing_platform,
)

pytestmark = pytest.mark.django_db
GUIDE = (Path(project.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")
TABLE = GUIDE.partition("### Events and what they say")[2].partition("### ")[0]
OBJECTS = {
    name: set(re.findall(r"`(\w+)`", fields))
    for name, fields in re.findall(r"^\| (\w+) \| (`.+) \|$", TABLE, re.M)
}
EVENTS = re.findall(r"^\| `(\w+\.\w+)` \| .+? \| ([^|]+) \|$", TABLE, re.M)


def documented() -> dict[str, list[set[str]]]:
    """The fields of each type's data, or of each of the objects that it may be."""
    return {type_: [_fields(one) for one in data.split(" or ")] for type_, data in EVENTS}


def _fields(data: str) -> set[str]:
    words = [word.strip() for word in data.split(",")]
    whole = [OBJECTS[word] for word in words if not word.startswith("`")]
    return set().union(*whole) | {word.strip("`") for word in words if word.startswith("`")}


def test_every_type_is_in_the_table_once():
    assert sorted(type_ for type_, _ in EVENTS) == sorted(EventType.values)


def test_the_fields_of_each_object_are_those_that_events_have():
    task = of_platforms.of_task(Task(), EventType.TASK_UPDATED, {})
    releases = PlatformReleases(Task().pk, 0, 0, "[]")

    assert {
        "task": set(task),
        "dispute": set(of_platforms.of_dispute(Dispute())),
        "stream": set(of_payments.of_stream(Stream())),
        "releases": set(json.loads(of_payments.of_releases(releases, NOW))),
        "transaction": set(of_payments.of_transaction(Transaction())),
        "payout": set(of_payments.of_platform_payout(PlatformPart(Transaction(), Task().pk, ZERO, 1, []))),
        "invitation": set(of_platforms.of_invitation(Invitation())),
        "consent": set(of_platforms.of_consent(Consent())),
        "loan": set(TOLD_COLUMNS),
    } == OBJECTS


def test_events_say_what_the_table_says(settings):
    settings.BALANCE_LOW_THRESHOLD = "100"
    platform = withdrawing_platform("300")
    _work(platform)
    _stream(platform)
    _payout(platform)
    made = payments.request_withdrawal(platform_id=platform.pk, amount="1", now=NOW)
    payments.stop_withdrawal(transaction_id=made.pk, now=NOW)
    platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com/pay", now=NOW)
    platforms.send_test_event(platform_id=platform.pk, now=NOW)

    said, seen = documented(), set()
    for event in Event.objects.filter(platform=platform):
        assert set(event.payload) in said[event.type], event.type
        seen.add(event.type)
    assert set(EventType.values) - seen == {
        *("task.milestone_approved", "stream.completed"),
        *("transaction.failed", "worker.invitation_accepted"),
        *("withdrawal.sent", "withdrawal.confirmed", "withdrawal.failed"),
        *(type_ for type_ in EventType.values if type_.startswith("loan.")),
    }


def _work(platform):
    """Tasks that are given back, completed, rated, disputed and cancelled; and a worker who leaves."""
    back = assigned(platform=platform)
    worker = back.worker
    platforms.unassign_task(task_id=back.pk, now=NOW)
    platforms.assign_task(task_id=back.pk, worker_id=worker.pk, now=NOW)
    platforms.decline_task(task_id=back.pk, worker_id=worker.pk, now=NOW)
    done = started(worker, platform=platform)
    platforms.complete_task(task_id=done.pk, now=NOW)
    platforms.rate_worker(task_id=done.pk, rating=5, now=NOW)
    off = started(worker, platform=platform)
    platforms.dispute_task(task_id=off.pk, severity=1, reason="slow", now=NOW)
    platforms.resolve_dispute(task_id=off.pk, outcome="platform", worker_amount="0", now=NOW)
    platforms.cancel_task(task_id=assigned(worker, platform=platform).pk, now=NOW)
    platforms.leave_platform(worker_id=worker.pk, platform_id=platform.pk, now=NOW + seconds(1))


def _payout(platform):
    """A payout that reaches a worker's wallet."""
    payments.create_due_payouts(now=NOW + seconds(170))
    settle(NOW + seconds(170))


def _stream(platform):
    """A stream that is released, stopped, begun again and cancelled, and takes most of the money."""
    stream = running_stream(platform=platform, total="200")
    payments.release_due_streams(now=NOW + seconds(120))
    payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(130))
    payments.resume_stream(stream_id=stream.pk, now=NOW + seconds(140))
    fund(platform, "50", now=NOW)
    payments.top_up(stream_id=stream.pk, amount="5", now=NOW + seconds(150))
    payments.cancel_stream(stream_id=stream.pk, now=NOW + seconds(160))
