-- Recompute the columns of these locked accounts that derive from their parts: the watermark, the time of the oldest part
-- that is neither covered nor held, and whether the free money is still to be paid out at once (`due_again`: it is where
-- it reaches the minimum).
WITH parts AS MATERIALIZED (SELECT * FROM open_parts(%(accounts)s::bigint[])),
now_open AS (
    SELECT account_id, max(entry_id) AS last, min(entry_id) FILTER (WHERE uncovered > 0) AS open_from,
           min(created_at) FILTER (WHERE uncovered > held) AS oldest_at,
           sum(greatest(uncovered - held, 0)) AS free
    FROM parts GROUP BY account_id
)
UPDATE accounts a
SET parts_from = coalesce(p.open_from, p.last + 1, a.parts_from),
    oldest_part_at = p.oldest_at,
    pay_at_once = (a.pay_at_once OR %(due_again)s) AND coalesce(p.free, 0) >= %(payout_minimum)s
FROM unnest(%(accounts)s::bigint[]) AS locked(id) LEFT JOIN now_open p ON p.account_id = locked.id
WHERE a.id = locked.id
