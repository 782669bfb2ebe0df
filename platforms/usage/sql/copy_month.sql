COPY (
    SELECT e.kind, e.number, e.platform_number, e.work_number, e.creator_number, e.listener_number, e.occurred_at,
           e.received_at, e.amends, e.seconds, e.amount, e.external_id, k.content
    FROM usage_events e
    LEFT JOIN usage_keys k ON k.platform_number = e.platform_number AND k.external_id = e.external_id
    WHERE e.occurred_at >= %(month)s::date::timestamp AT TIME ZONE 'UTC'
          AND e.occurred_at < (%(month)s::date + interval '1 month') AT TIME ZONE 'UTC'
    ORDER BY e.number
) TO STDOUT (FORMAT csv)
