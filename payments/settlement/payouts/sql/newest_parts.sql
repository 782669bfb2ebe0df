-- The newest parts of an account that no hold keeps, up to an amount.
SELECT p.entry_id, least(p.free, %(amount)s - p.upto + p.free) AS amount
FROM (SELECT entry_id, uncovered - held AS free, sum(uncovered - held) OVER (ORDER BY entry_id DESC) AS upto
      FROM open_parts(ARRAY[%(account)s::bigint]) WHERE uncovered > held) p
WHERE p.upto - p.free < %(amount)s
