-- Bring all members of a pool to its index: of what is below a micro-USDC, these get one each and the others nothing.
UPDATE pool_members
SET units = 0, index_at = %(index)s::numeric,
    fraction = CASE WHEN id = ANY(%(chosen)s::bigint[]) THEN 1000000000000000000 ELSE 0 END
WHERE pool_id = %(pool)s
