-- Write the payout status of these locked tasks: the part of their pay that has reached the workers' wallets.
UPDATE tasks t SET payout_status = p.payout_status, paid_out_at = p.paid_out_at
FROM task_payouts(%(tasks)s::uuid[]) p
WHERE t.id = p.task_id AND (t.payout_status, t.paid_out_at) IS DISTINCT FROM (p.payout_status, p.paid_out_at)
