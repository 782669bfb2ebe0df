"""A run that finds the clusters of linked accounts, as the job makes it."""

import time
from typing import Any

from reputation.models import ClusterMember, WorkerTie
from reputation.sybils.services import find_clusters


def find() -> dict[str, Any]:
    """Find all clusters; return the seconds that it took, and the numbers of ties, clusters and accounts."""
    began = time.monotonic()
    clusters = find_clusters()
    return {
        "seconds": time.monotonic() - began,
        "ties": WorkerTie.objects.count(),
        "clusters": clusters,
        "accounts": ClusterMember.objects.count(),
    }


COMMANDS = {"find": find}
