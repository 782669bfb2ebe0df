"""Accounts that seem to be of one person: ties, clusters, and what staff find."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.core.ids import new_id
from reputation.models import Clearing, Cluster, ClusterMember, QuestEvent, WorkerTie
from reputation.sybils import services as sybils
from reputation.sybils.enums import TieKind
from reputation.sybils.services import Tie
from tests.support.database import valid_rows
from tests.support.database.breaks import breaks, run
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import WorkerFactory
from tests.support.quests import claim, event_of, open_quest
from workers.models import Worker

ROWS = {
    WorkerTie: lambda: {
        "worker": WorkerFactory.create(),
        "kind": "device",
        "key_hash": f"{new_id().int:064x}",
        "first_seen_at": AT,
        "last_seen_at": AT,
    },
    Cluster: lambda: {"id": new_id(), "accounts": 2, "found_at": AT, "seen_at": AT},
    ClusterMember: lambda: {
        "cluster": valid_rows.insert(valid_rows.valid(Cluster)),
        "worker": WorkerFactory.create(),
    },
    Clearing: lambda: {
        "worker": WorkerFactory.create(),
        "accounts": 2,
        "reason": "two sisters",
        "decided_by": "staff:4",
        "created_at": AT,
    },
}
_EARLIER = AT - timedelta(microseconds=1)
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("tie_kind_known", WorkerTie, {"kind": "surname"}),
    ("tie_hash_is_sha256", WorkerTie, {"key_hash": "g" * 64}),
    ("tie_last_seen_after_first", WorkerTie, {"last_seen_at": _EARLIER}),
    ("cluster_of_two_or_more", Cluster, {"accounts": 1}),
    ("cluster_seen_after_it_was_found", Cluster, {"seen_at": _EARLIER}),
    ("clearing_of_two_or_more", Clearing, {"accounts": 1}),
    ("clearing_by_a_person_with_a_reason", Clearing, {"reason": ""}),
    ("clearing_by_a_person_with_a_reason", Clearing, {"decided_by": "system"}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("tie_once_per_worker", WorkerTie, ("worker", "kind", "key_hash"), {}),
]


def _live_as_a_ring(h: History) -> None:
    """Link three accounts; one gets a part of the points, then staff find that they are different people."""
    ring: list[Worker] = [WorkerFactory.create(now=h.later()) for _ in range(3)]
    for kind in (TieKind.DEVICE, TieKind.NETWORK):
        sybils.note_ties([Tie(worker.pk, kind, "shared") for worker in ring], now=h.later())
    quest = open_quest(house=True, budget=None, reward_kind="points", reward_amount=25, now=h.later())
    event: QuestEvent = event_of(claim(quest, ring[0], now=h.later()))
    if event.factor != Decimal("0.5"):
        raise AssertionError(f"the points are not reduced, but by {event.factor}")
    sybils.find_clusters(now=h.later())
    with acting_as(ActorType.STAFF, "4"):
        cluster = Cluster.objects.get()
        sybils.clear_cluster(cluster_id=cluster.pk, reason="three sisters", now=h.later())


HISTORIES = [_live_as_a_ring]


@breaks("cluster_is_its_accounts")
def an_account_that_is_not_counted(h: History) -> None:
    run("UPDATE sybil_clusters SET accounts = accounts + 1")


@breaks("ties_end_with_the_account")
def a_tie_of_a_worker_who_has_left(h: History) -> None:
    worker = valid_rows.insert(valid_rows.valid(Worker, deleted_at=AT))
    valid_rows.insert(valid_rows.valid(WorkerTie, worker=worker))
