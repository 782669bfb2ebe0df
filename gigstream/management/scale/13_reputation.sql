-- What moved each worker's reputation, in the order of time, with the scores before and after.
INSERT INTO reputation_events (id, created_at, worker_id, task_id, event_type, delta, previous_score, new_score, number,
    reason, triggered_by, source_key, metadata)
WITH facts AS (
    SELECT worker, id AS task_id, completed_at AS at, 2 AS step, 'task_completed' AS event_type,
           %(completed)s + CASE WHEN completed_at <= due_at THEN %(on_time)s ELSE 0 END AS delta,
           'task_completed:' || id AS source_key, platform, NULL::uuid AS loan
    FROM plan WHERE completed_at IS NOT NULL
    UNION ALL
    SELECT worker, id, completed_at, 3, 'task_late', %(late)s, 'task_late:' || id, platform, NULL
    FROM plan WHERE completed_at > due_at
    UNION ALL
    SELECT worker, id, rated_at, 4, 'rating_received', (rating - %(neutral)s) * %(rating_step)s, 'rating_received:' || id,
           platform, NULL
    FROM plan WHERE rating IS NOT NULL
    UNION ALL
    SELECT worker, p.id, v.at, 1, event_type, v.delta, event_type || ':' || d.id, platform, NULL
    FROM disputes d JOIN plan p ON p.id = task_id,
    LATERAL (VALUES ('dispute_filed', d.created_at, 0),
                    ('dispute_resolved', d.resolved_at,
                     CASE WHEN d.outcome = 'platform' THEN severity * %(dispute_step)s ELSE 0 END))
        AS v (event_type, at, delta)
    WHERE v.at IS NOT NULL
    UNION ALL
    SELECT w.n, NULL, v.at, 5, event_type, v.delta, event_type || ':' || l.id, NULL, l.id
    FROM loans l JOIN cast_workers w ON w.id = worker_id,
    LATERAL (VALUES ('loan_repaid', repaid_at, %(loan_repaid)s), ('loan_defaulted', defaulted_at, %(loan_defaulted)s))
        AS v (event_type, at, delta)
    WHERE v.at IS NOT NULL
),
scored AS (
    SELECT worker, task_id, at, event_type, source_key, platform, loan, row_number() OVER told AS number,
           pg_temp.scored(delta) OVER told AS state
    FROM facts WINDOW told AS (PARTITION BY worker ORDER BY at, step, source_key ROWS UNBOUNDED PRECEDING)
)
SELECT pg_temp.row_id(14, worker * 100000::bigint + number, at), at, w.id, task_id, event_type, state[2],
       lag(state[1], 1, %(starting_score)s) OVER (PARTITION BY worker ORDER BY number), state[1], number, '',
       coalesce('platform:' || pl.id, 'system'), source_key,
       CASE WHEN loan IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('loan', loan) END
FROM scored JOIN cast_workers w ON w.n = worker LEFT JOIN cast_platforms pl ON pl.n = platform
ORDER BY at;
