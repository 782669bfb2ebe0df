"""Linked accounts for staff: a picture of each cluster, what ties its accounts, and what is decided there."""

from collections.abc import Sequence

from django.contrib import admin
from django.utils.html import format_html

from gigstream.adminkit import (
    EMPTY,
    Drawing,
    Figures,
    Picture,
    ReadOnlyAdmin,
    RowAction,
    Table,
    admin_url,
    by_email,
    by_uuid,
    draw_graph,
    link_to,
    show_on,
)
from gigstream.adminkit.list_exports import Exports
from reputation.models import Clearing, Cluster, ClusterMember, QuestEvent, WorkerTie
from reputation.quests.enums import QuestEventStatus
from reputation.sybils import services
from reputation.sybils.calculations import factor_of
from reputation.sybils.selectors import MOST_DRAWN, links_among, members_of
from workers.models import Worker


@admin.register(Cluster)
class ClusterAdmin(Exports, ReadOnlyAdmin):
    """Accounts that seem to be of one person, the largest clusters first."""

    list_display = ("id", "accounts", "factor", "found_at", "seen_at")
    ordering = ("-accounts", "id")
    sortable_by = ()
    searches = (by_uuid("id", "members__worker_id"), by_email("members__worker__email"))
    search_help_text = "id of a cluster or a worker, or a worker's email"
    actions = (
        RowAction(
            name="clear",
            label="Different people",
            done="found to be of different people",
            run=lambda cluster, reason: services.clear_cluster(cluster_id=cluster.pk, reason=reason),
            note="Their rewards are whole from now on, until more accounts are linked with them. Each of them"
            " can read the reason.",
        ),
        RowAction(
            name="end_clearing",
            label="One person after all",
            done="no longer taken for different people",
            run=lambda cluster, reason: services.end_clearing(cluster_id=cluster.pk, reason=reason),
            when=lambda cluster: Clearing.objects.filter(worker__cluster_member__cluster=cluster).exists(),
            note="Their points are reduced and their payouts held again. Each of them can read the reason.",
        ),
    )

    @admin.display(description="factor on points")
    def factor(self, cluster: Cluster) -> str:
        return str(factor_of(cluster.accounts))


@admin.register(ClusterMember)
class ClusterMemberAdmin(ReadOnlyAdmin):
    """Accounts in clusters."""

    list_display = ("id", "cluster", "worker")
    list_select_related = ("cluster", "worker")
    belongs = ("cluster", "worker")
    ordering = ("worker",)
    sortable_by = ()
    searches = (by_uuid("cluster_id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a cluster or a worker, or a worker's email"


@admin.register(WorkerTie)
class WorkerTieAdmin(ReadOnlyAdmin):
    """Ties of accounts: their kinds and times, without the hashes."""

    list_display = ("id", "worker", "kind", "first_seen_at", "last_seen_at")
    list_select_related = ("worker",)
    list_filter = ("kind",)
    belongs = ("worker",)
    ordering = ("-id",)
    sortable_by = ()
    fieldsets = ((None, {"fields": list_display}),)
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id or email of a worker"


@admin.register(Clearing)
class ClearingAdmin(ReadOnlyAdmin):
    """Accounts that staff found to be of different people."""

    list_display = ("created_at", "worker", "accounts", "reason", "decided_by")
    list_select_related = ("worker",)
    belongs = ("worker",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id or email of a worker"


# --- A cluster's page ---------------------------------------------------------------------------------------
def _draw_cluster(cluster: Cluster) -> Picture:
    """Draw the accounts on a circle, by their numbers in the table below, and a line where two share
    something: whole where that links them, dashed where it is too little alone."""
    members = members_of(cluster)
    places = {member.worker_id: number for number, member in enumerate(members)}
    nodes = [
        (str(number + 1), admin_url(member.worker), f"account {number + 1}")
        for number, member in enumerate(members)
    ]
    edges = [
        (places[link.first], places[link.second], link.is_strong_enough, f"{link.words}: {link.weight}")
        for link in links_among(list(places))
    ]
    shown = f"the {len(members)} oldest of {cluster.accounts} accounts"
    return Picture(
        draw_graph(nodes, edges),
        shown if cluster.accounts > MOST_DRAWN else f"{cluster.accounts} accounts",
        "",
        f"factor on points {factor_of(cluster.accounts)}",
        [("done", "linked"), ("planned", "shared, and too little to link")],
        is_graph=True,
    )


def _accounts(cluster: Cluster) -> Sequence[Sequence[object]]:
    lines = []
    for number, member in enumerate(members_of(cluster), start=1):
        found = getattr(member.worker, "clearing", None)
        cleared = format_html("among {}: {}", found.accounts, found.reason) if found else EMPTY
        lines.append((number, link_to(member.worker), member.worker.created_at, cleared))
    return lines


def _shared(cluster: Cluster) -> Sequence[Sequence[object]]:
    members = members_of(cluster)
    numbers = {member.worker_id: number for number, member in enumerate(members, start=1)}
    return [
        (f"{numbers[link.first]} and {numbers[link.second]}", link.words, link.weight)
        for link in links_among(list(numbers))
    ]


def _cluster_of_event(event: QuestEvent) -> Sequence[Sequence[object]]:
    members = ClusterMember.objects.filter(worker=event.worker_id).select_related("cluster")
    return [(link_to(one.cluster), factor_of(one.cluster.accounts)) for one in members]


show_on(
    Cluster,
    Drawing("Accounts and what they share", WorkerTie, _draw_cluster),
    Figures("Accounts", Worker, ("number", "account", "since", "different people"), _accounts),
    Figures("What they share", WorkerTie, ("accounts", "share", "weight"), _shared),
    Table(
        QuestEvent,
        by="status__exact",
        title="Held rewards",
        columns=("id", "quest", "worker", "amount", "held_until", "hold_reason"),
        ordering=("held_until", "id"),
        rows=lambda found, cluster: found.filter(
            status=QuestEventStatus.HELD, worker__cluster_member__cluster=cluster
        ),
        key=lambda cluster: QuestEventStatus.HELD,
    ),
)
show_on(QuestEvent, Figures("Linked accounts", Cluster, ("cluster", "factor on points"), _cluster_of_event))
show_on(Worker, Table(ClusterMember, by="worker", columns=("cluster",), title="Linked accounts"))
