-- What the creators of a period have earned: all that is not held, for plays.
SELECT creator_number, sum(amount - held) AS amount FROM daily_accruals WHERE period_id = %(period)s
GROUP BY 1 ORDER BY 1
