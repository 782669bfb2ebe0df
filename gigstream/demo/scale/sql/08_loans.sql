-- A round of advances: three in ten workers with enough history and no debt request an advance, and their later
-- earnings repay it by the formula of `loans.policy.calculations.terms.repayment_from`.
CREATE TEMP TABLE lent AS
SELECT pg_temp.row_id(6, %(round)s * 1000000 + w.n, requested_at) AS id, w.n AS worker, amount, fee_bps,
       pg_temp.share(amount, fee_bps) AS fee, amount + pg_temp.share(amount, fee_bps) AS due, requested_at,
       disbursed_at, disbursed_at + interval '20 seconds' AS active_at,
       disbursed_at + interval '1 day' * %(term_days)s AS repayment_due,
       disbursed_at + interval '1 day' * (%(term_days)s + %(default_after_days)s) AS default_at,
       pg_temp.dice(w.n, 60 + %(round)s, 100) < 8 AS is_refused
FROM cast_workers w,
     LATERAL (SELECT %(now)s - interval '1 day' * %(days_ago)s + interval '1 minute' * pg_temp.dice(w.n, 70 + %(round)s, 28800)
              AS requested_at, 20 + pg_temp.dice(w.n, 80 + %(round)s, 180)::numeric AS amount,
              CASE WHEN quality >= 60 THEN 200 ELSE 350 END AS fee_bps) AS asked,
     LATERAL (SELECT requested_at + interval '1 minute' * (5 + pg_temp.dice(w.n, 90 + %(round)s, 300)) AS disbursed_at) AS d
WHERE pg_temp.dice(w.n, 100 + %(round)s, 10) < 3
  AND joined_at < requested_at - interval '7 days'
  AND (SELECT count(*) FROM pay WHERE pay.worker = w.n AND pay.at < requested_at) >= 5
  AND NOT EXISTS (SELECT FROM loans l WHERE l.worker_id = w.id AND l.status <> 'cancelled'
                  AND coalesce(l.repaid_at, 'infinity') >= requested_at);

CREATE TEMP TABLE taken AS
SELECT l.id AS loan, e.task, e.worker, e.number, e.at, least(due, upto) - (upto - part) AS amount
FROM lent l, LATERAL (
    SELECT p.*, part, sum(part) OVER (ORDER BY p.at, p.task, p.number) AS upto
    FROM pay p, LATERAL (
        SELECT least(greatest(div(due * 1000000, 5) * 0.000001, 1), div(p.amount * 1000000, 2) * 0.000001) AS part) AS f
    WHERE p.worker = l.worker AND p.at > active_at
) AS e
WHERE upto - part < due AND NOT is_refused;

-- Some of the overdue advances are written off after a while; no more is withheld for them.
CREATE TEMP TABLE fates AS
SELECT l.*, CASE WHEN is_overdue THEN default_at END AS defaulted_at,
       CASE WHEN is_overdue AND pg_temp.dice(worker, 110, 2) = 0 AND default_at + interval '20 days' <= %(now)s
            THEN default_at + interval '20 days' END AS written_off_at
FROM lent l, LATERAL (
    SELECT NOT is_refused AND default_at <= %(now)s
           AND coalesce((SELECT sum(amount) FROM taken WHERE loan = l.id AND at <= default_at), 0) < due AS is_overdue
) AS o;

INSERT INTO repayments (loan, task, worker, number, at, amount)
SELECT t.loan, t.task, t.worker, t.number, t.at, t.amount FROM taken t JOIN fates f ON f.id = t.loan
WHERE t.at <= coalesce(written_off_at, 'infinity');

INSERT INTO loans (id, created_at, updated_at, worker_id, amount, fee, fee_bps, term_days, amount_repaid, amount_written_off, status,
    risk_score, risk_factors, predicted_earnings, requested_at, approved_at, disbursed_at, repayment_due, repaid_at,
    defaulted_at, cancelled_at, rejection_reason, metadata)
SELECT f.id, requested_at, coalesce(last_at, disbursed_at), w.id, f.amount, fee, fee_bps, %(term_days)s, back,
       CASE WHEN written_off_at IS NULL THEN 0 ELSE due - back END,
       CASE WHEN is_refused THEN 'cancelled' WHEN back = due THEN 'repaid' WHEN defaulted_at IS NOT NULL THEN 'defaulted'
            WHEN back > 0 THEN 'repaying' ELSE 'active' END,
       600 + 3 * quality, '{}', f.amount * 2, requested_at,
       CASE WHEN NOT is_refused THEN disbursed_at - interval '1 minute' END,
       CASE WHEN NOT is_refused THEN disbursed_at END, CASE WHEN NOT is_refused THEN repayment_due END,
       CASE WHEN back = due THEN last_at END, defaulted_at, CASE WHEN is_refused THEN disbursed_at END,
       CASE WHEN is_refused THEN 'the earnings are too irregular' ELSE '' END, '{}'
FROM fates f
JOIN cast_workers w ON w.n = f.worker,
LATERAL (SELECT coalesce(sum(amount), 0) AS back, max(at) AS last_at FROM repayments WHERE loan = f.id) AS r
ORDER BY requested_at;

INSERT INTO write_offs SELECT id, worker, written_off_at FROM fates WHERE written_off_at IS NOT NULL AND EXISTS (
    SELECT FROM loans WHERE loans.id = fates.id AND amount_written_off > 0);

DROP TABLE lent, taken, fates;
