"""Rewards of check-ins at a platform's webhook: one event for each reward, whose number and order agree."""

from collections import Counter
from itertools import pairwise

import pytest

from gigstream.core.clock import database_now
from gigstream.network import outbound
from platforms import services as platforms
from platforms.models import PlatformEvent, WebhookDelivery
from reputation.models import CheckIn, PointsBalance, PointsEntry, QuestEvent
from reputation.streaks.services import claim_check_in
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, consent
from tests.support.long_forms import count
from tests.support.rewards.check_ins import DAY, bonus_quest, daily_quest
from tests.support.servers.webhooks import Receiver

WORKERS, DAYS = count(short=2, long=12), 8


@pytest.mark.shortened
@pytest.mark.django_db(transaction=True)
def test_each_reward_arrives_once_in_order_and_the_counts_agree(settings, monkeypatch):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 5)
    platform = PlatformFactory()
    workers = WorkerFactory.create_batch(WORKERS)
    daily, bonus = daily_quest(platform=platform), bonus_quest(7, platform=platform)
    for worker in workers:
        consent(platform, worker, now=NOW)

    with Receiver() as receiver:
        platforms.set_webhook(platform_id=platform.pk, url=receiver.url("/ok"))
        before = PlatformEvent.objects.filter(platform=platform).count()
        for day in range(DAYS):
            for worker in workers:
                claim_check_in(worker_id=worker.pk, now=NOW + DAY * day)
                claim_check_in(worker_id=worker.pk, now=NOW + DAY * day)
        while platforms.deliver_webhooks(now=database_now()):
            pass

    rewards = WORKERS * (DAYS + 1)
    events = list(PlatformEvent.objects.filter(platform=platform).order_by("sequence"))[before:]
    assert [event.type for event in events] == ["quest.granted"] * rewards
    assert all(later.sequence == event.sequence + 1 for event, later in pairwise(events))
    assert Counter(event.payload["quest_id"] for event in events) == {
        str(daily.pk): WORKERS * DAYS,
        str(bonus.pk): WORKERS,
    }
    published = {event.payload["id"] for event in events}
    assert published == set(QuestEvent.objects.values_list("pk", flat=True))
    assert WebhookDelivery.objects.filter(platform=platform, status="delivered").count() == rewards
    assert CheckIn.objects.count() == WORKERS * DAYS
    assert PointsEntry.objects.count() == rewards
    assert {*PointsBalance.objects.values_list("balance", flat=True)} == {10 * DAYS + 50}
    assert violated() == {}
