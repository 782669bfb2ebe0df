SELECT states.status, count(l.id) AS advances,
       coalesce(sum(l.total_due - l.amount_repaid - l.amount_written_off), 0) AS advances_outstanding_usdc
FROM unnest(%(statuses)s::text[]) AS states(status)
LEFT JOIN loans l ON l.status = states.status AND l.status = ANY(%(statuses)s::text[])
GROUP BY states.status ORDER BY states.status
