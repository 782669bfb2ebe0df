-- The events with these numbers and times as the store has them, in the version of a receipt.
SELECT e.platform_number AS platform, e.work_number AS work, (e.occurred_at AT TIME ZONE 'UTC')::date AS day, e.number,
       %(version)s::bigint AS version, e.creator_number AS creator, e.listener_number AS listener, e.occurred_at,
       e.received_at, e.kind, e.seconds, coalesce(e.amount, 0)::numeric(20, 6) AS amount,
       coalesce(e.amends, 0) AS amends, coalesce(e.external_id, '') AS external_id,
       (x.event_number IS NULL)::int AS counts
FROM unnest(%(numbers)s::bigint[], %(times)s::timestamptz[]) AS n(number, occurred_at)
JOIN usage_events e ON e.number = n.number AND e.occurred_at = n.occurred_at
LEFT JOIN usage_exclusions x ON x.event_number = e.number
ORDER BY e.number
