-- What a period's creators have earned.
SELECT y.id, y.period_id, y.creator_number, y.source, y.accrued, y.held, y.unfunded, y.carried, y.paid, y.recovered,
       y.taken_back, y.payments
FROM period_pays y WHERE y.period_id = %(period)s ORDER BY y.creator_number, y.source
