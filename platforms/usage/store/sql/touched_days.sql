-- The days whose events receipts have brought or changed that came after these ends of chains.
WITH ends AS (
    SELECT * FROM unnest(%(platforms)s::uuid[], %(numbers)s::bigint[]) AS e(platform_id, number)
),
later AS (
    SELECT r.id, r.batch_id FROM usage_receipts r LEFT JOIN ends e ON e.platform_id = r.platform_id
    WHERE r.number > coalesce(e.number, 0)
)
SELECT d.day::date AS day
FROM later l JOIN usage_batches b ON b.id = l.batch_id
CROSS JOIN LATERAL generate_series(b.first_day, b.last_day, interval '1 day') AS d(day)
UNION
SELECT (t.at AT TIME ZONE 'UTC')::date
FROM later l JOIN usage_corrections c ON c.receipt_id = l.id
JOIN usage_corrected_events e ON e.correction_id = c.id
CROSS JOIN LATERAL (VALUES (e.occurred_at), (e.replaced_at)) AS t(at)
WHERE t.at IS NOT NULL
ORDER BY 1
