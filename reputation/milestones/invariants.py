"""Milestones against the days that they follow from, their rules, and the operations of their tokens."""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "creator_totals_are_the_sums_of_their_days",
        "The totals of a creator are the sums of the days, and followers those who follow now.",
        by_sql(
            """
            SELECT coalesce(t.creator_number, d.creator_number)
            FROM creator_totals t
            FULL JOIN (
                SELECT creator_number, sum(plays) AS plays,
                       sum(followers_gained - followers_lost) AS followers, sum(likes) AS likes,
                       sum(comments) AS comments, sum(shares) AS shares, sum(purchases) AS purchases,
                       sum(sales + tips) AS revenue
                FROM creator_days GROUP BY 1
            ) AS d ON d.creator_number = t.creator_number
            WHERE (coalesce(t.plays, 0), coalesce(t.followers, 0), coalesce(t.likes, 0),
                   coalesce(t.comments, 0), coalesce(t.shares, 0), coalesce(t.purchases, 0),
                   coalesce(t.revenue, 0))
                  <> (coalesce(d.plays, 0), coalesce(d.followers, 0), coalesce(d.likes, 0),
                      coalesce(d.comments, 0), coalesce(d.shares, 0), coalesce(d.purchases, 0),
                      coalesce(d.revenue, 0))
            """
        ),
    )
)

register(
    Invariant(
        "milestones_are_reached_once_with_their_operation",
        "A creator reaches a version of a rule once, and a milestone that made a token has an operation of"
        " that creator, which no other milestone has.",
        by_sql(
            """
            SELECT min(id::text) FROM creator_milestones GROUP BY creator_id, rule_id HAVING count(*) > 1
            UNION ALL
            SELECT min(id::text) FROM creator_milestones WHERE operation_id IS NOT NULL
            GROUP BY operation_id HAVING count(*) > 1
            UNION ALL
            SELECT m.id::text FROM creator_milestones m
            WHERE m.operation_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM chain_operations o JOIN chain_operation_creators c ON c.operation_id = o.id
                WHERE o.id = m.operation_id AND o.kind = 'create_token' AND c.creator_id = m.creator_id
            )
            """
        ),
    )
)

register(
    Invariant(
        "milestones_are_reached_under_their_rule",
        "A milestone was reached by a creator of the rule's platform, with every condition of the rule met by"
        " the values that it keeps, and has the rule's action.",
        by_sql(
            """
            SELECT m.id FROM creator_milestones m
            JOIN milestone_rules r ON r.id = m.rule_id JOIN creator_profiles c ON c.id = m.creator_id
            WHERE m.action <> r.action OR r.platform_id <> c.platform_id
               OR NOT EXISTS (SELECT FROM milestone_conditions k WHERE k.rule_id = r.id)
               OR EXISTS (
                   SELECT FROM milestone_conditions k
                   WHERE k.rule_id = r.id
                         AND coalesce((m.current_value -> k.metric ->> k.time_window)::numeric, -1)
                             < k.threshold
               )
            """
        ),
    )
)
