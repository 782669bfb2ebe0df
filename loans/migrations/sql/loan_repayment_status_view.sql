-- How far each loan is repaid and how late it is. No grouping: any filter reaches the indexes of loans.
CREATE VIEW loan_repayment_status_view AS
SELECT l.id AS loan_id,
       l.worker_id,
       l.status,
       l.amount,
       l.fee,
       l.total_due,
       l.amount_repaid,
       l.amount_written_off,
       debt.owed,
       round(100 * l.amount_repaid / l.total_due, 2) AS progress_percent,
       l.disbursed_at,
       l.repayment_due,
       coalesce(debt.owed > 0 AND l.repayment_due < money_clock(), false) AS is_overdue,
       CASE WHEN debt.owed > 0 AND l.repayment_due < money_clock()
            THEN floor(extract(epoch FROM money_clock() - l.repayment_due) / 86400) ELSE 0 END::integer AS overdue_days,
       l.defaulted_at IS NOT NULL AS is_defaulted,
       l.defaulted_at,
       l.repaid_at,
       CASE WHEN l.status = 'repaid' THEN l.repaid_at <= l.repayment_due END AS repaid_on_time
FROM loans l
CROSS JOIN LATERAL (
    SELECT CASE WHEN l.disbursed_at IS NULL THEN 0
                ELSE l.total_due - l.amount_repaid - l.amount_written_off END AS owed
) debt;
-- reverse
DROP VIEW loan_repayment_status_view;
