-- Write an arrival of money in a pool that is locked, and the index and the carry that follow; return the arrival's id.
WITH changed AS (
    UPDATE pools SET index = %(index)s, carry = %(carry)s, received = received + %(amount)s, writes = %(number)s,
        updated_at = %(now)s
    WHERE id = %(pool)s
    RETURNING id, units, index, carry
)
INSERT INTO pool_writes (created_at, pool_id, number, amount, fee, units, index_after, carry_after)
SELECT %(now)s, id, %(number)s, %(amount)s, %(fee)s, units, index, carry FROM changed
RETURNING id
