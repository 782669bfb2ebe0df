-- Write the shares of a draft, which has none.
INSERT INTO distribution_shares (distribution_id, creator_number, plays, plays_refused, weight, amount)
SELECT %(distribution)s, creator_number, plays, plays_refused, weight, micros * 0.000001
FROM unnest(%(creators)s::bigint[], %(plays)s::bigint[], %(refused)s::bigint[],
                                         %(weights)s::numeric[], %(micros)s::bigint[])
    AS g(creator_number, plays, plays_refused, weight, micros)
ORDER BY g.creator_number
