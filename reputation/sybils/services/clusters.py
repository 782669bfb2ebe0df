"""Clusters: accounts that ties link, directly or by way of others, found by set-based rounds."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import delete_some, limit_minutes, try_lock
from gigstream.core.unit import in_unit
from reputation.models import Cluster, WorkerTie
from reputation.sybils.calculations import (
    FORGOTTEN_AFTER,
    LINK_NEEDS,
    MOST_ACCOUNTS_OF_A_KEY,
    MOST_ROUNDS,
    WEIGHTS,
    light_kinds,
)
from reputation.sybils.enums import TieKind

LIMIT_MINUTES = 10
logger = logging.getLogger(__name__)

# Tables of a run, which end with its transaction.
TABLES = (
    "CREATE TEMP TABLE sybil_links (a uuid, b uuid) ON COMMIT DROP",
    "CREATE TEMP TABLE sybil_labels (worker_id uuid, label int) ON COMMIT DROP",
    "CREATE TEMP TABLE sybil_edges (a int, b int) ON COMMIT DROP",
    "CREATE TEMP TABLE sybil_roots (label int, root int) ON COMMIT DROP",
)


def weights(register: Mapping[TieKind, Decimal] = WEIGHTS) -> dict[str, Any]:
    """Return the register of weights as columns."""
    kinds: Sequence[TieKind] = list(register)
    values: list[Decimal] = [register[kind] for kind in kinds]
    return {
        "kinds": [str(kind) for kind in kinds],
        "weights": values,
        "needs": LINK_NEEDS,
        "most": MOST_ACCOUNTS_OF_A_KEY,
    }


def write_links(register: Mapping[TieKind, Decimal] = WEIGHTS) -> None:
    """Write the pairs of accounts that are linked by these weights into the run's table of links."""
    light = light_kinds(register)
    sql.run(
        "reputation/sybils/find_links",
        **weights(register),
        light=[str(kind) for kind in light],
        light_weight=sum((register[kind] for kind in light), Decimal(0)),
    )


def find_clusters(*, now: datetime | None = None) -> int:
    """Find all clusters anew, and forget devices and network addresses that were not seen for 90 days; return
    the number of clusters. A second run at the same time leaves the work to the first."""
    at = now or database_now()
    fleeting = WorkerTie.objects.filter(kind__in=[TieKind.DEVICE, TieKind.NETWORK])
    delete_some(fleeting.filter(last_seen_at__lt=at - FORGOTTEN_AFTER))
    return _find_clusters(at)


@in_unit
def _find_clusters(now: datetime) -> int:
    if not try_lock("find_clusters"):
        return 0
    limit_minutes(LIMIT_MINUTES)
    for statement in TABLES:
        sql.rows(statement)
    write_links()
    sql.rows("ANALYZE sybil_links")
    # Labels in a random order: nobody can register accounts in an order that takes more rounds.
    sql.run("reputation/sybils/give_labels", salt=secrets.token_hex(8))
    sql.rows("ANALYZE sybil_labels")
    left = sql.run("reputation/sybils/make_edges")[0]["edges"]
    sql.rows("ANALYZE sybil_edges")
    rounds = 0
    while left and rounds < MOST_ROUNDS:
        left = _join_neighbours()
        rounds += 1
    if left:
        # Parts of a larger cluster stay clusters of their own.
        logger.warning("clusters of accounts are not joined after %s rounds: %s links left", rounds, left)
    sql.run("reputation/sybils/write_clusters", now=now)
    sql.run("reputation/sybils/drop_members")
    sql.run("reputation/sybils/drop_clusters")
    for table in ("sybil_links", "sybil_labels", "sybil_edges", "sybil_roots"):
        sql.rows(f"DROP TABLE {table}")
    return Cluster.objects.count()


def _join_neighbours() -> int:
    """Join each group of accounts with its neighbour of the smallest label; return the links left between
    groups."""
    sql.run("reputation/sybils/find_roots")
    sql.rows("ANALYZE sybil_roots")
    sql.run("reputation/sybils/relabel")
    return int(sql.run("reputation/sybils/contract_edges")[0]["edges"])
