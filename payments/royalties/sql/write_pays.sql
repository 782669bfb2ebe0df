-- Write what creators have earned in periods, and what is carried and owed back over all of them.
WITH balances AS (
    INSERT INTO carried_balances (creator_number, carried, remainder)
    SELECT * FROM unnest(%(balance_creators)s::bigint[], %(balances)s::numeric[], %(remainders)s::numeric[])
    ORDER BY 1
    ON CONFLICT (creator_number) DO UPDATE SET carried = excluded.carried, remainder = excluded.remainder
)
INSERT INTO period_pays (period_id, creator_number, source, accrued, held, unfunded, carried, paid, recovered, taken_back,
                         payments)
SELECT * FROM unnest(%(periods)s::uuid[], %(creators)s::bigint[], %(sources)s::text[], %(accrued)s::numeric[],
                     %(held)s::numeric[], %(unfunded)s::numeric[], %(carried)s::numeric[], %(paid)s::numeric[],
                     %(recovered)s::numeric[], %(taken_back)s::numeric[], %(payments)s::int[])
ORDER BY 2, 1, 3
ON CONFLICT (creator_number, period_id, source) DO UPDATE
SET accrued = excluded.accrued, held = excluded.held, unfunded = excluded.unfunded, carried = excluded.carried,
    paid = excluded.paid, recovered = excluded.recovered, taken_back = excluded.taken_back, payments = excluded.payments
