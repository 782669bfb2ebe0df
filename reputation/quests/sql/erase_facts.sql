-- Put hashes in the place of the facts of a worker who is being erased.
UPDATE quest_events e SET external_id = given.external_id
FROM unnest(%(ids)s::bigint[], %(external_ids)s::text[]) AS given(id, external_id)
WHERE e.id = given.id
