-- Take an account out of its cluster, which goes when a single account is left.
WITH gone AS (
    DELETE FROM sybil_cluster_members WHERE worker_id = %(worker)s::uuid RETURNING cluster_id
),
alone AS (
    DELETE FROM sybil_cluster_members m USING sybil_clusters c
    WHERE c.id = m.cluster_id AND c.accounts = 2 AND m.worker_id <> %(worker)s::uuid
      AND c.id IN (SELECT cluster_id FROM gone)
),
ended AS (
    DELETE FROM sybil_clusters WHERE accounts = 2 AND id IN (SELECT cluster_id FROM gone)
)
UPDATE sybil_clusters SET accounts = accounts - 1 WHERE accounts > 2 AND id IN (SELECT cluster_id FROM gone)
