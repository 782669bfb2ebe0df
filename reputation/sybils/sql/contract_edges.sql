-- Keep the links between what was not joined, each once; return their number.
WITH gone AS (DELETE FROM sybil_edges RETURNING a, b),
arrived AS (DELETE FROM sybil_roots RETURNING label, root),
kept AS (
    INSERT INTO sybil_edges (a, b)
    SELECT DISTINCT x.root, y.root
    FROM gone g JOIN arrived x ON x.label = g.a JOIN arrived y ON y.label = g.b
    WHERE x.root <> y.root
    RETURNING 1
)
SELECT count(*) AS edges FROM kept
