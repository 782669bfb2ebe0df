"""Sybils: ties of accounts, the clusters that follow, and their effect on rewards."""

from reputation.sybils.services.assessing import assess_events
from reputation.sybils.services.clearings import clear_cluster, end_clearing
from reputation.sybils.services.clusters import find_clusters
from reputation.sybils.services.erasing import erase_traces
from reputation.sybils.services.ties import Tie, note_ties

__all__ = [
    "Tie",
    "assess_events",
    "clear_cluster",
    "end_clearing",
    "erase_traces",
    "find_clusters",
    "note_ties",
]
