-- The task that an entry belongs to: its subject, or that of the stream that it is a release of (the kinds 1 and 2 of
-- `payments.ledger.subjects`); NULL for other entries.
CREATE FUNCTION task_of_entry(subject_kind smallint, subject_id uuid) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE $1 WHEN 1 THEN $2 WHEN 2 THEN (SELECT s.task_id FROM streams s WHERE s.id = $2) END
$$;

-- The parts of a worker's money: the credits of an account from the entry `first` to the entry `last`, less the deductions
-- from each by entries before `before`. A void is no part, since it gives back parts that were there before. Each credit
-- and each withheld part is read once, however wrong the planner's estimates are.
CREATE FUNCTION net_parts(account bigint, first bigint, last bigint, before bigint)
RETURNS TABLE (entry_id bigint, created_at timestamptz, net numeric) LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    SELECT max(l.id), max(l.at), sum(l.amount)
    FROM (
        SELECT e.id AS part, e.id, e.created_at AS at, e.amount
        FROM ledger_entries e
        WHERE e.credit_account_id = $1 AND e.id >= $2 AND e.id <= $3 AND e.kind <> 'payout_void'
        UNION ALL
        SELECT r.withheld_from_id, NULL, NULL, -r.amount
        FROM ledger_entries r
        WHERE r.debit_account_id = $1 AND r.sequence IS NULL AND r.id > $2 AND r.id < $4
          AND r.withheld_from_id IS NOT NULL
    ) l
    GROUP BY l.part HAVING max(l.id) IS NOT NULL
$$;

-- The parts of these accounts from their watermarks on: the amount after deductions (`net`), the part of it that no debit
-- covers (`uncovered`), and the part of it that an open hold keeps (`held`).
CREATE FUNCTION open_parts(accounts bigint[])
RETURNS TABLE (account_id bigint, entry_id bigint, created_at timestamptz, net numeric, uncovered numeric, held numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH given AS MATERIALIZED (
        SELECT a.id AS account_id, a.worker_id, a.parts_from FROM accounts a WHERE a.id = ANY($1)
    ),
    -- Runs of covered parts are marked where they begin and where they are over.
    marks AS (
        SELECT a.account_id, p.entry_id, p.created_at, p.net, 0 AS runs, 0::numeric AS taken, 0::numeric AS held
        FROM given a
        CROSS JOIN LATERAL net_parts(a.account_id, a.parts_from, 9223372036854775807, 9223372036854775807) p
        UNION ALL
        SELECT a.account_id, m.entry_id, NULL, NULL, m.runs, m.taken, 0
        FROM given a
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
        FROM given a
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
DROP FUNCTION task_of_entry(smallint, uuid);
