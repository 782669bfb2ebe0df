-- The accounts that ties link with each of these now: by what they share, and in all with those of the clusters in which
-- the last run has found them. An account without a link now is not returned, nor one that staff found to be another
-- person's, as long as no more accounts are linked with it than then.
WITH weight AS (
    SELECT kind, weight FROM unnest(%(kinds)s::text[], %(weights)s::numeric[]) AS w(kind, weight)
),
keys AS MATERIALIZED (
    SELECT t.worker_id, t.kind, found.others
    FROM worker_ties t
    CROSS JOIN LATERAL (
        SELECT array_agg(o.worker_id) AS others
        FROM (SELECT x.worker_id FROM worker_ties x
              WHERE x.kind = t.kind AND x.key_hash = t.key_hash LIMIT %(most)s + 1) o
    ) found
    WHERE t.worker_id = ANY(%(workers)s::uuid[]) AND cardinality(found.others) BETWEEN 2 AND %(most)s
),
pairs AS MATERIALIZED (
    SELECT DISTINCT k.worker_id, k.kind, o.other
    FROM keys k CROSS JOIN LATERAL unnest(k.others) AS o(other) WHERE o.other <> k.worker_id
),
links AS MATERIALIZED (
    SELECT p.worker_id, p.other FROM pairs p JOIN weight w USING (kind)
    GROUP BY p.worker_id, p.other HAVING sum(w.weight) >= %(needs)s
),
near AS (
    SELECT worker_id, other FROM links UNION SELECT DISTINCT worker_id, worker_id FROM links
),
counted AS (
    SELECT n.worker_id, count(*) FILTER (WHERE m.id IS NULL) AS single, array_agg(DISTINCT m.cluster_id) AS clusters
    FROM near n LEFT JOIN sybil_cluster_members m ON m.worker_id = n.other
    GROUP BY n.worker_id
),
sums AS (
    SELECT c.worker_id, c.single + coalesce((
               SELECT sum(s.accounts) FROM sybil_clusters s WHERE s.id = ANY(c.clusters)), 0) AS accounts
    FROM counted c
)
SELECT s.worker_id, s.accounts::int AS accounts, (
           SELECT jsonb_object_agg(kind, n) FROM (
               SELECT p.kind, count(*) AS n FROM pairs p JOIN links l USING (worker_id, other)
               WHERE p.worker_id = s.worker_id GROUP BY p.kind) AS by_kind) AS shared
FROM sums s
WHERE NOT EXISTS (SELECT FROM sybil_clearings c WHERE c.worker_id = s.worker_id AND c.accounts >= s.accounts)
ORDER BY s.worker_id
