-- Members of a pool who are owed at least so much, in micro-USDC times 10^18, in the order of their ids.
SELECT m.id, m.creator_number, m.units, m.index_at, m.fraction, m.paid, m.payments, c.worker_id
FROM pool_members m JOIN creator_profiles c ON c.number = m.creator_number
JOIN workers w ON w.id = c.worker_id
WHERE m.pool_id = %(pool)s AND w.deleted_at IS NULL
      AND m.units * (%(index)s::numeric - m.index_at) + m.fraction >= %(least)s::numeric
ORDER BY m.id
LIMIT %(most)s
