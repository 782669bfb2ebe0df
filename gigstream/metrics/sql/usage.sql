-- Events that wait for the store of raw events, and those that no month has taken.
SELECT (SELECT coalesce(sum(events), 0) FROM usage_store_batches) AS usage_store_waiting,
       (
           SELECT extract(epoch FROM money_clock() - min(r.received_at))
           FROM usage_store_batches b JOIN usage_receipts r ON r.id = b.receipt_id
       ) AS usage_store_oldest_seconds,
       (SELECT count(*) FROM usage_events_default) AS usage_events_stray
