-- What pairs of these accounts share, of the ties that not too many have.
WITH own AS MATERIALIZED (
    SELECT t.kind, t.key_hash, t.worker_id FROM worker_ties t
    WHERE t.worker_id = ANY(%(workers)s::uuid[])
      AND (SELECT count(*) FROM (SELECT 1 FROM worker_ties o
                                 WHERE o.kind = t.kind AND o.key_hash = t.key_hash LIMIT %(most)s + 1) n) <= %(most)s
)
SELECT s.worker_id AS a, o.worker_id AS b, array_agg(DISTINCT s.kind) AS kinds
FROM own s JOIN own o ON o.kind = s.kind AND o.key_hash = s.key_hash AND o.worker_id > s.worker_id
GROUP BY s.worker_id, o.worker_id
ORDER BY s.worker_id, o.worker_id
