-- Write the pairs of accounts whose shared ties weigh enough, each kind once. The kinds in `light` weigh too little to link
-- anybody together (`light_weight`, as network addresses): they are looked at only for pairs that share another kind and
-- lack no more than that. Keys are numbered, and each step is written down, so that light kinds never make pairs.
WITH weight AS (
    SELECT kind, weight FROM unnest(%(kinds)s::text[], %(weights)s::numeric[]) AS w(kind, weight)
),
usable AS MATERIALIZED (
    SELECT kind, row_number() OVER () AS key, array_agg(worker_id) AS accounts FROM worker_ties
    GROUP BY kind, key_hash HAVING count(*) BETWEEN 2 AND %(most)s
),
pairs AS MATERIALIZED (
    SELECT DISTINCT a, b, u.kind
    FROM usable u CROSS JOIN LATERAL unnest(u.accounts) AS a CROSS JOIN LATERAL unnest(u.accounts) AS b
    WHERE a < b AND u.kind <> ALL(%(light)s::text[])
),
weighed AS MATERIALIZED (
    SELECT p.a, p.b, sum(w.weight) AS weight FROM pairs p JOIN weight w USING (kind) GROUP BY p.a, p.b
),
lacking AS MATERIALIZED (
    SELECT a, b, weight FROM weighed
    WHERE weight < %(needs)s::numeric AND weight + %(light_weight)s::numeric >= %(needs)s::numeric
),
light AS MATERIALIZED (
    SELECT worker_id, u.kind, u.key FROM usable u CROSS JOIN LATERAL unnest(u.accounts) AS worker_id
    WHERE u.kind = ANY(%(light)s::text[])
),
of_first AS MATERIALIZED (
    SELECT l.a, l.b, x.kind, x.key FROM lacking l JOIN light x ON x.worker_id = l.a
),
shared AS MATERIALIZED (
    SELECT DISTINCT f.a, f.b, f.kind FROM of_first f JOIN light y ON y.worker_id = f.b AND y.key = f.key
),
added AS (
    SELECT s.a, s.b, sum(w.weight) AS weight FROM shared s JOIN weight w USING (kind) GROUP BY s.a, s.b
)
INSERT INTO sybil_links (a, b)
SELECT a, b FROM weighed WHERE weight >= %(needs)s::numeric
UNION ALL
SELECT l.a, l.b FROM lacking l JOIN added d USING (a, b) WHERE l.weight + d.weight >= %(needs)s::numeric
