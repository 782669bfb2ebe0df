-- The earnings of each task so far, a row each: fixed pay, approved milestones, releases of streams, and the pay at
-- a cancellation. `number` is the milestone or the release; `charged` means that the platform's fee was taken with
-- this earning and not when the task's money was closed.
CREATE TEMP TABLE pay (
    task bigint, worker integer, number integer, at timestamptz, amount numeric, charged boolean DEFAULT false
);

INSERT INTO pay
SELECT n, worker, 1, closed_at, CASE WHEN outcome = 'platform' AND fate = 'contested' THEN trunc(amount * 0.4, 6)
                                     ELSE amount END
FROM plan WHERE type = 'fixed' AND closed_at IS NOT NULL AND fate IN ('done', 'regretted', 'contested');

-- The steps of milestone tasks; the last step takes the remainder.
CREATE TEMP TABLE steps AS
SELECT n AS task, worker, number, at,
       CASE WHEN number < steps THEN trunc(amount / steps, 2) ELSE amount - (steps - 1) * trunc(amount / steps, 2) END
           AS amount,
       coalesce(at <= least(halted_at, %(now)s), false) AS approved, number = steps AS is_last,
       CASE WHEN fate = 'contested' AND outcome = 'worker' THEN closed_at END AS paid_by_dispute_at
FROM plan, generate_series(1, steps) AS number,
     LATERAL (SELECT started_at + (done_at - started_at) * number / steps AS at) AS a
WHERE type = 'milestone';

ANALYZE steps;

INSERT INTO pay
SELECT task, worker, number, CASE WHEN approved THEN at ELSE paid_by_dispute_at END, amount, approved AND NOT is_last
FROM steps WHERE approved OR paid_by_dispute_at IS NOT NULL;

-- A stream's slots, each released a few seconds after its end.
INSERT INTO pay
SELECT n, worker, number, at, stream_vested(amount, duration, least(number * every, duration))
                            - stream_vested(amount, duration, (number - 1) * every)
FROM plan, generate_series(1, (duration + every - 1) / every) AS number,
     LATERAL (SELECT started_at + interval '1 second' * (least(number * every, duration) + delay) AS at) AS a
WHERE type = 'time_based' AND started_at IS NOT NULL AND at <= least(halted_at, %(now)s);

CREATE UNIQUE INDEX ON pay (task, number);
ANALYZE pay;

-- A cancelled stream pays to the second, a disputed stream the decided amount.
INSERT INTO pay
SELECT n, worker, released.number + 1, closed_at, last.amount
FROM plan,
     LATERAL (SELECT count(*) AS number, coalesce(sum(pay.amount), 0) AS amount FROM pay WHERE task = n) AS released,
     LATERAL (SELECT CASE WHEN fate = 'stopped' THEN stream_vested(plan.amount, duration,
                              stream_elapsed(started_at, interval '0', duration, closed_at)) - released.amount
                          WHEN outcome = 'worker' THEN plan.amount - released.amount
                          ELSE trunc((plan.amount - released.amount) * 0.4, 6) END AS amount) AS last
WHERE type = 'time_based' AND fate IN ('stopped', 'contested') AND closed_at IS NOT NULL AND last.amount > 0;

-- A pause pays the amount vested to its second.
INSERT INTO pay
SELECT n, worker, released.number + 1, halted_at, last.amount
FROM plan,
     LATERAL (SELECT count(*) AS number, coalesce(sum(pay.amount), 0) AS amount FROM pay WHERE task = n) AS released,
     LATERAL (SELECT stream_vested(plan.amount, duration,
                  stream_elapsed(started_at, interval '0', duration, halted_at)) - released.amount AS amount) AS last
WHERE type = 'time_based' AND started_at IS NOT NULL AND halted_at IS NOT NULL AND closed_at IS NULL
  AND last.amount > 0;

CREATE INDEX ON pay (worker, at);
ANALYZE pay;

-- Later repayments of advances, and the advances that are written off.
CREATE TEMP TABLE repayments (
    loan uuid, task bigint, worker integer, number integer, at timestamptz, amount numeric, PRIMARY KEY (task, number)
);
CREATE INDEX ON repayments (loan);
CREATE TEMP TABLE write_offs (loan uuid, worker integer, at timestamptz);

-- The sums of each task: all pay, the part whose fee was taken with the earning, the pay at its end.
CREATE TEMP TABLE paid AS
SELECT n AS task, coalesce(sum(p.amount), 0) AS amount, coalesce(sum(p.amount) FILTER (WHERE charged), 0) AS charged,
       coalesce(sum(p.amount) FILTER (WHERE p.at = closed_at), 0) AS at_the_end,
       CASE WHEN type = 'time_based' THEN count(p.task) ELSE 0 END AS releases
FROM plan LEFT JOIN pay p ON p.task = n
GROUP BY n, closed_at, type;
CREATE UNIQUE INDEX ON paid (task);
ANALYZE paid;
