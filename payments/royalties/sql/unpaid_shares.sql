-- Shares of a distribution that are not paid yet, in the order of their numbers, as columns.
WITH unpaid AS (
    SELECT s.id, c.worker_id, s.amount, s.distribution_id
    FROM distribution_shares s JOIN creator_profiles c ON c.number = s.creator_number
    WHERE s.distribution_id = %(distribution)s AND s.entry_id IS NULL AND s.amount > 0
    ORDER BY s.id LIMIT %(most)s
)
SELECT count(*) AS count, sum(amount) AS total, array_agg(id ORDER BY id)::text AS shares,
       array_agg(worker_id ORDER BY id)::text AS workers, array_agg(amount ORDER BY id)::text AS amounts,
       array_agg('distribution_share:' || id ORDER BY id)::text AS facts,
       array_agg(distribution_id ORDER BY id)::text AS subjects, min(id) AS first
FROM unpaid
