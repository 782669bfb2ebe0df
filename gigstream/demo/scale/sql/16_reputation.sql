-- The reputation events of each worker in the order of time, with the scores before and after.
INSERT INTO reputation_events (id, created_at, worker_id, task_id, event_type, delta, previous_score, new_score, number,
    reason, triggered_by, source_key, metadata, counted_on)
WITH facts AS (
    SELECT worker, id AS task_id, completed_at AS at, 2 AS step, 'task_completed' AS event_type,
           %(completed)s + CASE WHEN completed_at <= due_at THEN %(on_time)s ELSE 0 END AS full_delta,
           'task_completed:' || id AS source_key, platform, NULL::uuid AS loan, true AS is_bounded
    FROM plan WHERE completed_at IS NOT NULL
    UNION ALL
    SELECT worker, id, completed_at, 3, 'task_late', %(late)s, 'task_late:' || id, platform, NULL, true
    FROM plan WHERE completed_at > due_at
    UNION ALL
    SELECT worker, id, rated_at, 4, 'rating_received', (rating - %(neutral)s) * %(rating_step)s, 'rating_received:' || id,
           platform, NULL, true
    FROM plan WHERE rating IS NOT NULL
    UNION ALL
    SELECT worker, p.id, v.at, 1, event_type, v.delta, event_type || ':' || d.id, platform, NULL, false
    FROM disputes d JOIN plan p ON p.id = task_id,
    LATERAL (VALUES ('dispute_filed', d.created_at, 0),
                    ('dispute_resolved', d.resolved_at,
                     CASE WHEN d.outcome = 'platform' THEN severity * %(dispute_step)s ELSE 0 END))
        AS v (event_type, at, delta)
    WHERE v.at IS NOT NULL
    UNION ALL
    SELECT w.n, NULL, v.at, 5, event_type, v.delta, event_type || ':' || l.id, NULL, l.id, false
    FROM loans l JOIN cast_workers w ON w.id = worker_id,
    LATERAL (VALUES ('loan_repaid', repaid_at, %(loan_repaid)s), ('loan_defaulted', defaulted_at, %(loan_defaulted)s))
        AS v (event_type, at, delta)
    WHERE v.at IS NOT NULL
),
-- The time from which each worker has been paid by two platforms.
shared AS (
    SELECT worker, (array_agg(first_at ORDER BY first_at))[2] AS at
    FROM (SELECT worker, platform, min(closed_at) AS first_at FROM plan JOIN paid ON paid.task = n
          WHERE closed_at IS NOT NULL AND paid.amount > 0 GROUP BY worker, platform) AS payers
    GROUP BY worker
),
-- The delta of each event within the bounds of a platform and a day, like
-- `reputation.scores.calculations.bounded_delta`: the sums so far are cut to the bounds.
dated AS (
    SELECT facts.*, CASE WHEN is_bounded THEN (facts.at AT TIME ZONE 'UTC')::date END AS counted_on,
           coalesce(facts.at < shared.at, true) AS by_the_only_payer
    FROM facts LEFT JOIN shared USING (worker)
),
summed AS (
    SELECT *, sum(greatest(full_delta, 0)) OVER in_time AS given, sum(greatest(-full_delta, 0)) OVER in_time AS taken
    FROM dated
    WINDOW in_time AS (PARTITION BY worker, platform, counted_on ORDER BY at, step, source_key ROWS UNBOUNDED PRECEDING)
),
cut_by_day AS (
    SELECT *, CASE WHEN NOT is_bounded THEN full_delta
                   WHEN full_delta > 0 THEN least(given, %(given_in_a_day)s) - least(given - full_delta, %(given_in_a_day)s)
                   ELSE least(taken + full_delta, %(taken_in_a_day)s) - least(taken, %(taken_in_a_day)s) END AS of_the_day
    FROM summed
),
added AS (
    SELECT *, sum(greatest(of_the_day, 0)) OVER (PARTITION BY worker, platform, is_bounded AND by_the_only_payer
                                                ORDER BY at, step, source_key ROWS UNBOUNDED PRECEDING) AS given_in_all
    FROM cut_by_day
),
cut AS (
    SELECT *, (CASE WHEN is_bounded AND by_the_only_payer AND of_the_day > 0
                    THEN least(given_in_all, %(given_by_one_payer)s) - least(given_in_all - of_the_day, %(given_by_one_payer)s)
                    ELSE of_the_day END)::integer AS delta
    FROM added
),
scored AS (
    SELECT *, row_number() OVER in_time AS number, pg_temp.scored(delta) OVER in_time AS state
    FROM cut WINDOW in_time AS (PARTITION BY worker ORDER BY at, step, source_key ROWS UNBOUNDED PRECEDING)
)
SELECT pg_temp.row_id(14, worker * 100000::bigint + number, at), at, w.id, task_id, event_type, delta,
       lag(state[1], 1, %(starting_score)s) OVER (PARTITION BY worker ORDER BY number), state[1], number,
       CASE WHEN delta = full_delta THEN ''
            ELSE format('%%s cut to %%s: one platform ', to_char(full_delta, 'FMSG990'), to_char(delta, 'FMSG990'))
                 || CASE WHEN delta <> of_the_day THEN 'gives at most %(given_by_one_payer)s until another has paid'
                         WHEN full_delta < 0 THEN 'takes at most %(taken_in_a_day)s a day'
                         ELSE 'gives at most %(given_in_a_day)s a day' END END,
       coalesce('platform:' || pl.id, 'system'), source_key,
       CASE WHEN loan IS NOT NULL THEN jsonb_build_object('loan', loan)
            WHEN delta <> full_delta THEN jsonb_build_object('cut', full_delta - delta) ELSE '{}'::jsonb END,
       counted_on
FROM scored JOIN cast_workers w ON w.n = worker LEFT JOIN cast_platforms pl ON pl.n = platform
ORDER BY at;
