-- The accounts of workers who are paid, in the order of their pay; who has none yet; and the pay of those who owe an advance.
-- Each is looked up by an index: of a join the planner could think that the table is still as small as it was.
WITH payee AS MATERIALIZED (
    SELECT g.*,
           (SELECT a.id FROM accounts a WHERE a.worker_id = g.worker_id AND a.name = 'available') AS account_id,
           (SELECT true FROM accounts l
            WHERE l.worker_id = g.worker_id AND l.name = 'loan' AND l.negative_since IS NOT NULL) AS is_owing
    FROM unnest(%(workers)s::uuid[], %(amounts)s::numeric[], %(facts)s::text[])
        WITH ORDINALITY AS g(worker_id, amount, fact, place)
)
SELECT array_agg(account_id ORDER BY place)::text AS accounts,
       (array_agg(DISTINCT worker_id) FILTER (WHERE account_id IS NULL))::text AS missing,
       json_agg(json_build_array(place - 1, worker_id, account_id, amount::text, fact) ORDER BY place)
           FILTER (WHERE is_owing) AS owing
FROM payee
