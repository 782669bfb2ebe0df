-- One row per worker. All hangs on workers.id, so a filter on it reaches every index. What was earned is
-- summed from the few rows that sum the ledger up (a task's closed pay, an open stream's releases, approved
-- milestones, rewards) rather than from its entries, of which one stream may have tens of thousands.
CREATE VIEW worker_earnings_view AS
SELECT w.id AS worker_id,
       work.total_tasks,
       work.completed_tasks,
       work.active_tasks,
       work.closed_amount + streamed.open_amount + steps.amount + moved.reward_amount + moved.quest_amount AS earned_amount,
       streamed.released_amount,
       work.open_amount - streamed.open_amount - steps.amount AS pending_amount,
       moved.payout_amount,
       moved.advance_amount,
       moved.repayment_amount,
       moved.reward_amount,
       moved.quest_amount,
       balances.in_transit_amount,
       balances.available_amount,
       lent.open_loans,
       lent.owed_amount,
       coalesce(round(100.0 * work.completed_tasks / nullif(work.ended_tasks, 0), 2), 0) AS completion_rate,
       work.average_rating,
       coalesce(round(100.0 * work.on_time_tasks / nullif(work.completed_tasks, 0), 2), 0) AS on_time_rate
FROM workers w
CROSS JOIN LATERAL (
    SELECT count(*) AS total_tasks,
           count(*) FILTER (WHERE t.status = 'completed') AS completed_tasks,
           count(*) FILTER (WHERE t.status IN ('assigned', 'in_progress', 'disputed')) AS active_tasks,
           -- What the platform called off, and what is still disputed, is not held against the worker.
           count(*) FILTER (WHERE t.status = 'completed' OR t.status = 'cancelled' AND t.at_fault = 'worker')
               AS ended_tasks,
           count(*) FILTER (WHERE t.status = 'completed' AND (t.due_at IS NULL OR t.completed_at <= t.due_at))
               AS on_time_tasks,
           coalesce(sum(t.paid_amount), 0) AS closed_amount,
           coalesce(sum(t.amount) FILTER (WHERE t.paid_amount IS NULL), 0) AS open_amount,
           round(avg(t.worker_rating), 2) AS average_rating
    FROM tasks t WHERE t.worker_id = w.id
) work
CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.released_amount), 0) AS released_amount,
           coalesce(sum(s.released_amount) FILTER (WHERE s.status IN ('active', 'paused')), 0) AS open_amount
    FROM tasks t JOIN streams s ON s.task_id = t.id
    WHERE t.worker_id = w.id AND t.task_type = 'time_based'
) streamed
CROSS JOIN LATERAL (
    SELECT coalesce(sum(m.amount), 0) AS amount
    FROM tasks t JOIN milestones m ON m.task_id = t.id
    WHERE t.worker_id = w.id AND t.task_type = 'milestone' AND t.paid_amount IS NULL
      AND m.approved_at IS NOT NULL
) steps
CROSS JOIN LATERAL (
    SELECT coalesce(sum(x.amount) FILTER (WHERE x.type = 'payout'), 0) AS payout_amount,
           coalesce(sum(x.amount) FILTER (WHERE x.type = 'advance'), 0) AS advance_amount,
           coalesce(sum(x.amount) FILTER (WHERE x.type = 'repayment'), 0) AS repayment_amount,
           coalesce(sum(x.amount) FILTER (WHERE x.type = 'reward' AND x.quest_id IS NULL), 0) AS reward_amount,
           coalesce(sum(x.amount) FILTER (WHERE x.type = 'reward' AND x.quest_id IS NOT NULL), 0) AS quest_amount
    FROM transactions x WHERE x.worker_id = w.id AND x.status = 'confirmed'
) moved
CROSS JOIN LATERAL (
    SELECT coalesce(sum(a.balance) FILTER (WHERE a.name = 'available'), 0) AS available_amount,
           coalesce(sum(a.balance) FILTER (WHERE a.name = 'in_transit'), 0) AS in_transit_amount
    FROM accounts a WHERE a.worker_id = w.id
) balances
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE l.status IN ('pending', 'approved', 'disbursed', 'active', 'repaying'))
               AS open_loans,
           coalesce(sum(l.total_due - l.amount_repaid - l.amount_written_off)
               FILTER (WHERE l.disbursed_at IS NOT NULL), 0) AS owed_amount
    FROM loans l WHERE l.worker_id = w.id
) lent;
-- reverse
DROP VIEW worker_earnings_view;
