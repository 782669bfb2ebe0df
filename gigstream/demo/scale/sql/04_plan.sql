-- The history of each task from its posting to the present: a row per task, in the order of posting.
CREATE TEMP TABLE plan AS
WITH hours AS (
    -- Busy at day and towards the weekend, growing over the year; `upto` counts the tasks posted by the hour's end.
    SELECT at, lag(upto, 1, 0::bigint) OVER (ORDER BY at) AS since, upto
    FROM (
        SELECT at, div(%(tasks)s * sum(weight) OVER (ORDER BY at), sum(weight) OVER ())::bigint AS upto
        FROM (
            SELECT at, (ARRAY[9, 10, 10, 11, 13, 12, 7])[extract(isodow FROM at)::integer]
                       * CASE WHEN extract(hour FROM at) BETWEEN 7 AND 21 THEN 8 ELSE 1 END * (8760 + hour) AS weight
            FROM generate_series(0, 8759) AS hour,
                 LATERAL (SELECT %(start)s + hour * interval '1 hour' AS at) AS clock
        ) AS weighed
    ) AS counted
),
posted AS (
    SELECT n, at + interval '1 hour' * ((n - since + 0.5) / (upto - since)) AS at
    FROM hours, generate_series(since, upto - 1) AS n
),
-- A worker works for two to six platforms; earlier workers and larger platforms have more tasks.
given AS (
    SELECT p.n, p.at, w.n AS worker, w.quality, pl.n AS platform, pl.fee_bps,
           CASE WHEN kind < 72 THEN 'fixed' WHEN kind < 86 THEN 'milestone' ELSE 'time_based' END AS type,
           CASE WHEN fate < 25 THEN 'withdrawn' WHEN fate < 45 THEN 'refused' WHEN fate < 60 THEN 'stopped'
                WHEN fate < 68 THEN 'contested' WHEN fate < 74 THEN 'regretted' ELSE 'done' END AS fate
    FROM posted p
    CROSS JOIN LATERAL (
        SELECT pg_temp.dice(p.n, 20, 100) AS kind, pg_temp.dice(p.n, 21, 1000) AS fate,
               least(extract(epoch FROM p.at - %(start)s) / (335 * 86400.0), 1) AS joined) AS d
    JOIN cast_workers w
        ON w.n = floor(%(workers)s * (0.6 + 0.4 * joined) * power(pg_temp.dice(p.n, 22, 1000000) / 1000000.0, 1.5))
    JOIN cast_platforms pl
        ON pl.n = floor(%(platforms)s * power(pg_temp.dice(
            w.n * 8 + pg_temp.dice(p.n, 23, 2 + pg_temp.dice(w.n, 24, 5)), 25, 1000) / 1000.0, 2))
),
sized AS (
    SELECT g.*, is_long,
           CASE WHEN type = 'milestone' THEN 2 + pg_temp.dice(n, 26, 3) END AS steps,
           CASE WHEN is_long THEN 3600 * (168 + pg_temp.dice(n, 27, 504))
                WHEN type = 'time_based' THEN 60 * (120 + pg_temp.dice(n, 27, 480)) END AS duration,
           CASE WHEN type = 'time_based' THEN 4 + pg_temp.dice(n, 28, 8) END AS slots,
           CASE WHEN type = 'fixed' THEN (500 + pg_temp.dice(n, 29, 7500)) * 0.01
                WHEN type = 'milestone' THEN (4000 + pg_temp.dice(n, 29, 26000)) * 0.01
                WHEN is_long THEN 200 + pg_temp.dice(n, 29, 1000000000) * 0.000001
                ELSE 20 + pg_temp.dice(n, 29, 140000000) * 0.000001 END AS amount,
           a.assigned_at, b.started_at,
           1 + pg_temp.dice(n, 32, 9) AS delay
    FROM given g,
         LATERAL (SELECT type = 'time_based' AND pg_temp.dice(n, 33, 100) < 40 AS is_long) AS l,
         -- A tenth of the tasks wait days for their assignment, and a quarter for their start.
         LATERAL (SELECT at + interval '1 minute' * (1 + CASE pg_temp.dice(n, 47, 10)
             WHEN 0 THEN pg_temp.dice(n, 30, 5000) ELSE pg_temp.dice(n, 30, 120) END) AS assigned_at) AS a,
         LATERAL (SELECT assigned_at + interval '1 minute' * (2 + CASE pg_temp.dice(n, 48, 4)
             WHEN 0 THEN pg_temp.dice(n, 31, 3000) ELSE pg_temp.dice(n, 31, 45) END) AS started_at) AS b
),
-- The planned end, and the cancellation in its place.
timed AS (
    SELECT s.*, done_at, started_at + (done_at - started_at) * (0.2 + pg_temp.dice(n, 34, 600) * 0.001) AS broken_at
    FROM sized s,
         LATERAL (SELECT started_at + CASE type
             WHEN 'fixed' THEN interval '1 minute' * (20 + pg_temp.dice(n, 35, 360))
             WHEN 'milestone' THEN interval '1 minute' * (360 + pg_temp.dice(n, 35, 6000))
             ELSE interval '1 second' * (duration + delay) END AS done_at) AS d
),
-- The steps up to now; those of the future are empty.
happened AS (
    SELECT t.*, e.disputed_at, f.resolved_at, outcome,
           CASE WHEN fate IN ('done', 'regretted') AND done_at <= %(now)s THEN done_at
                WHEN fate = 'contested' AND outcome = 'worker' THEN f.resolved_at END AS completed_at,
           CASE WHEN fate = 'stopped' AND broken_at <= %(now)s THEN broken_at
                WHEN fate = 'refused' AND assigned_at + interval '1 minute' <= %(now)s THEN assigned_at + interval '1 minute'
                WHEN fate = 'withdrawn' AND t.at + interval '5 hours' <= %(now)s THEN t.at + interval '5 hours'
                WHEN outcome = 'platform' THEN f.resolved_at END AS cancelled_at
    FROM timed t,
         LATERAL (SELECT CASE fate WHEN 'contested' THEN broken_at
                                   WHEN 'regretted' THEN done_at + interval '1 minute' * (60 + pg_temp.dice(n, 36, 2000)) END
                  AS at) AS d,
         LATERAL (SELECT CASE WHEN d.at <= %(now)s THEN d.at END AS disputed_at) AS e,
         LATERAL (SELECT e.disputed_at + interval '1 minute' * (1440 + pg_temp.dice(n, 37, 11000)) AS at) AS r,
         LATERAL (SELECT CASE WHEN r.at <= %(now)s THEN r.at END AS resolved_at) AS f,
         LATERAL (SELECT CASE WHEN f.resolved_at IS NULL THEN NULL
                              WHEN pg_temp.dice(n, 38, 10) < 6 THEN 'worker' ELSE 'platform' END AS outcome) AS o
)
SELECT n, pg_temp.row_id(3, n, at) AS id, at AS posted_at, worker, platform, fee_bps, type, fate, amount,
       amount + pg_temp.share(amount, fee_bps) AS held, steps, duration,
       (duration + slots - 1) / slots AS every, delay, done_at,
       CASE WHEN fate <> 'withdrawn' AND assigned_at <= %(now)s THEN assigned_at END AS assigned_at,
       CASE WHEN fate NOT IN ('withdrawn', 'refused') AND started_at <= %(now)s THEN started_at END AS started_at,
       CASE WHEN fate IN ('stopped', 'contested') AND broken_at <= %(now)s THEN broken_at
            -- Some streams are paused today.
            WHEN fate = 'done' AND type = 'time_based' AND done_at > %(now)s AND started_at < %(now)s - interval '2 days'
                 AND pg_temp.dice(n, 39, 100) < 3 THEN %(now)s - interval '1 minute' * (30 + pg_temp.dice(n, 40, 1200)) END
           AS halted_at,
       disputed_at, resolved_at, outcome, completed_at, cancelled_at, least(completed_at, cancelled_at) AS closed_at,
       CASE WHEN pg_temp.dice(n, 41, 10) < 7 THEN done_at + interval '1 minute' * CASE
           WHEN pg_temp.dice(n, 42, 100) < 5 + (100 - quality) * 9 / 10 THEN -30 ELSE 60 + pg_temp.dice(n, 43, 1500) END
       END AS due_at,
       CASE WHEN fate = 'done' AND pg_temp.dice(n, 44, 10) < 6 AND rated_at <= %(now)s
            THEN least(greatest(quality / 25 + pg_temp.dice(n, 45, 3), 1), 5) END AS rating, rated_at
FROM happened, LATERAL (SELECT done_at + interval '1 minute' * (30 + pg_temp.dice(n, 46, 2400)) AS rated_at) AS r;

ANALYZE plan;
