-- The next events of a month as the store has them, in the version of their platform's last receipt: a correction that
-- this statement does not see has a later one.
SELECT e.platform_number AS platform, e.work_number AS work, (e.occurred_at AT TIME ZONE 'UTC')::date AS day, e.number,
       r.last_number AS version, e.creator_number AS creator, e.listener_number AS listener, e.occurred_at,
       e.received_at, e.kind, e.seconds, coalesce(e.amount, 0)::numeric(20, 6) AS amount,
       coalesce(e.amends, 0) AS amends, coalesce(e.external_id, '') AS external_id,
       (x.event_number IS NULL)::int AS counts
FROM usage_events e
JOIN platforms p ON p.number = e.platform_number
JOIN usage_receipt_chains r ON r.platform_id = p.id
LEFT JOIN usage_exclusions x ON x.event_number = e.number
WHERE e.number > %(after)s
      AND e.occurred_at >= %(month)s::date::timestamp AT TIME ZONE 'UTC'
      AND e.occurred_at < (%(month)s::date + interval '1 month') AT TIME ZONE 'UTC'
ORDER BY e.number
LIMIT %(most)s
