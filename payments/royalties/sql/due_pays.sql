-- What is to be paid now: purchases and tips that are funded, and plays of final periods once a creator's reach the
-- minimum together, or the creator is closed.
SELECT y.id, y.period_id, y.creator_number, y.source, y.accrued, y.held, y.unfunded, y.carried, y.paid, y.recovered,
       y.taken_back, y.payments, c.worker_id
FROM royalty_periods p JOIN period_pays y ON y.period_id = p.id
JOIN creator_profiles c ON c.number = y.creator_number
JOIN workers w ON w.id = c.worker_id
LEFT JOIN carried_balances b ON b.creator_number = y.creator_number
WHERE p.platform_id = %(platform)s AND y.carried > 0 AND w.deleted_at IS NULL
      AND (y.source = 'sales'
           OR (p.status = 'final' AND (b.carried >= %(minimum)s OR c.status = 'closed')))
ORDER BY y.creator_number, y.period_id, y.source
LIMIT %(most)s
