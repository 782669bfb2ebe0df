-- Have these days of creators accrued anew, as far as they were accrued already; those that `are_due` in any case.
INSERT INTO days_to_accrue (platform_id, creator_number, day)
SELECT c.platform_id, c.number, g.day
FROM unnest(%(creators)s::bigint[], %(days)s::date[], %(are_due)s::boolean[]) AS g(creator, day, is_due)
JOIN creator_profiles c ON c.number = g.creator
LEFT JOIN royalty_terms t ON t.platform_id = c.platform_id
WHERE g.is_due OR g.day <= t.accrued_through
ORDER BY c.number, g.day
