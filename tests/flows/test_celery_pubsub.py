"""No Celery worker subscribes to anything: a subscription may wait for ever."""

import re
import time

import pytest
from django.conf import settings
from kombu import Connection

from gigstream import celery_app
from gigstream.management.commands import demo
from gigstream.processes.programs import WITHOUT_PUBSUB
from tests.support.servers.broker import use_broker
from tests.support.servers.processes import QUEUES, run_celery
from tests.support.servers.valkey import own_valkey

BARE = ("worker", "-P", "prefork", "--concurrency", "1", "-Q", QUEUES)


@pytest.mark.long_form
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("flags", [(), WITHOUT_PUBSUB], ids=["bare command", "documented command"])
def test_no_worker_subscribes_whatever_its_command_line(flags, tmp_path):
    log = tmp_path / "worker.log"
    before = celery_app.conf.broker_url
    with own_valkey() as valkey:
        use_broker(valkey.broker_url)
        try:
            with run_celery("tests.support.servers.celery_under_test", *BARE, *flags, log=log):
                deadline = time.monotonic() + 60
                redis = valkey.client()
                while not _waits_for_messages(redis):
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.1)
                assert redis.pubsub_channels() == []
                assert redis.pubsub_numpat() == 0
                assert [client for client in redis.client_list() if client["sub"] != "0"] == []
        finally:
            use_broker(before)


def _waits_for_messages(redis):
    return any(client["cmd"] == "brpop" for client in redis.client_list())


def test_every_command_line_of_a_worker_says_so_too():
    """In the documents, the units and the programs that the project itself starts."""
    root = settings.BASE_DIR
    found = {}
    for path in [root / "README.md", *(root / "docs").rglob("*.md"), *(root / "deploy").rglob("*")]:
        if path.is_file():
            for line in re.findall(r"celery -A gigstream worker[^`\n]*", path.read_text()):
                found[path.name, line] = line.split()
    for program in demo._demo_programs(8000, None):
        if "worker" in program.command:
            found["demo", program.name] = program.command
    assert {place for place, _ in found} >= {"README.md", "demo"}
    assert [place for place, line in found.items() if not set(WITHOUT_PUBSUB) <= set(line)] == []


def test_an_acknowledgement_that_does_not_reach_redis_gives_its_place_back():
    """A worker of a single place takes the next message although the first was acknowledged to a dead
    broker."""
    with own_valkey() as valkey, Connection(valkey.broker_url) as connection:
        channel = connection.default_channel
        channel.basic_qos(prefetch_count=1)
        with connection.SimpleQueue("places") as queue:
            queue.put("first")
            message = channel.basic_get("places")
            assert not channel.qos.can_consume()

            valkey.kill()
            with pytest.raises(connection.connection_errors):
                channel.basic_ack(message.delivery_tag)

            assert channel.qos.can_consume()
            valkey.start()
