-- Write the clusters that were found, and their accounts. A cluster has the id of its oldest account.
WITH found AS MATERIALIZED (
    SELECT worker_id, first_value(worker_id) OVER (PARTITION BY label ORDER BY worker_id) AS cluster_id
    FROM sybil_labels
),
written AS (
    INSERT INTO sybil_clusters AS c (id, accounts, found_at, seen_at)
    SELECT cluster_id, count(*), %(now)s::timestamptz, %(now)s::timestamptz FROM found GROUP BY cluster_id
    ON CONFLICT (id) DO UPDATE SET accounts = excluded.accounts, seen_at = greatest(c.seen_at, excluded.seen_at)
)
INSERT INTO sybil_cluster_members AS m (cluster_id, worker_id)
SELECT cluster_id, worker_id FROM found ORDER BY worker_id
ON CONFLICT (worker_id) DO UPDATE SET cluster_id = excluded.cluster_id
WHERE m.cluster_id <> excluded.cluster_id
