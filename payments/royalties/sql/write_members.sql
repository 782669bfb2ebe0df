-- Write members of a pool who were settled at an index.
UPDATE pool_members m
SET index_at = %(index)s::numeric, fraction = g.fraction, paid = g.paid, payments = g.payments
FROM unnest(%(members)s::bigint[], %(fractions)s::numeric[], %(paid)s::numeric[], %(payments)s::int[])
    AS g(id, fraction, paid, payments)
WHERE m.id = g.id
