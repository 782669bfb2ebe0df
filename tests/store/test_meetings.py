"""Reports that go on while a store of raw events is filled and taken over: none is missed."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection

from platforms import services as platforms
from platforms.models import UsageEvent
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.selectors import present_mode
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import accepted, event, void
from tests.support.factories import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.shortened]
REPORTERS = 3


@pytest.fixture
def reporters():
    """Platforms that report, void and report until the block ends."""
    songs = [work(creator()) for _ in range(REPORTERS)]
    over, failures = threading.Event(), []

    def go_on(song):
        at = NOW
        try:
            while not over.is_set():
                at += timedelta(milliseconds=1)
                refs = accepted(song.platform, *(event(song, at=NOW) for _ in range(20)), now=at)
                void(song.platform, *refs[:3], now=at)
        except Exception as error:  # noqa: BLE001 - what happened in a thread is seen by the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=go_on, args=[song]) for song in songs]
    for thread in threads:
        thread.start()
    yield failures
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []


def let_reports_come(failures, more=200):
    """Return once so many more events are on record."""
    enough, patience = UsageEvent.objects.count() + more, time.monotonic() + 60
    while UsageEvent.objects.count() < enough:
        assert failures == []
        assert time.monotonic() < patience


def test_no_report_is_missed_while_the_store_is_filled_and_taken_over(clickhouse, reporters):
    let_reports_come(reporters)
    platforms.switch_usage_store(mode=StoreMode.SHADOW, reason="a trial", now=NOW)
    let_reports_come(reporters)
    platforms.copy_usage()
    survey, differences = platforms.compare_stores()
    assert differences == []
    assert survey.events >= 400

    platforms.switch_usage_store(mode=StoreMode.CLICKHOUSE, reason="too many for one", now=NOW)

    assert present_mode() == StoreMode.CLICKHOUSE
    let_reports_come(reporters)
    _, differences = platforms.compare_stores()
    assert differences == []
