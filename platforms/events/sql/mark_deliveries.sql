-- Write down how attempts went. A delivery that has ended meanwhile, or was replayed or leased again, is another
-- attempt's business.
UPDATE webhook_deliveries d
SET status = g.status, attempts = g.attempts, next_attempt_at = g.next_attempt_at, ended_at = g.ended_at, last_attempt_at = %(now)s,
    status_code = g.status_code, error = g.error, milliseconds = g.milliseconds
FROM jsonb_to_recordset(%(given)s) AS g(id bigint, leased_until timestamptz, attempts int, status text, next_attempt_at timestamptz,
    ended_at timestamptz, status_code int, error text, milliseconds int)
WHERE d.id = g.id AND d.status = 'pending' AND d.next_attempt_at = g.leased_until
