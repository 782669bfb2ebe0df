"""Erasure of what ties a worker who leaves to others."""

from datetime import datetime

from gigstream.core import sql
from gigstream.core.unit import in_unit
from reputation.models import Clearing, WorkerTie
from reputation.quests.services.facts import erase_facts
from reputation.scores.services import allow_erasing
from workers.models import Worker


@in_unit
def erase_traces(*, worker: Worker, now: datetime) -> None:
    """Delete the ties of a worker who leaves, their place in a cluster, what staff found about them, and the
    evidence on their events, and the facts of these but for a keyed hash. Ids, amounts and decisions stay."""
    WorkerTie.objects.filter(worker=worker).delete()
    Clearing.objects.filter(worker=worker).delete()
    sql.run("reputation/sybils/leave_cluster", worker=worker.pk)
    allow_erasing(worker)
    sql.run("reputation/sybils/erase_evidence", worker=worker.pk)
    erase_facts(worker.pk)
