-- Note by which entries shares of a distribution were paid.
UPDATE distribution_shares s SET entry_id = g.entry_id
FROM unnest(%(shares)s::bigint[], %(entries)s::bigint[]) AS g(share_id, entry_id)
WHERE s.id = g.share_id
