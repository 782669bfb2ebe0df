"""Sums of usage against the events, ids against events, and receipts against batches.

Hourly a sample of each is counted anew, the next one with each hour of the clock; `manage.py verify_usage`
counts everything.
"""

from audit.books.invariant_registry import Invariant, by_sql, register

SAMPLE = 300
# Rows from a place on that moves through the table with the hours, and the first ones.
_SAMPLED = """
    (SELECT s.* FROM {table} s
     WHERE s.{column} >= (
        SELECT coalesce(min({column}), 0)
               + mod(hashint8(floor(extract(epoch FROM money_clock()) / 3600)::bigint) & 2147483647,
                     coalesce(max({column}) - min({column}) + 1, 1))
        FROM {table})
     ORDER BY s.{column} LIMIT {most})
    UNION
    (SELECT s.* FROM {table} s ORDER BY s.{column} LIMIT {most})
"""
_SUMS = ("plays", "likes", "comments", "shares", "seconds", "purchases", "sales", "tips")


def _sampled(table: str, column: str = "id") -> str:
    return _SAMPLED.format(table=table, column=column, most=SAMPLE)


# Whether the listeners of a creator's day are final: they have no rows, and corrections leave their count.
_IS_FINAL = """EXISTS (
    SELECT FROM creator_profiles o JOIN platforms p ON p.id = o.platform_id
    JOIN platform_days f ON f.platform_number = p.number
    WHERE o.number = d.creator_number AND f.day = d.day AND f.listeners_final_at IS NOT NULL
)"""


def _sums_of(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in _SUMS)


register(
    Invariant(
        "work_days_equal_a_recount",
        "The sums of a work's day, and the number of its listeners until that is final, are those of the"
        " events that count.",
        by_sql(
            f"""
            SELECT d.id
            FROM ({_sampled("work_days")}) AS d
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE kind = 1) AS plays,
                       count(DISTINCT listener_number) FILTER (WHERE kind = 1) AS listeners,
                       count(*) FILTER (WHERE kind = 2) - count(*) FILTER (WHERE kind = 3) AS likes,
                       count(*) FILTER (WHERE kind = 4) AS comments,
                       count(*) FILTER (WHERE kind = 5) AS shares,
                       coalesce(sum(seconds), 0) AS seconds, count(*) FILTER (WHERE kind = 6) AS purchases,
                       coalesce(sum(amount) FILTER (WHERE kind = 6), 0) AS sales,
                       coalesce(sum(amount) FILTER (WHERE kind = 7), 0) AS tips
                FROM usage_events e
                WHERE e.creator_number = d.creator_number AND e.work_number = d.work_number
                      AND e.occurred_at >= d.day::timestamp AT TIME ZONE 'UTC'
                      AND e.occurred_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
                      AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = e.number)
            ) AS r
            WHERE (({_sums_of("d")}) <> ({_sums_of("r")})
                   OR d.listeners <> r.listeners AND NOT {_IS_FINAL})
                  AND NOT EXISTS (SELECT FROM usage_archives a
                                  WHERE a.month = date_trunc('month', d.day) AND a.attached_at IS NULL)
            ORDER BY 1
            """  # noqa: S608 - our text
        ),
    )
)

register(
    Invariant(
        "creator_days_are_the_sums_of_their_works",
        "The sums of a creator's day are those of the works' days, its followers those who began and ended to"
        " follow.",
        by_sql(
            f"""
            SELECT d.id
            FROM ({_sampled("creator_days")}) AS d
            JOIN creator_profiles c ON c.number = d.creator_number
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(plays), 0), coalesce(sum(likes), 0), coalesce(sum(comments), 0),
                       coalesce(sum(shares), 0), coalesce(sum(seconds), 0), coalesce(sum(purchases), 0),
                       coalesce(sum(sales), 0), coalesce(sum(tips), 0)
                FROM work_days w WHERE w.creator_number = d.creator_number AND w.day = d.day
            ) AS s(plays, likes, comments, shares, seconds, purchases, sales, tips)
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE (f.since AT TIME ZONE 'UTC')::date = d.day) AS gained,
                       count(*) FILTER (WHERE (f.until AT TIME ZONE 'UTC')::date = d.day) AS lost
                FROM follows f WHERE f.creator_id = c.id
            ) AS f
            WHERE ({_sums_of("d")}, d.followers_gained, d.followers_lost)
                  <> ({_sums_of("s")}, f.gained, f.lost)
            ORDER BY 1
            """  # noqa: S608 - our text
        ),
    )
)

register(
    Invariant(
        "creator_days_count_their_listeners",
        "The listeners of a creator's day, until they are final, are those on record for it, and their"
        " plays are its plays.",
        by_sql(
            f"""
            SELECT d.id
            FROM ({_sampled("creator_days")}) AS d
            CROSS JOIN LATERAL (
                SELECT count(*) AS listeners, coalesce(sum(plays), 0) AS plays FROM creator_listener_days l
                WHERE l.creator_number = d.creator_number AND l.day = d.day
            ) AS l
            WHERE (d.listeners, d.plays) <> (l.listeners, l.plays) AND NOT {_IS_FINAL}
            ORDER BY 1
            """  # noqa: S608 - our text
        ),
    )
)

