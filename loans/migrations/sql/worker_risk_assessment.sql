-- The risk score of every worker with its factors, computed at the moment of reading. All hangs on
-- workers.id, so a filter on it reaches every index.
CREATE VIEW worker_risk_assessment AS
SELECT w.id AS worker_id,
       w.reputation_score,
       age.days AS account_age_days,
       work.completed_tasks,
       work.counted_tasks,
       rates.completion_rate,
       work.completed_tasks_30_days,
       rates.completion_rate_30_days,
       pay.earned_30_days,
       rates.on_time_rate,
       round(work.rating, 2) AS average_rating,
       round(work.counted_rating, 2) AS counted_rating,
       disputed.disputes,
       pay.weeks_with_earnings,
       round(pay.variation, 4) AS earnings_variation,
       lent.loans,
       lent.open_loans,
       lent.repaid_loans,
       lent.repaid_on_time_loans,
       lent.defaulted_loans,
       lent.owed_amount,
       lent.written_off_amount,
       points.reputation_points,
       points.age_points,
       points.task_points,
       points.performance_points,
       points.dispute_points,
       points.loan_points,
       points.earnings_points,
       risk.score,
       cardinality(verdict.reasons) = 0 AS eligible,
       verdict.reasons
FROM workers w
CROSS JOIN LATERAL (
    SELECT greatest((money_clock() AT TIME ZONE 'UTC')::date - (w.created_at AT TIME ZONE 'UTC')::date, 0) AS days
) age
CROSS JOIN LATERAL (
    -- Of the tasks that count, and of the ratings as weights, one payer makes at most 40 %. The weight that is then
    -- missing takes the neutral rating of 3.
    SELECT coalesce(sum(p.completed), 0)::bigint AS completed_tasks,
           coalesce(sum(p.ended), 0)::bigint AS ended_tasks,
           coalesce(sum(p.on_time), 0)::bigint AS on_time_tasks,
           coalesce(sum(p.completed_30_days), 0)::bigint AS completed_tasks_30_days,
           coalesce(sum(p.ended_30_days), 0)::bigint AS ended_tasks_30_days,
           coalesce(floor(sum(least(p.whole, 0.4 * p.whole_of_all))), 0)::bigint AS counted_tasks,
           sum(p.stars) / nullif(sum(p.ratings), 0) AS rating,
           3 + sum(least(p.ratings, 0.4 * p.ratings_of_all) * (p.stars / nullif(p.ratings, 0) - 3))
               / nullif(sum(p.ratings), 0) AS counted_rating
    FROM (
        SELECT count(*) FILTER (WHERE t.status = 'completed') AS completed,
               -- What the platform called off, and what is still disputed, is not held against the worker.
               count(*) FILTER (WHERE t.status = 'completed' OR t.status = 'cancelled' AND t.at_fault = 'worker')
                   AS ended,
               count(*) FILTER (WHERE t.status = 'completed' AND (t.due_at IS NULL OR t.completed_at <= t.due_at))
                   AS on_time,
               count(*) FILTER (WHERE t.status = 'completed' AND t.ended_at > money_clock() - interval '30 days')
                   AS completed_30_days,
               count(*) FILTER (WHERE (t.status = 'completed' OR t.status = 'cancelled' AND t.at_fault = 'worker')
                                  AND t.ended_at > money_clock() - interval '30 days') AS ended_30_days,
               count(*) FILTER (WHERE t.status = 'completed' AND t.paid_amount >= 1) AS whole,
               sum(count(*) FILTER (WHERE t.status = 'completed' AND t.paid_amount >= 1)) OVER () AS whole_of_all,
               count(t.worker_rating) AS ratings,
               sum(count(t.worker_rating)) OVER () AS ratings_of_all,
               sum(t.worker_rating)::numeric AS stars
        FROM (
            SELECT platform_id, status, at_fault, due_at, completed_at, paid_amount, worker_rating,
                   CASE status WHEN 'completed' THEN completed_at WHEN 'cancelled' THEN cancelled_at END AS ended_at
            FROM tasks WHERE worker_id = w.id AND status IN ('completed', 'cancelled', 'disputed')
            -- Kept apart, so that the tasks are found through their worker and not read in the order of platforms.
            OFFSET 0
        ) t
        GROUP BY t.platform_id
    ) p
) work
CROSS JOIN LATERAL (
    SELECT coalesce(round(100.0 * work.completed_tasks / nullif(work.ended_tasks, 0), 2), 0)
               AS completion_rate,
           coalesce(round(100.0 * work.completed_tasks_30_days / nullif(work.ended_tasks_30_days, 0), 2), 0)
               AS completion_rate_30_days,
           coalesce(round(100.0 * work.on_time_tasks / nullif(work.completed_tasks, 0), 2), 0)
               AS on_time_rate
) rates
CROSS JOIN LATERAL (
    -- Task by task: else the planner may read all disputes while there are few.
    SELECT coalesce(sum(lost.disputes), 0)::bigint AS disputes
    FROM tasks t
    CROSS JOIN LATERAL (
        SELECT count(*) AS disputes FROM disputes d WHERE d.task_id = t.id AND d.outcome = 'platform'
    ) lost
    WHERE t.worker_id = w.id AND t.disputed_at IS NOT NULL
) disputed
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE l.disbursed_at IS NOT NULL) AS loans,
           count(*) FILTER (WHERE l.status IN ('pending', 'approved', 'disbursed', 'active', 'repaying'))
               AS open_loans,
           count(*) FILTER (WHERE l.status = 'repaid') AS repaid_loans,
           count(*) FILTER (WHERE l.status = 'repaid' AND l.repaid_at <= l.repayment_due)
               AS repaid_on_time_loans,
           count(*) FILTER (WHERE l.defaulted_at IS NOT NULL) AS defaulted_loans,
           count(*) FILTER (WHERE l.status IN ('repaid', 'defaulted')) AS ended_loans,
           coalesce(sum(l.total_due - l.amount_repaid - l.amount_written_off)
               FILTER (WHERE l.disbursed_at IS NOT NULL), 0) AS owed_amount,
           coalesce(sum(l.amount_written_off), 0) AS written_off_amount,
           coalesce(sum(l.total_due - l.amount_repaid - l.amount_written_off)
               FILTER (WHERE l.status = 'defaulted'), 0) AS defaulted_amount
    FROM loans l WHERE l.worker_id = w.id
) lent
CROSS JOIN LATERAL (
    -- The last 30 days, and the last 8 weeks of 7 days each, all counted back from now.
    WITH span AS (
        SELECT week, money_clock() - (week + 1) * interval '7 days' AS since, money_clock() - week * interval '7 days' AS until
        FROM generate_series(0, 7) AS week
        UNION ALL
        SELECT NULL, money_clock() - interval '30 days', money_clock()
    ),
    paid AS MATERIALIZED (
        -- What the ledger has put on the worker's account for work, bonuses and gifts left out.
        SELECT e.created_at AS at, e.amount
        -- OFFSET 0 has each account's entries looked up by themselves: joined, the planner may read the whole
        -- ledger while it is small.
        FROM accounts a
        CROSS JOIN LATERAL (
            SELECT created_at, amount FROM ledger_entries
            WHERE credit_account_id = a.id AND kind IN ('release', 'earning')
              AND created_at > money_clock() - interval '56 days' AND created_at <= money_clock()
            OFFSET 0
        ) e
        WHERE a.worker_id = w.id AND a.name = 'available'
    ),
    earned AS (
        SELECT span.week,
               coalesce((SELECT sum(paid.amount) FROM paid
                         WHERE paid.at > span.since AND paid.at <= span.until), 0) AS amount
        FROM span
    )
    SELECT sum(amount) FILTER (WHERE week IS NULL) AS earned_30_days,
           count(*) FILTER (WHERE week IS NOT NULL AND amount > 0) AS weeks_with_earnings,
           stddev_pop(amount) FILTER (WHERE week IS NOT NULL)
               / nullif(avg(amount) FILTER (WHERE week IS NOT NULL), 0) AS variation
    FROM earned
) pay
CROSS JOIN LATERAL (
    SELECT round(w.reputation_score * 0.3, 2) AS reputation_points,
           round(least(age.days, 90) * 150 / 90.0, 2) AS age_points,
           round(least(work.counted_tasks, 50) * 5.0, 2) AS task_points,
           round(80 * coalesce(work.completed_tasks_30_days::numeric / nullif(work.ended_tasks_30_days, 0), 0)
               + 80 * coalesce(work.on_time_tasks::numeric / nullif(work.completed_tasks, 0), 0)
               + 8 * coalesce(work.counted_rating, 0), 2) AS performance_points,
           greatest(100.0 - 20 * disputed.disputes, 0) AS dispute_points,
           CASE WHEN lent.ended_loans = 0 THEN 0.0
                WHEN lent.repaid_on_time_loans = lent.ended_loans THEN 50
                WHEN lent.repaid_on_time_loans * 100 < lent.ended_loans * 80 THEN -50
                ELSE 0 END AS loan_points,
           CASE WHEN pay.weeks_with_earnings < 4 THEN 0.0
                WHEN pay.variation < 0.5 THEN 30
                WHEN pay.variation > 1.0 THEN -30
                ELSE 0 END AS earnings_points
) points
CROSS JOIN LATERAL (
    SELECT least(greatest(round(points.reputation_points + points.age_points + points.task_points
        + points.performance_points + points.dispute_points + points.loan_points + points.earnings_points
        ), 0), 1000)::integer AS score
) risk
CROSS JOIN LATERAL (
    SELECT array_remove(ARRAY[
        CASE WHEN w.deleted_at IS NOT NULL THEN 'the account was deleted' END,
        CASE WHEN w.status = 'suspended' THEN 'the worker is suspended' END,
        CASE WHEN risk.score < 600 THEN 'score ' || risk.score || ', at least 600 is needed' END,
        CASE WHEN lent.open_loans > 0 THEN 'another loan is open' END,
        CASE WHEN lent.defaulted_amount > 0
             THEN 'a defaulted loan still owes ' || to_char(lent.defaulted_amount, 'FM99999999999990.009999')
                  || ' USDC' END,
        CASE WHEN lent.written_off_amount > 0
             THEN 'the house bore ' || to_char(lent.written_off_amount, 'FM99999999999990.009999')
                  || ' USDC of an earlier loan' END,
        CASE WHEN age.days < 7 THEN 'account ' || age.days || ' days old, at least 7 are needed' END,
        CASE WHEN work.completed_tasks * 100 < work.ended_tasks * 80 OR work.ended_tasks = 0
             THEN 'completion rate ' || rates.completion_rate || ' %, at least 80 % is needed' END,
        CASE WHEN work.counted_tasks < 5
             THEN work.counted_tasks || ' completed tasks count, at least 5 are needed' END
    ], NULL) AS reasons
) verdict;
-- reverse
DROP VIEW worker_risk_assessment;
