"""The receiver that developers run beside the demo."""

import subprocess
import sys

import pytest
import urllib3
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from platforms import services as platforms
from tests.support.factories import PlatformFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    platform = PlatformFactory()
    _, secret = platforms.set_webhook(platform_id=platform.pk, url="http://127.0.0.1:9000/")
    command = [sys.executable, "manage.py", "receive_webhooks", "--port", "0", "--secret", secret]
    process = subprocess.Popen(command, cwd=django_settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().split()[-1]
    platforms.set_webhook(platform_id=platform.pk, url=url)
    yield process, platform, url
    process.terminate()
    process.wait(timeout=30)


def test_an_event_is_verified_and_printed(receiver):
    process, platform, _ = receiver
    platforms.send_test_event(platform_id=platform.pk)

    assert platforms.deliver_webhooks() == 1

    assert process.stdout.readline().startswith("1 webhook.ping {")


def test_what_the_secret_has_not_signed_is_refused(receiver):
    process, _, url = receiver
    answer = urllib3.request("POST", url, body=b"{}", timeout=10)

    assert answer.status == 401
    assert process.stdout.readline().startswith("refused: ")


def test_a_secret_of_another_kind_is_refused():
    with pytest.raises(CommandError, match="whsec_"):
        call_command("receive_webhooks", secret="é")