register(
    Invariant(
        "platform_days_are_the_sums_of_their_creators",
        "The sums of a platform's day are those of its creators' days, and its listeners, until they are"
        " final, those on record.",
        by_sql(
            f"""
            SELECT d.id
            FROM ({_sampled("platform_days")}) AS d
            JOIN platforms p ON p.number = d.platform_number
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(c.plays), 0), coalesce(sum(c.likes), 0), coalesce(sum(c.comments), 0),
                       coalesce(sum(c.shares), 0), coalesce(sum(c.seconds), 0), coalesce(sum(c.purchases), 0),
                       coalesce(sum(c.sales), 0), coalesce(sum(c.tips), 0),
                       coalesce(sum(c.followers_gained), 0), coalesce(sum(c.followers_lost), 0)
                FROM creator_profiles o JOIN creator_days c ON c.creator_number = o.number
                WHERE o.platform_id = p.id AND c.day = d.day
            ) AS s(plays, likes, comments, shares, seconds, purchases, sales, tips, gained, lost)
            CROSS JOIN LATERAL (
                SELECT count(*) AS listeners, coalesce(sum(plays), 0) AS heard FROM platform_listener_days l
                WHERE l.platform_number = d.platform_number AND l.day = d.day
            ) AS l
            WHERE ({_sums_of("d")}, d.followers_gained, d.followers_lost)
                  <> ({_sums_of("s")}, s.gained, s.lost)
                  OR (d.listeners, d.plays) <> (l.listeners, l.heard) AND d.listeners_final_at IS NULL
            ORDER BY 1
            """  # noqa: S608 - our text
        ),
    )
)

register(
    Invariant(
        "usage_events_have_their_ids_once",
        "Each event that a platform has reported stands alone under its id, with its time.",
        by_sql(
            f"""
            SELECT e.number
            FROM ({_sampled("usage_batches")}) AS b
            JOIN usage_events e ON e.number >= b.id * 8192 AND e.number < (b.id + 1) * 8192
                 AND e.occurred_at >= b.first_day::timestamp AT TIME ZONE 'UTC'
                 AND e.occurred_at < (b.last_day + 1)::timestamp AT TIME ZONE 'UTC'
            LEFT JOIN usage_keys k
                ON k.platform_number = e.platform_number AND k.external_id = e.external_id
            WHERE (k.event_number, k.occurred_at) IS DISTINCT FROM (e.number, e.occurred_at)
            ORDER BY 1
            """  # noqa: S608 - our text
        ),
    )
)

register(
    Invariant(
        "usage_batches_have_their_events",
        "A batch has as many events as it has accepted, with as many ids, and its receipt covers as many.",
        by_sql(
            f"""
            SELECT b.id
            FROM ({_sampled("usage_batches")}) AS b
            LEFT JOIN usage_receipts r ON r.batch_id = b.id
            CROSS JOIN LATERAL (
                SELECT count(*) AS events, count(k.event_number) AS ids
                FROM usage_events e
                LEFT JOIN usage_keys k
                    ON k.platform_number = e.platform_number AND k.external_id = e.external_id
                    AND k.event_number = e.number
                WHERE e.number >= b.id * 8192 AND e.number < (b.id + 1) * 8192
                      AND e.occurred_at >= b.first_day::timestamp AT TIME ZONE 'UTC'
                      AND e.occurred_at < (b.last_day + 1)::timestamp AT TIME ZONE 'UTC'
            ) AS e
            WHERE (b.accepted, b.accepted, b.accepted::bigint)
                  IS DISTINCT FROM (e.events, e.ids, r.count::bigint)
                  AND NOT EXISTS (SELECT FROM usage_archives a
                                  WHERE a.month BETWEEN date_trunc('month', b.first_day) AND b.last_day
                                        AND a.attached_at IS NULL)
            ORDER BY 1
            """  # noqa: S608 - our text
        ),
    )
)

register(
    Invariant(
        "receipts_are_a_chain_without_a_gap",
        "A platform's receipts are numbered from 1 without a gap, each names the one before it, and the"
        " last one is the chain's end.",
        by_sql(
            """
            SELECT coalesce(r.platform_id, c.platform_id)
            FROM (
                SELECT platform_id, max(number) AS last_number,
                       bool_and(number = place AND previous_hash = before) AS is_chained,
                       (array_agg(hash ORDER BY number DESC))[1] AS last_hash
                FROM (
                    SELECT platform_id, number, hash, previous_hash,
                           row_number() OVER chain AS place,
                           lag(hash, 1, repeat('0', 64)) OVER chain AS before
                    FROM usage_receipts WINDOW chain AS (PARTITION BY platform_id ORDER BY number)
                ) AS receipts GROUP BY platform_id
            ) AS r
            FULL JOIN (SELECT * FROM usage_receipt_chains WHERE last_number > 0) AS c
                ON c.platform_id = r.platform_id
            WHERE NOT coalesce(r.is_chained, false)
                  OR (r.last_number, r.last_hash) IS DISTINCT FROM (c.last_number, c.last_hash)
            """
        ),
    )
)

register(
    Invariant(
        "events_are_excluded_by_a_correction",
        "An event that does not count was corrected, or brought by a correction that was reverted.",
        by_sql(
            """
            SELECT x.event_number
            FROM usage_exclusions x
            WHERE NOT EXISTS (
                SELECT FROM usage_corrected_events e JOIN usage_corrections c ON c.id = e.correction_id
                LEFT JOIN usage_corrections r ON r.reverts_id = c.id
                WHERE (e.event_number = x.event_number AND (c.kind = 'backfill') = (r.id IS NOT NULL)
                       OR e.replacement_number = x.event_number AND r.id IS NOT NULL)
                      AND c.kind <> 'revert'
            )
            ORDER BY 1
            """
        ),
    )
)
