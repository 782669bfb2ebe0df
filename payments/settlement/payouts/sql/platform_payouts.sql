-- The parts of all platforms (or of the given platform) in each of these payouts, in their order, with the first tasks.
SELECT part.payout_id, part.platform_id, part.amount, part.task_count, named.tasks
FROM platform_payouts part
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object(
               'task_id', c.task_id, 'external_task_id', c.external_task_id, 'amount', c.pay::text,
               'payout_status', c.payout_status, 'paid_out_at', c.paid_out_at) ORDER BY c.id) AS tasks
    FROM (
        SELECT c.id, c.task_id, c.pay, t.external_task_id, t.payout_status, t.paid_out_at
        FROM covered_tasks c JOIN tasks t ON t.id = c.task_id
        WHERE c.payout_id = part.payout_id AND t.platform_id = part.platform_id
        ORDER BY c.id LIMIT %(most)s
    ) c
) named
WHERE part.payout_id = ANY(%(payouts)s::uuid[])
  AND (%(platform)s::uuid IS NULL OR part.platform_id = %(platform)s)
ORDER BY array_position(%(payouts)s::uuid[], part.payout_id), part.platform_id
