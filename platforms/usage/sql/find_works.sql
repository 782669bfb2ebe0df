-- The works of a platform under these external ids, with their creators now.
SELECT w.external_id, w.id::text AS id, w.number, c.number AS creator_number, w.published_on::timestamp AT TIME ZONE 'UTC' AS published_at, w.withdrawn_at,
       EXISTS (SELECT FROM work_moves m WHERE m.work_id = w.id) AS was_moved
FROM works w JOIN creator_profiles c ON c.id = w.creator_id
WHERE w.platform_id = %(platform)s AND w.external_id = ANY(%(external_ids)s::text[])
