-- Write the links between labels, in both directions; return their number.
WITH made AS (
    INSERT INTO sybil_edges (a, b)
    SELECT x.label, y.label FROM sybil_links l
    JOIN sybil_labels x ON x.worker_id = l.a JOIN sybil_labels y ON y.worker_id = l.b
    UNION ALL
    SELECT y.label, x.label FROM sybil_links l
    JOIN sybil_labels x ON x.worker_id = l.a JOIN sybil_labels y ON y.worker_id = l.b
    RETURNING 1
)
SELECT count(*) AS edges FROM made
