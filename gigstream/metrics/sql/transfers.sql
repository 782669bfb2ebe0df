SELECT kinds.type, states.status, count(t.id) AS transfers_under_way,
       coalesce(greatest(extract(epoch FROM money_clock() - min(t.created_at)), 0), 0)
           AS transfers_oldest_seconds,
       count(t.id) FILTER (WHERE t.next_attempt_at IS NULL) AS transfers_parked
FROM unnest(%(types)s::text[]) AS kinds(type)
CROSS JOIN unnest(%(statuses)s::text[]) AS states(status)
LEFT JOIN transactions t
    ON t.status = states.status AND t.type = kinds.type AND t.status = ANY(%(statuses)s::text[])
GROUP BY kinds.type, states.status
ORDER BY kinds.type, states.status
