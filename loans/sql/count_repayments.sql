-- What locked loans have been repaid so far, and where that puts them.
UPDATE loans
SET amount_repaid = counted.repaid, status = counted.status, repaid_at = counted.repaid_at, updated_at = now()
FROM unnest(%(ids)s::uuid[], %(repaid)s::numeric[], %(statuses)s::text[], %(times)s::timestamptz[])
    AS counted(id, repaid, status, repaid_at)
WHERE loans.id = counted.id
