"""Findings of staff that linked accounts are of different people."""

from datetime import datetime
from uuid import UUID

from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.context import current_actor
from audit.log.reasons import require_reason
from audit.log.services import verb
from gigstream.core.clock import database_now
from reputation.models import Clearing, Cluster, ClusterMember
from reputation.sybils.errors import ClusterGone
from reputation.sybils.vocabulary import CLEARING, DIFFERENT_PEOPLE, ENDED


@verb("cluster.clear", "cluster")
def clear_cluster(*, cluster_id: UUID, reason: str, now: datetime | None = None) -> Cluster:
    """Find the accounts of a cluster to be different people: their rewards are whole from now on, as long as
    no more accounts are linked with them. Raises ClusterGone or ReasonMissing."""
    now = now or database_now()
    reason = require_reason(reason)
    cluster = Cluster.objects.locked().filter(pk=cluster_id).first()
    if cluster is None:
        raise ClusterGone(f"no accounts are linked as cluster {cluster_id} any more")
    members = list(ClusterMember.objects.filter(cluster=cluster).order_by("worker").select_related("worker"))
    Clearing.objects.bulk_create(
        [
            Clearing(
                worker=member.worker,
                accounts=cluster.accounts,
                reason=reason,
                decided_by=str(current_actor()),
                created_at=now,
            )
            for member in members
        ],
        update_conflicts=True,
        unique_fields=["worker"],
        update_fields=["accounts", "reason", "decided_by", "created_at"],
    )
    sentence = f"{cluster.accounts} linked accounts were found to be of different people."
    decide(
        CLEARING, *(_case(member, cluster, DIFFERENT_PEOPLE, sentence, reason) for member in members), now=now
    )
    audit.record("cluster.clear", cluster, after={"accounts": cluster.accounts}, now=now)
    return cluster


@verb("cluster.end_clearing", "cluster")
def end_clearing(*, cluster_id: UUID, reason: str, now: datetime | None = None) -> Cluster:
    """Take the accounts of a cluster no longer for different people. Raises ClusterGone or ReasonMissing."""
    now = now or database_now()
    reason = require_reason(reason)
    cluster = Cluster.objects.locked().filter(pk=cluster_id).first()
    if cluster is None:
        raise ClusterGone(f"no accounts are linked as cluster {cluster_id} any more")
    cleared = ClusterMember.objects.filter(cluster=cluster, worker__clearing__isnull=False)
    members = list(cleared.order_by("worker").select_related("worker"))
    Clearing.objects.filter(worker__in=[member.worker_id for member in members]).delete()
    sentence = "The linked accounts are no longer taken for different people."
    decide(CLEARING, *(_case(member, cluster, ENDED, sentence, reason) for member in members), now=now)
    audit.record("cluster.end_clearing", cluster, after={"accounts": len(members)}, now=now)
    return cluster


def _case(member: ClusterMember, cluster: Cluster, outcome: str, sentence: str, reason: str) -> Case:
    return Case(
        subject=member.worker,
        worker_id=member.worker_id,
        outcome=outcome,
        inputs={"accounts": cluster.accounts},
        sentence=sentence,
        reason=reason,
    )
