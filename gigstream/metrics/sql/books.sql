WITH latest AS (SELECT max(checked_at) AS at FROM book_checks)
SELECT extract(epoch FROM money_clock() - latest.at) AS books_check_age_seconds,
       count(b.id) AS books_invariants_checked,
       count(b.id) FILTER (WHERE b.violations > 0) AS books_invariants_violated
FROM latest LEFT JOIN book_checks b ON b.checked_at = latest.at
GROUP BY latest.at
