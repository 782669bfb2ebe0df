"""Clusters as staff see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gigstream.core import sql
from reputation.models import Cluster, ClusterMember
from reputation.sybils.calculations import LINK_NEEDS, MOST_ACCOUNTS_OF_A_KEY, WEIGHTS
from reputation.sybils.enums import TieKind

# A picture of more accounts shows nothing; the list has all of them.
MOST_DRAWN = 60


@dataclass(frozen=True, slots=True)
class Link:
    """Two accounts and what they share, with its weight."""

    first: UUID
    second: UUID
    kinds: Sequence[TieKind]
    weight: Decimal

    @property
    def is_strong_enough(self) -> bool:
        return self.weight >= LINK_NEEDS

    @property
    def words(self) -> str:
        return ", ".join(str(kind.label) for kind in self.kinds)


def members_of(cluster: Cluster) -> list[ClusterMember]:
    """Return the oldest accounts of the cluster, as many as a picture shows."""
    members = ClusterMember.objects.filter(cluster=cluster).select_related("worker", "worker__clearing")
    return list(members.order_by("worker")[:MOST_DRAWN])


def links_among(worker_ids: Sequence[UUID]) -> list[Link]:
    """Return the pairs of these accounts that share something, by a single statement, the heaviest first."""
    rows = sql.run("reputation/sybils/links_among", workers=list(worker_ids), most=MOST_ACCOUNTS_OF_A_KEY)
    links = [_link_of(row["a"], row["b"], row["kinds"]) for row in rows]
    return sorted(links, key=lambda link: (-link.weight, link.first, link.second))


def _link_of(first: UUID, second: UUID, kinds: Sequence[str]) -> Link:
    shared = sorted((TieKind(kind) for kind in kinds), key=lambda kind: -WEIGHTS[kind])
    return Link(first, second, shared, sum((WEIGHTS[kind] for kind in shared), Decimal(0)))
