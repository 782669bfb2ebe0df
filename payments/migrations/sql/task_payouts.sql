-- The payout status of these tasks, each task once: `under_way` while a payout that carries some of the pay is with the
-- provider; `paid` when no more is to be earned and all of it has left; `partly` when some has left; else `none`. Money in
-- a pending payout, held money and available money has not left yet. A deduction to repay an advance is not part of the
-- worker's pay; early repayments and adjustments by staff have left. The available money of a worker is read only where
-- the rest says that a task may be `paid`.
CREATE FUNCTION task_payouts(tasks uuid[])
RETURNS TABLE (task_id uuid, payout_status text, paid_out_at timestamptz) LANGUAGE sql STABLE ROWS 100 AS $$
    WITH moved AS MATERIALIZED (
        SELECT given.id AS task_id,
               coalesce(bool_or(p.status = 'submitted'), false) AS under_way,
               -- Parts that a void is about to give back included.
               coalesce(bool_or(p.status = 'pending' OR (p.status IN ('failed', 'cancelled') AND EXISTS (
                   SELECT FROM covered_parts v WHERE v.entry_id = c.entry_id AND NOT v.given_back))), false) AS waits,
               max(CASE WHEN c.payout_id IS NULL THEN c.created_at ELSE p.confirmed_at END) AS left_at
        FROM unnest($1) AS given(id)
        LEFT JOIN covered_tasks c ON c.task_id = given.id
        LEFT JOIN transactions p ON p.id = c.payout_id
        GROUP BY given.id
    ),
    closed AS MATERIALIZED (
        SELECT t.id, t.worker_id FROM moved m JOIN tasks t ON t.id = m.task_id
        WHERE t.paid_amount IS NOT NULL AND m.left_at IS NOT NULL AND NOT m.under_way AND NOT m.waits
    ),
    -- Tasks of which some pay is still in the worker's available money.
    available AS MATERIALIZED (
        SELECT DISTINCT part.task_id
        FROM open_parts(ARRAY(
            SELECT a.id FROM accounts a
            WHERE a.name = 'available' AND a.worker_id IN (SELECT worker_id FROM closed))) p
        CROSS JOIN LATERAL (
            SELECT task_of_entry(e.subject_kind, e.subject_id) AS task_id
            FROM ledger_entries e
            WHERE e.id = p.entry_id LIMIT 1
        ) part
        WHERE p.uncovered > 0
    ),
    paid AS (
        SELECT id AS task_id FROM closed WHERE NOT EXISTS (SELECT FROM available a WHERE a.task_id = closed.id)
    )
    SELECT m.task_id,
           CASE WHEN m.under_way THEN 'under_way' WHEN paid.task_id IS NOT NULL THEN 'paid'
                WHEN m.left_at IS NOT NULL THEN 'partly' ELSE 'none' END,
           CASE WHEN paid.task_id IS NOT NULL THEN m.left_at END
    FROM moved m LEFT JOIN paid ON paid.task_id = m.task_id
$$;
-- reverse
DROP FUNCTION task_payouts(uuid[]);
