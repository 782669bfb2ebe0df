-- Advances of today: requested, approved, or just disbursed.
INSERT INTO loans (id, created_at, updated_at, worker_id, amount, fee, fee_bps, amount_repaid, amount_written_off, status,
    risk_score, risk_factors, predicted_earnings, requested_at, approved_at, disbursed_at, repayment_due,
    rejection_reason, metadata)
SELECT pg_temp.row_id(6, w.n, requested_at), requested_at, requested_at, w.id, amount, pg_temp.share(amount, 200), 200, 0, 0,
       (ARRAY['pending', 'approved', 'disbursed'])[stage], 600 + 3 * quality, '{}', amount * 2, requested_at,
       CASE WHEN stage >= 2 THEN requested_at + interval '10 minutes' END,
       CASE WHEN stage = 3 THEN disbursed_at END,
       CASE WHEN stage = 3 THEN disbursed_at + interval '1 day' * %(term_days)s END, '', '{}'
FROM cast_workers w,
     LATERAL (SELECT %(now)s - interval '1 minute' * (120 + pg_temp.dice(w.n, 111, 600)) AS requested_at,
                     mod(w.n, 20) / 5 AS stage, 30 + pg_temp.dice(w.n, 113, 90)::numeric AS amount,
                     %(now)s - interval '1 second' * (60 + pg_temp.dice(w.n, 114, 240)) AS disbursed_at) AS asked
WHERE mod(w.n, 20) IN (5, 10, 15) AND joined_at < %(now)s - interval '30 days'
  AND NOT EXISTS (SELECT FROM loans l WHERE l.worker_id = w.id AND l.status NOT IN ('cancelled', 'repaid'))
ORDER BY w.n;

ANALYZE loans, repayments, write_offs;
