"""Clusters against their accounts, and what must go with a worker."""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "cluster_is_its_accounts",
        "A cluster has as many accounts as it says.",
        by_sql(
            """
            WITH counted AS (SELECT cluster_id, count(*) AS n FROM sybil_cluster_members GROUP BY 1)
            SELECT c.id FROM sybil_clusters c LEFT JOIN counted m ON m.cluster_id = c.id
            WHERE c.accounts <> coalesce(m.n, 0)
            ORDER BY c.id
            """
        ),
    )
)

register(
    Invariant(
        "ties_end_with_the_account",
        "A worker who has left has no ties, is in no cluster, and their events of quests have no evidence and"
        " no fact but a hash.",
        by_sql(
            """
            SELECT w.id
            FROM workers w
            WHERE w.deleted_at IS NOT NULL
              AND (EXISTS (SELECT FROM worker_ties t WHERE t.worker_id = w.id)
                   OR EXISTS (SELECT FROM sybil_cluster_members m WHERE m.worker_id = w.id)
                   OR EXISTS (SELECT FROM sybil_clearings c WHERE c.worker_id = w.id)
                   OR EXISTS (SELECT FROM quest_events v WHERE v.worker_id = w.id
                              AND (v.evidence, v.hold_evidence, v.factor_evidence) <> ('{}', '{}', '{}'))
                   OR EXISTS (SELECT FROM quest_events v WHERE v.worker_id = w.id
                              AND v.external_id <> w.id::text AND v.external_id NOT LIKE 'erased:%%'))
            ORDER BY w.id
            """
        ),
    )
)
