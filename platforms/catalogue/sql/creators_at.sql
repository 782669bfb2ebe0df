-- The number of the creator that each work had at a time: by the last move until then, or before the first move.
SELECT c.number AS creator
FROM unnest(%(works)s::bigint[], %(times)s::timestamptz[]) WITH ORDINALITY AS g(work, at, position)
LEFT JOIN works w ON w.number = g.work
LEFT JOIN LATERAL (
    SELECT to_creator_id FROM work_moves
    WHERE work_id = w.id AND moved_at <= g.at ORDER BY moved_at DESC LIMIT 1
) AS last ON true
LEFT JOIN LATERAL (
    SELECT from_creator_id FROM work_moves
    WHERE work_id = w.id AND moved_at > g.at ORDER BY moved_at LIMIT 1
) AS next ON true
LEFT JOIN creator_profiles c ON c.id = coalesce(last.to_creator_id, next.from_creator_id, w.creator_id)
ORDER BY g.position
