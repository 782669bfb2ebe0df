-- The first places of a leaderboard, and the places around a worker. Among equals the older account is before the
-- younger, whose id is greater.
ranked AS (
    SELECT worker_id, points, row_number() OVER (ORDER BY points DESC, worker_id) AS rank FROM totals
)
SELECT worker_id, points, rank
FROM ranked
WHERE rank <= %(top)s
   OR rank BETWEEN (SELECT rank FROM ranked WHERE worker_id = %(worker)s::uuid) - %(around)s
               AND (SELECT rank FROM ranked WHERE worker_id = %(worker)s::uuid) + %(around)s
ORDER BY rank
