-- Lock the accounts with a payout due, and return the amount to pay out of each. `ids` limits them to accounts that are
-- locked already: a hold that was made while they were picked is seen then, since it is made under the account's lock.
WITH due AS (
    SELECT a.id, true AS aged
    FROM unnest(%(schedules)s::text[], %(oldest)s::timestamptz[]) AS s(schedule, oldest)
    JOIN accounts a ON a.payout_schedule = s.schedule AND a.oldest_part_at <= s.oldest
    UNION ALL
    SELECT a.id, false FROM accounts a WHERE a.pay_at_once AND a.payout_schedule IN ('standard', 'at_once')
    UNION ALL
    SELECT a.id, false FROM accounts a
    WHERE a.payout_schedule = 'at_once' AND a.oldest_part_at IS NOT NULL AND a.balance >= %(minimum)s
      AND (SELECT count(*) FROM transactions t
           WHERE t.worker_id = a.worker_id AND t.type = 'payout'
             AND t.created_at >= date_trunc('day', %(now)s::timestamptz, 'UTC')) < %(most_a_day)s
),
wanted AS (
    SELECT id, CASE WHEN bool_or(aged) THEN %(smallest)s::numeric ELSE %(minimum)s::numeric END AS least
    FROM due GROUP BY id
)
SELECT a.id, a.balance - held.amount AS amount
FROM wanted d
JOIN accounts a ON a.id = d.id
JOIN workers w ON w.id = a.worker_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(h.amount), 0) AS amount, coalesce(bool_or(h.amount IS NULL), false) AS everything
    FROM payout_holds h WHERE h.worker_id = a.worker_id AND h.ended_at IS NULL
) held
WHERE w.status = 'active' AND w.deleted_at IS NULL AND w.wallet_address IS NOT NULL
  AND NOT EXISTS (SELECT FROM wallet_changes c
                  WHERE c.worker_id = w.id AND c.applied_at IS NULL AND c.dropped_at IS NULL)
  AND NOT held.everything AND a.balance - held.amount >= d.least
  AND (%(ids)s::bigint[] IS NULL OR a.id = ANY(%(ids)s::bigint[]))
ORDER BY a.id
LIMIT %(batch)s
FOR NO KEY UPDATE OF a SKIP LOCKED
