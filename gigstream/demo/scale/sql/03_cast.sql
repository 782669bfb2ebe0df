-- Workers and platforms by number, with their accounts and the quality of their work.
CREATE TEMP TABLE cast_workers AS
SELECT w.n::integer AS n, w.id, created_at AS joined_at, wallet_address, given.shard, pg_temp.dice(w.n, 11, 100) AS quality,
       available.id AS available, in_transit.id AS in_transit, debt.id AS debt
FROM (SELECT row_number() OVER (ORDER BY created_at, id) - 1 AS n, * FROM workers) AS w
JOIN unnest(%(worker_ids)s::uuid[], %(shards)s::integer[]) AS given (id, shard) ON given.id = w.id
JOIN accounts available ON available.worker_id = w.id AND available.name = 'available'
JOIN accounts in_transit ON in_transit.worker_id = w.id AND in_transit.name = 'in_transit'
JOIN accounts debt ON debt.worker_id = w.id AND debt.name = 'loan';

CREATE TEMP TABLE cast_platforms AS
SELECT p.n::integer AS n, p.id, created_at AS joined_at, wallet_address, fee_bps,
       available.id AS available, escrow.id AS escrow
FROM (SELECT row_number() OVER (ORDER BY created_at, id) - 1 AS n, * FROM platforms) AS p
JOIN accounts available ON available.platform_id = p.id AND available.name = 'available'
JOIN accounts escrow ON escrow.platform_id = p.id AND escrow.name = 'escrow';

ANALYZE cast_workers, cast_platforms;
