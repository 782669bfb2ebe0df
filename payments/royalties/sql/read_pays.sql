-- What these creators have earned in the platform's periods.
SELECT y.id, y.period_id, y.creator_number, y.source, y.accrued, y.held, y.unfunded, y.carried, y.paid, y.recovered,
       y.taken_back, y.payments
FROM period_pays y
WHERE y.creator_number = ANY(%(creators)s::bigint[]) AND y.period_id = ANY(%(periods)s::uuid[])
ORDER BY y.period_id, y.creator_number, y.source
