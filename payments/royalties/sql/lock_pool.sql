-- Lock a pool, and then the accounts that money for it moves between: those of its platform's available money and escrow, as
-- far as they are open.
WITH pool AS MATERIALIZED (
    SELECT id, platform_id, name, fee_bps, status, units, index, carry, received, writes FROM pools
    WHERE id = %(pool)s FOR NO KEY UPDATE
),
locked AS MATERIALIZED (
    SELECT a.id FROM accounts a
    WHERE a.platform_id = (SELECT platform_id FROM pool) AND a.name IN ('available', 'escrow')
    ORDER BY a.id FOR NO KEY UPDATE
)
SELECT pool.*, (SELECT array_agg(id ORDER BY id) FROM locked) AS accounts FROM pool
