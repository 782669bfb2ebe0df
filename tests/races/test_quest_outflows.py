"""Claims that meet on a quest's hour and on a worker's day: the bounds are exact."""

from collections import Counter
from functools import partial

import pytest

from reputation.models import Cluster, QuestEvent, QuestOutflow, WorkerOutflow
from reputation.quests import services as quests
from reputation.sybils import services as sybils
from reputation.sybils.enums import TieKind
from reputation.sybils.services import Tie
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance
from tests.support.quests import claim, open_quest

pytestmark = pytest.mark.django_db(transaction=True)


def grant_all():
    while QuestEvent.objects.due(NOW).exists():
        quests.grant_quest_events(now=NOW)


def test_a_quest_grants_exactly_its_limit_in_an_hour(at_once):
    quest = open_quest(reward_amount="1")
    quests.set_outflow_limit(quest_id=quest.pk, limit="7", reason="new", now=NOW)
    crowd = [WorkerFactory() for _ in range(16)]

    _, refusals = at_once(*[partial(claim, quest, worker) for worker in crowd])
    grant_all()

    assert refusals == []
    assert Counter(QuestEvent.objects.values_list("status", flat=True)) == {"granted": 7, "received": 9}
    assert (QuestOutflow.objects.get().granted, QuestOutflow.objects.get().events) == (7, 7)
    assert sum(balance(worker, "available") for worker in crowd) == 7
    assert violated() == {}


def test_a_worker_gets_exactly_the_limit_of_a_day_from_quests_at_once(at_once, settings):
    settings.QUEST_OUTFLOW_OF_A_DAY = "15"
    platform, worker = PlatformFactory(funds="1000"), WorkerFactory()
    offers = [open_quest(platform) for _ in range(8)]

    _, refusals = at_once(*[partial(claim, quest, worker) for quest in offers])
    grant_all()

    assert refusals == []
    assert Counter(QuestEvent.objects.values_list("status", flat=True)) == {"granted": 3, "received": 5}
    assert WorkerOutflow.objects.get().granted == 15
    assert balance(worker, "available") == 15
    assert violated() == {}


def test_two_runs_and_new_ties_leave_one_set_of_clusters(at_once):
    crowd = [WorkerFactory() for _ in range(6)]
    pairs = [(crowd[number], crowd[number + 1]) for number in range(5)]

    def tie(number):
        sybils.note_ties([Tie(one.pk, TieKind.SOCIAL, str(number)) for one in pairs[number]], now=NOW)

    at_once(*[partial(tie, number) for number in range(5)], *[partial(sybils.find_clusters, now=NOW)] * 3)
    sybils.find_clusters(now=NOW)

    assert Cluster.objects.get().accounts == 6
    assert violated() == {}
