-- Referrals since a time that have not been counted, of workers who have been paid for a task: the first such task.
SELECT r.id, r.worker_id, r.referrer_id, t.platform_id, t.completed_at
FROM referrals r
CROSS JOIN LATERAL (
    SELECT t.platform_id, t.completed_at FROM tasks t
    WHERE t.worker_id = r.worker_id AND t.status = 'completed' AND t.paid_amount > 0
    ORDER BY t.completed_at, t.id LIMIT 1
) t
WHERE r.counted_at IS NULL AND r.created_at > %(since)s
ORDER BY r.created_at, r.id
LIMIT %(most)s
