-- The parts of a worker's money: what each credit of an account left for the worker, from the entry `first` to the
-- entry `last`, after what was withheld from it. A void is no part, since it gives back parts that were there before;
-- nothing that `before` excludes was withheld. Each credit and each repayment is read once, whatever the planner knows.
CREATE FUNCTION net_parts(account bigint, first bigint, last bigint, before bigint)
RETURNS TABLE (entry_id bigint, created_at timestamptz, net numeric) LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    SELECT max(l.id), max(l.at), sum(l.amount)
    FROM (
        SELECT e.id, e.created_at AS at, e.amount,
               coalesce(e.idempotency_key, 'stream:' || e.stream_id || ':' || e.sequence) AS fact
        FROM ledger_entries e
        WHERE e.credit_account_id = $1 AND e.id >= $2 AND e.id <= $3 AND e.kind <> 'payout_void'
        UNION ALL
        -- A repayment is keyed by its loan and the fact that it was withheld from.
        SELECT NULL, NULL, -r.amount, substr(r.idempotency_key, length('repayment:' || r.loan_id || ':') + 1)
        FROM ledger_entries r
        WHERE r.debit_account_id = $1 AND r.sequence IS NULL AND r.id > $2 AND r.id < $4 AND r.kind = 'repayment'
    ) l
    GROUP BY l.fact HAVING max(l.id) IS NOT NULL
$$;

-- The parts of these accounts from each one's watermark on: what each left for the worker (`net`), how much of that is
-- not covered by a debit (`uncovered`), and how much of it an open hold keeps (`held`).
CREATE FUNCTION open_parts(accounts bigint[])
RETURNS TABLE (account_id bigint, entry_id bigint, created_at timestamptz, net numeric, uncovered numeric, held numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH asked AS MATERIALIZED (
        SELECT a.id AS account_id, a.worker_id, a.parts_from FROM accounts a WHERE a.id = ANY($1)
    ),
    -- Runs of covered parts are marked where they begin and where they are over.
    marks AS (
        SELECT a.account_id, p.entry_id, p.created_at, p.net, 0 AS runs, 0::numeric AS taken, 0::numeric AS held
        FROM asked a
        CROSS JOIN LATERAL net_parts(a.account_id, a.parts_from, 9223372036854775807, 9223372036854775807) p
        UNION ALL
        SELECT a.account_id, m.entry_id, NULL, NULL, m.runs, m.taken, 0
        FROM asked a
        JOIN covered_parts c ON c.account_id = a.account_id AND c.last_part_id >= a.parts_from AND NOT c.given_back
        CROSS JOIN LATERAL (
            SELECT c.first_part_id AS entry_id, 0 AS runs, c.amount AS taken WHERE c.first_part_id = c.last_part_id
            UNION ALL
            SELECT greatest(c.first_part_id, a.parts_from), 1, 0 WHERE c.first_part_id < c.last_part_id
            UNION ALL
            SELECT c.last_part_id + 1, -1, 0 WHERE c.first_part_id < c.last_part_id
        ) m
        UNION ALL
        SELECT a.account_id, p.entry_id, NULL, NULL, 0, 0, p.amount
        FROM asked a
        JOIN payout_holds h ON h.worker_id = a.worker_id AND h.ended_at IS NULL
        JOIN payout_hold_parts p ON p.hold_id = h.id
    ),
    parts AS (
        SELECT m.account_id, m.entry_id, max(m.created_at) AS created_at, sum(m.net) AS net,
               sum(m.taken) AS taken, sum(m.held) AS held,
               sum(sum(m.runs)) OVER (PARTITION BY m.account_id ORDER BY m.entry_id) AS runs
        FROM marks m GROUP BY m.account_id, m.entry_id
    )
    SELECT p.account_id, p.entry_id, p.created_at, p.net, CASE WHEN p.runs > 0 THEN 0 ELSE p.net - p.taken END, p.held
    FROM parts p WHERE p.net IS NOT NULL
$$;
-- reverse
DROP FUNCTION open_parts(bigint[]);
DROP FUNCTION net_parts(bigint, bigint, bigint, bigint);
