"""The guide's table of events: every type that a platform may receive, with its fields."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings as project

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.core.money import ZERO
from loans.events.receivers import PUBLISHED_COLUMNS
from payments import services as payments
from payments.models import ChainOperation, Distribution, Stream, Transaction
from payments.oracle.payloads import of_operation
from payments.royalties import payloads as royalties_payloads
from payments.settlement.payouts import payloads as payouts_payloads
from payments.settlement.payouts.selectors import PlatformPart
from payments.settlement.transactions import payloads as transactions_payloads
from payments.streams import payloads as of_payments
from payments.streams.releases import PlatformReleases
from platforms import services as platforms
from platforms.catalogue import payloads as catalogue_payloads
from platforms.events import registry
from platforms.invitations import payloads as invitations_payloads
from platforms.models import (
    Consent,
    CreatorProfile,
    Dispute,
    Invitation,
    PlatformEvent,
    Task,
    UsageCorrection,
    UsageReceipt,
    Work,
)
from platforms.tasks import payloads as of_platforms
from platforms.usage import payloads as usage_payloads
from reputation.milestones.payloads import of_milestone
from reputation.models import CreatorMilestone, MilestoneRule, Quest, QuestEvent, Submission
from reputation.quests import payloads as of_quests
from reputation.quests import services as quests
from reputation.submissions.payloads import of_submission
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    NOW,
    WorkerFactory,
    assigned,
    fund,
    running_stream,
    seconds,
    settle,
    started,
    withdrawing_platform,
)
from tests.support.quests import claim, held_rewards, open_quest
from tests.support.subjects import gathered

pytestmark = pytest.mark.django_db
GUIDE = (Path(project.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")
TABLE = GUIDE.partition("### Events and what they say")[2].partition("### ")[0]
OBJECTS = {
    name: set(re.findall(r"`(\w+)`", fields))
    for name, fields in re.findall(r"^\| ([\w ]+) \| (`.+) \|$", TABLE, re.M)
}
EVENTS = re.findall(r"^\| `(\w+\.\w+)` \| .+? \| ([^|]+) \|$", TABLE, re.M)


def documented() -> dict[str, list[set[str]]]:
    """Return the fields of each type's data, or of each of the objects that it may be."""
    return {type_: [_fields(one) for one in data.split(" or ")] for type_, data in EVENTS}


def _fields(data: str) -> set[str]:
    words = [word.strip() for word in data.split(",")]
    whole = [OBJECTS[word] for word in words if not word.startswith("`")]
    return set().union(*whole) | {word.strip("`") for word in words if word.startswith("`")}


def test_the_table_describes_each_registered_type_once():
    assert sorted(EVENTS) == [(type_.name, type_.payload) for type_ in registry.registered_types()]


def test_the_fields_of_each_object_are_those_that_events_have():
    task = of_platforms.of_task(Task(), "task.updated", {})
    releases = PlatformReleases(Task().pk, 0, 0, "[]")

    assert {
        "task": set(task),
        "dispute": set(of_platforms.of_dispute(Dispute())),
        "stream": set(of_payments.of_stream(Stream())),
        "releases": set(json.loads(of_payments.of_releases(releases, NOW))),
        "chain operation": set(of_operation(ChainOperation(), fee=ZERO)),
        "transaction": set(transactions_payloads.of_transaction(Transaction())),
        "payout": set(
            payouts_payloads.of_platform_payout(PlatformPart(Transaction(), Task().pk, ZERO, 1, []))
        ),
        "invitation": set(invitations_payloads.of_invitation(Invitation())),
        "consent": set(invitations_payloads.of_consent(Consent())),
        "quest": set(of_quests.of_quest(Quest())),
        "quest event": set(of_quests.of_quest_event(QuestEvent())),
        "submission": set(of_submission(Submission())),
        "loan": set(PUBLISHED_COLUMNS),
        "creator": set(catalogue_payloads.of_creator(CreatorProfile())),
        "work": set(catalogue_payloads.of_work(Work())),
        "correction": set(usage_payloads.of_correction(UsageCorrection(receipt=UsageReceipt()))),
        "distribution": set(royalties_payloads.of_distribution(Distribution())),
        "milestone of a creator": set(of_milestone(CreatorMilestone(rule=MilestoneRule()))),
    } == OBJECTS


def test_events_say_what_the_table_says(settings):
    settings.BALANCE_LOW_THRESHOLD = "100"
    platform = withdrawing_platform("300")
    _work(platform)
    _stream(platform)
    _quests(platform)
    _payout(platform)
    made = payments.request_withdrawal(platform_id=platform.pk, amount="1", now=NOW)
    payments.stop_withdrawal(transaction_id=made.pk, now=NOW)
    platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com/pay", now=NOW)
    for happen in gathered("EVENTS"):
        happen(platform)
    platforms.send_test_event(platform_id=platform.pk, now=NOW)

    said, seen = documented(), set()
    for event in PlatformEvent.objects.filter(platform=platform):
        assert set(event.payload) in said[event.type], event.type
        seen.add(event.type)
    assert set(registry.type_names()) - seen == {
        *("task.milestone_approved", "stream.completed"),
        *("transaction.failed", "withdrawal.sent", "withdrawal.confirmed", "withdrawal.failed"),
        *(type_ for type_ in registry.type_names() if type_.startswith("loan.")),
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
    resolve_dispute(task_id=off.pk, outcome="platform", worker_amount="0", now=NOW)
    platforms.cancel_task(task_id=assigned(worker, platform=platform).pk, now=NOW)
    platforms.leave_platform(worker_id=worker.pk, platform_id=platform.pk, now=NOW + seconds(1))


def _quests(platform):
    """Let a quest be opened, exhausted by its rewards, refuse a held reward, and be closed."""
    fund(platform, "50", now=NOW)
    quest = open_quest(platform, budget="10", now=NOW)
    with held_rewards():
        held = claim(quest, WorkerFactory())
    claim(quest, WorkerFactory())
    with acting_as(ActorType.STAFF, "4"):
        quests.keep_held(event_id=held.event_id, reason="one person", now=NOW)
    quests.close_quest(quest_id=quest.pk, now=NOW)


def _payout(platform):
    """Make a payout that reaches a worker's wallet."""
    payments.create_due_payouts(now=NOW + seconds(170))
    settle(NOW + seconds(170))


def _stream(platform):
    """Make a stream that is released, stopped, begun again and cancelled, and takes most of the money."""
    stream = running_stream(platform=platform, total="200")
    payments.release_due_streams(now=NOW + seconds(120))
    payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(130))
    payments.resume_stream(stream_id=stream.pk, now=NOW + seconds(140))
    fund(platform, "50", now=NOW)
    payments.top_up_stream(stream_id=stream.pk, amount="5", now=NOW + seconds(150))
    payments.cancel_stream(stream_id=stream.pk, now=NOW + seconds(160))
