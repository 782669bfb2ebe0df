-- Count the creators whose share of a distribution has another weight than these, or who have none.
SELECT count(*) AS differing
FROM (SELECT creator_number, weight FROM distribution_shares WHERE distribution_id = %(distribution)s) AS s
FULL JOIN unnest(%(creators)s::bigint[], %(weights)s::numeric[]) AS g(creator_number, weight) USING (creator_number)
WHERE s.weight IS DISTINCT FROM g.weight
