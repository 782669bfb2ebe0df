-- Make these the works of the collection, at these positions. The key of positions is checked when all is written.
WITH given AS MATERIALIZED (
    SELECT work_id, position FROM unnest(%(works)s::uuid[], %(positions)s::integer[]) AS g(work_id, position)
),
gone AS (
    DELETE FROM collection_works
    WHERE collection_id = %(collection)s::uuid AND work_id NOT IN (SELECT work_id FROM given)
)
INSERT INTO collection_works (collection_id, work_id, position)
SELECT %(collection)s::uuid, work_id, position FROM given ORDER BY position
ON CONFLICT (collection_id, work_id) DO UPDATE SET position = excluded.position
