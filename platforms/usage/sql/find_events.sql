-- The events of a platform with these numbers and times; whether each counts, and whether a correction brought it.
SELECT e.number, e.work_number, e.creator_number, e.kind, e.listener_number, e.occurred_at, e.seconds, e.amount,
       e.amends, w.id::text AS work_id, w.published_on::timestamp AT TIME ZONE 'UTC' AS published_at,
       EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = e.number) AS is_excluded,
       EXISTS (
           SELECT FROM usage_receipts r WHERE r.batch_id = e.number / %(per_batch)s AND r.kind = 'correction'
       ) AS is_backfilled
FROM unnest(%(numbers)s::bigint[], %(times)s::timestamptz[]) AS n(number, occurred_at)
JOIN usage_events e ON e.number = n.number AND e.occurred_at = n.occurred_at
JOIN works w ON w.number = e.work_number
WHERE e.platform_number = %(platform)s::bigint
ORDER BY e.number
