-- Write the repaid sums of locked loans, and their status.
UPDATE loans
SET amount_repaid = counted.repaid, status = counted.status, repaid_at = counted.repaid_at, updated_at = money_clock()
FROM unnest(%(ids)s::uuid[], %(repaid)s::numeric[], %(statuses)s::text[], %(times)s::timestamptz[])
    AS counted(id, repaid, status, repaid_at)
WHERE loans.id = counted.id
