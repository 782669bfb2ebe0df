-- The first of what the platform's money has not covered, in the order in which it is funded.
SELECT y.id, y.period_id, y.creator_number, y.source, y.accrued, y.held, y.unfunded, y.carried, y.paid, y.recovered,
       y.taken_back, y.payments
FROM royalty_periods p JOIN period_pays y ON y.period_id = p.id
WHERE p.platform_id = %(platform)s AND y.unfunded > 0
ORDER BY p.first, y.source DESC, y.creator_number
LIMIT %(most)s
