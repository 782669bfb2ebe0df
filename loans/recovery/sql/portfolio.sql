-- What advances that were paid out have come to: all of them, by the score they were decided on, and by the month
-- (UTC) they were paid out in. A loan has ended when it was repaid or has defaulted, also when it was repaid after.
SELECT CASE WHEN grouping(band) = 0 THEN 'score' WHEN grouping(month) = 0 THEN 'month' ELSE 'all' END AS part,
       coalesce(band, to_char(month, 'YYYY-MM'), '') AS name,
       count(*) AS loans,
       coalesce(sum(amount), 0) AS lent,
       coalesce(sum(fee), 0) AS fees,
       coalesce(sum(amount_repaid), 0) AS repaid,
       coalesce(sum(amount_written_off), 0) AS written_off,
       coalesce(sum(owed), 0) AS outstanding,
       coalesce(sum(owed) FILTER (WHERE repayment_due < %(now)s), 0) AS overdue,
       coalesce(sum(owed) FILTER (WHERE status = 'defaulted'), 0) AS in_default,
       count(*) FILTER (WHERE status = 'repaid' OR defaulted_at IS NOT NULL) AS ended,
       count(*) FILTER (WHERE defaulted_at IS NOT NULL) AS defaulted
FROM (
    SELECT amount, fee, amount_repaid, amount_written_off, status, repayment_due, defaulted_at,
           total_due - amount_repaid - amount_written_off AS owed,
           date_trunc('month', disbursed_at AT TIME ZONE 'UTC') AS month,
           CASE WHEN risk_score >= 800 THEN '800 to 1000' WHEN risk_score >= 700 THEN '700 to 799'
                WHEN risk_score >= 600 THEN '600 to 699' WHEN risk_score IS NOT NULL THEN 'below 600'
                ELSE 'not assessed' END AS band
    FROM loans WHERE disbursed_at IS NOT NULL
) paid_out
GROUP BY GROUPING SETS ((), (band), (month))
ORDER BY part, name DESC
