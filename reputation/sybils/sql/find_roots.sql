-- Let each label follow its neighbour of the smallest label, if that is smaller, and write where each arrives.
WITH RECURSIVE parents AS MATERIALIZED (
    SELECT a AS label, least(a, min(b)) AS parent FROM sybil_edges GROUP BY a
),
arrived (label, root) AS (
    SELECT label, label FROM parents WHERE parent = label
    UNION ALL
    SELECT p.label, r.root FROM arrived r JOIN parents p ON p.parent = r.label AND p.parent <> p.label
)
INSERT INTO sybil_roots (label, root) SELECT label, root FROM arrived
