"""Events published for a platform at the same time: the numbers stay whole and visible in their order."""

import random
from functools import partial
from threading import Event as Flag
from threading import Thread

import pytest
from django.db import connection, transaction

from gigstream.core.unit import in_unit
from platforms import services as platforms
from platforms.models import EventCounter, PlatformEvent
from platforms.services import NewEvent, publish_events
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, started

pytestmark = pytest.mark.django_db(transaction=True)


class Off(Exception):
    """The act is taken back."""


@in_unit
def tell(platforms_told, off):
    """Taken back before any number was taken."""
    publish_events(NewEvent(platform.pk, "webhook.ping", "{}", NOW) for platform in platforms_told)
    if off:
        raise Off


def tell_and_roll_back(platforms_told):
    """Taken back after the numbers were taken."""
    with transaction.atomic():
        publish_events(NewEvent(platform.pk, "webhook.ping", "{}", NOW) for platform in platforms_told)
        raise Off


def test_numbers_have_no_gap_under_eight_threads_of_which_some_take_back(at_once, books_balance):
    parties = [PlatformFactory() for _ in range(3)]
    counts = {platform.pk: 0 for platform in parties}

    def many(seed):
        own = random.Random(seed)
        done = []
        for _ in range(40):
            chosen = own.choices(parties, k=own.randint(1, 6))
            act = own.choice([partial(tell, off=False), partial(tell, off=True), tell_and_roll_back])
            try:
                act(chosen)
                done += [platform.pk for platform in chosen]
            except Off:
                pass
        return done

    results, _ = at_once(*[partial(many, seed) for seed in range(8)])

    for platform_id in [one for done in results for one in done]:
        counts[platform_id] += 1
    for platform_id, count in counts.items():
        numbers = PlatformEvent.objects.filter(platform=platform_id).order_by("sequence")
        assert list(numbers.values_list("sequence", flat=True)) == list(range(1, count + 1))
        assert EventCounter.objects.get(platform=platform_id).last_sequence == count
    books_balance()


def test_a_reader_never_sees_a_number_before_all_that_are_lower():
    platform = PlatformFactory()
    stop, holes = Flag(), []

    def read():
        while not stop.is_set():
            numbers = list(PlatformEvent.objects.filter(platform=platform).values_list("sequence", flat=True))
            if len(numbers) != max(numbers, default=0):
                holes.append(numbers)
        connection.close()

    def write():
        for _ in range(60):
            tell([platform], off=False)
        connection.close()

    reader = Thread(target=read)
    writers = [Thread(target=write) for _ in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()

    assert holes == []
    assert PlatformEvent.objects.filter(platform=platform).count() == 240


@pytest.mark.long_form
def test_acts_that_meet_on_two_platforms_do_not_wait_for_each_other_in_a_circle(at_once, books_balance):
    """A completion is published to all platforms of its worker: counters are taken in the same order,
    after every lock."""
    workers = [WorkerFactory() for _ in range(2)]
    parties = [PlatformFactory(funds="10000") for _ in range(2)]
    tasks = [
        started(worker, platform=platform) for _ in range(6) for worker in workers for platform in parties
    ]

    done, refusals = at_once(*[partial(platforms.complete_task, task_id=task.pk) for task in tasks])

    assert (len(done), refusals) == (24, [])
    books_balance()
