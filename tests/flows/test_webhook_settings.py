"""Platforms' webhooks as they are set, switched off and on, replayed and deleted."""

import pytest

from audit.models import AuditLog
from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.events.errors import InvalidEventRange, InvalidWebhookUrl, NoWebhook, WebhookDisabled
from platforms.events.services import deliveries
from platforms.models import Platform, PlatformEvent, WebhookDelivery, WebhookEndpoint
from platforms.platforms.errors import PlatformDeleted
from tests.support.factories import PlatformFactory, TaskFactory, fund, started
from tests.support.webhooks import deliver, listening, ping

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("quick_deliveries", "books_balance_after_each"),
]


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", ""]
)
def test_a_forbidden_url_is_refused_and_nothing_is_set(settings, url):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    platform = PlatformFactory()

    with pytest.raises(InvalidWebhookUrl) as refusal:
        platforms.set_webhook(platform_id=platform.pk, url=url)

    assert (refusal.value.code, refusal.value.status) == ("invalid_webhook_url", 400)
    assert Platform.objects.get(pk=platform.pk).webhook_url == ""
    assert not WebhookEndpoint.objects.exists()


def test_another_url_keeps_the_secret_and_is_recorded_by_its_host(receiver):
    platform, secret = listening(receiver)
    _, again = platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com/a?token=s3cret")

    assert again is None
    assert Platform.objects.get(pk=platform.pk).webhook_secret == secret
    line = AuditLog.objects.filter(action="webhook.set").latest("id")
    assert line.changes_after == {"host": "hooks.example.com"}


def test_what_was_missed_while_switched_off_can_be_replayed(receiver):
    platform, secret = listening(receiver)
    platforms.disable_webhook(platform_id=platform.pk)
    with pytest.raises(WebhookDisabled):
        ping(platform)
    TaskFactory(platform=platform)
    assert deliver() == 0
    platforms.enable_webhook(platform_id=platform.pk)
    TaskFactory(platform=platform)
    assert deliver() == 1

    assert platforms.replay_events(platform_id=platform.pk, from_sequence=1, to_sequence=2) == 2
    assert deliver() == 2

    assert [one.verified(secret)["sequence"] for one in receiver.requests] == [2, 1, 2]
    assert receiver.requests[0].id == receiver.requests[2].id
    line = AuditLog.objects.filter(action="webhook.replay").latest("id")
    assert line.changes_after == {"count": 2}


@pytest.mark.parametrize("first, last", [(0, 1), (2, 1), (1, 10_001)])
def test_a_range_that_is_none_is_refused(receiver, first, last):
    platform, _ = listening(receiver)
    with pytest.raises(InvalidEventRange):
        platforms.replay_events(platform_id=platform.pk, from_sequence=first, to_sequence=last)


def test_an_event_of_another_platform_is_not_replayed(receiver):
    mine, _ = listening(receiver)
    other, _ = listening(receiver)
    ping(other)
    with pytest.raises(PlatformEvent.DoesNotExist):
        platforms.replay_event(platform_id=mine.pk, event_id=PlatformEvent.objects.get(platform=other).pk)


def test_without_a_webhook_there_is_nothing_to_act_on():
    platform = PlatformFactory()
    for act in (
        platforms.rotate_webhook_secret,
        platforms.disable_webhook,
        platforms.enable_webhook,
        platforms.send_test_event,
    ):
        with pytest.raises(NoWebhook):
            act(platform_id=platform.pk)
    with pytest.raises(NoWebhook):
        platforms.replay_events(platform_id=platform.pk, from_sequence=1, to_sequence=1)
    assert not PlatformEvent.objects.exists()


@pytest.mark.parametrize("with_money_history", [False, True])
def test_a_deleted_platform_has_no_webhook_any_more(receiver, with_money_history):
    platform, _ = listening(receiver)
    if with_money_history:
        fund(platform, "10.2")
        platforms.complete_task(task_id=started(platform=platform, amount="10").pk)
    ping(platform)
    platforms.rotate_webhook_secret(platform_id=platform.pk)
    deliveries.queue_deliveries(now=database_now())

    platforms.delete_platform(platform_id=platform.pk)

    assert deliver(after=60) == 0
    assert receiver.connections == 0
    assert Platform.objects.filter(pk=platform.pk).exists() == with_money_history
    assert PlatformEvent.objects.exists() == with_money_history
    assert not WebhookDelivery.objects.filter(status="pending").exists()
    if with_money_history:
        assert WebhookEndpoint.objects.get(platform=platform).previous_secret == ""
        with pytest.raises(PlatformDeleted):
            platforms.set_webhook(platform_id=platform.pk, url=receiver.url())
