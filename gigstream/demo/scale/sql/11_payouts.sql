-- Transfers to workers' wallets: earnings are paid out every other day, and some workers cash out today. The amount of
-- a failed or cancelled transfer is part of the next transfer.
CREATE TEMP TABLE outgoing AS
WITH credits AS (
    SELECT p.worker, p.at, p.amount - coalesce(r.amount, 0) AS amount
    FROM pay p LEFT JOIN repayments r ON (r.task, r.number) = (p.task, p.number)
    UNION ALL
    SELECT n, joined_at + interval '1 hour', %(welcome)s FROM cast_workers
    UNION ALL
    SELECT worker, at, f.amount FROM quest_facts f JOIN cast_quests q ON q.n = quest WHERE reward_kind = 'payout'
),
gathered AS (
    SELECT c.worker, leaves_at, sum(amount) AS amount
    FROM credits c
    JOIN cast_workers w ON w.n = c.worker,
    LATERAL (SELECT date_bin(every, c.at - shift, %(start)s) + shift + every AS usual_at,
                    %(now)s - interval '1 minute' * (1 + pg_temp.dice(c.worker, 121, 60)) AS cash_out_at
             FROM (SELECT interval '1 hour' * %(payout_hours)s AS every,
                          interval '1 minute' * pg_temp.dice(c.worker, 120, 1440) AS shift) AS s) AS u,
    LATERAL (SELECT CASE WHEN usual_at <= %(now)s THEN usual_at
                         WHEN pg_temp.dice(c.worker, 122, 10) < 4 AND c.at <= cash_out_at THEN cash_out_at END
             AS leaves_at) AS l
    WHERE leaves_at IS NOT NULL
    GROUP BY c.worker, leaves_at
),
ended AS (
    SELECT worker, leaves_at, sum(amount) OVER earlier AS upto,
           CASE WHEN leaves_at > %(now)s - interval '2 hours' THEN 'pending'
                WHEN luck < 5 THEN 'failed' WHEN luck < 6 THEN 'cancelled' ELSE 'confirmed' END AS status
    FROM gathered, LATERAL (SELECT pg_temp.dice(floor(extract(epoch FROM leaves_at))::bigint + worker, 123, 1000) AS luck) AS d
    WINDOW earlier AS (PARTITION BY worker ORDER BY leaves_at)
),
transfers AS (
    SELECT worker, leaves_at AS at, status, NULL::uuid AS loan,
           upto - coalesce(max(upto) FILTER (WHERE status IN ('confirmed', 'pending')) OVER (
               PARTITION BY worker ORDER BY leaves_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS amount
    FROM ended
    UNION ALL
    SELECT w.n, disbursed_at, CASE l.status WHEN 'disbursed' THEN 'pending' ELSE 'confirmed' END, l.id, l.amount
    FROM loans l JOIN cast_workers w ON w.id = l.worker_id WHERE disbursed_at IS NOT NULL
)
SELECT *, row_number() OVER (PARTITION BY worker ORDER BY at, loan) AS number FROM transfers;

UPDATE accounts SET payout_count = made.payouts
FROM (SELECT w.available, count(*) AS payouts FROM outgoing o JOIN cast_workers w ON w.n = o.worker GROUP BY 1) AS made
WHERE accounts.id = made.available;

ANALYZE outgoing, accounts;
