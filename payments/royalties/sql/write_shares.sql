-- Write the shares of a draft, which has none.
INSERT INTO distribution_shares (distribution_id, creator_number, plays, plays_refused, weight, amount)
SELECT %(distribution)s, g.* FROM unnest(%(creators)s::bigint[], %(plays)s::bigint[], %(refused)s::bigint[],
                                         %(weights)s::numeric[], %(amounts)s::numeric[])
    AS g(creator_number, plays, plays_refused, weight, amount)
ORDER BY g.creator_number
