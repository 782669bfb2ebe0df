-- The money of each owner that open holds keep: everything, or an amount.
SELECT h.worker_id, h.platform_id, bool_or(h.amount IS NULL) AS everything, coalesce(sum(h.amount), 0) AS amount
FROM payout_holds h
WHERE h.ended_at IS NULL
  AND (h.worker_id = ANY(%(workers)s::uuid[]) OR h.platform_id = ANY(%(platforms)s::uuid[]))
GROUP BY h.worker_id, h.platform_id
