"""Quests against their events, their counts and the money that is booked for them."""

from audit.books.invariant_registry import Invariant, by_sql, register
from payments.earnings import reserves
from reputation.quests.vocabulary import QUEST


def _fee_sql(total: str) -> str:
    """Return SQL for the fee of a quest's rate on a sum, as `gigstream.core.money.share_bps` has it."""
    return f"div({total} * 1000000 * q.fee_bps, 10000) * 0.000001"


# Rewards that are not yet granted, and the fee that is still due: all rewards together carry it on their sum.
_LEFT = f"q.budget - q.granted + {_fee_sql('q.budget')} - {_fee_sql('q.granted')}"

reserves.register(
    reserves.QUESTS,
    f"SELECT q.platform_id, {_LEFT} AS amount FROM quests q"  # noqa: S608 - fragments of this file
    " WHERE q.reward_kind = 'payout' AND q.platform_id IS NOT NULL",
)

# Events that have taken a place: rewarded, held, waiting with a reservation, or refused after they were held.
_WITH_PLACE = """(
    v.status IN ('granted', 'settled', 'held')
    OR (v.status = 'received' AND v.reservation_id IS NOT NULL)
    OR (v.status = 'rejected' AND v.held_until IS NOT NULL)
)"""

register(
    Invariant(
        "quest_budget_is_its_fundings",
        "The budget of each quest is the sum of what it got, less what it gave back.",
        by_sql(
            """
            WITH given AS (SELECT quest_id, sum(amount) AS amount FROM quest_fundings GROUP BY 1)
            SELECT q.id FROM quests q LEFT JOIN given g ON g.quest_id = q.id
            WHERE coalesce(q.budget, 0) <> coalesce(g.amount, 0)
            ORDER BY q.id
            """
        ),
    )
)

register(
    Invariant(
        "quest_sums_follow_its_events",
        "What a quest has granted is the sum of its granted events; what it reserves is the sum of its open"
        " reservations, its held events, and its waiting events with a reservation.",
        by_sql(
            """
            WITH of_events AS (
                SELECT quest_id,
                       sum(granted_amount) AS granted,
                       sum(amount) FILTER (WHERE status = 'held'
                           OR (status = 'received' AND reservation_id IS NOT NULL)) AS reserved
                FROM quest_events GROUP BY 1
            ),
            of_reservations AS (
                SELECT quest_id, sum(amount) AS reserved FROM quest_reservations
                WHERE status = 'open' GROUP BY 1
            )
            SELECT q.id FROM quests q
            LEFT JOIN of_events e ON e.quest_id = q.id
            LEFT JOIN of_reservations r ON r.quest_id = q.id
            WHERE q.granted <> coalesce(e.granted, 0)
               OR q.reserved <> coalesce(e.reserved, 0) + coalesce(r.reserved, 0)
            ORDER BY q.id
            """
        ),
    )
)

register(
    Invariant(
        "quest_places_are_counted",
        "The places that are taken of a quest are its events with a reward or a hold, and its reservations.",
        by_sql(
            f"""
            WITH taken AS (
                SELECT v.quest_id, 1 AS n FROM quest_events v WHERE {_WITH_PLACE}
                UNION ALL
                SELECT quest_id, 1 FROM quest_reservations WHERE status = 'open'
            ),
            counted AS (SELECT quest_id, sum(n) AS n FROM taken GROUP BY 1)
            SELECT q.id FROM quests q LEFT JOIN counted c ON c.quest_id = q.id
            WHERE q.places_taken <> coalesce(c.n, 0)
            ORDER BY q.id
            """  # noqa: S608 - a fragment of this file
        ),
    )
)

register(
    Invariant(
        "quest_counts_equal_their_events",
        "A worker's count of a quest and period is the number of their events, but those rejected without a"
        " hold, and of their open reservations.",
        by_sql(
            f"""
            WITH part AS (
                SELECT v.worker_id, v.quest_id, v.event_date AS period_date, 1 AS n
                FROM quest_events v WHERE {_WITH_PLACE} OR v.status = 'received'
                UNION ALL
                SELECT worker_id, quest_id, period_date, 1 FROM quest_reservations WHERE status = 'open'
                UNION ALL
                SELECT worker_id, quest_id, period_date, -n FROM quest_counts
            )
            SELECT quest_id || ' of ' || worker_id FROM part
            GROUP BY worker_id, quest_id, period_date HAVING sum(n) <> 0
            ORDER BY 1
            """  # noqa: S608 - a fragment of this file
        ),
    )
)

register(
    Invariant(
        "quest_event_pays_as_it_says",
        "Each payout of a quest's event is a single reward, of the event's amount, to its worker, and each"
        " reward of a quest belongs to an event.",
        by_sql(
            f"""
            SELECT 'event ' || v.id FROM quest_events v
            JOIN ledger_entries e ON e.id = v.entry_id
            JOIN accounts a ON a.id = e.credit_account_id
            WHERE (e.kind, e.amount, e.subject_kind, e.subject_id, a.worker_id)
                  IS DISTINCT FROM ('reward', v.amount, {QUEST.number}::smallint, v.quest_id, v.worker_id)
            UNION ALL
            SELECT 'entry ' || e.id FROM ledger_entries e
            WHERE e.kind = 'reward' AND e.subject_kind = {QUEST.number}
              AND NOT EXISTS (SELECT FROM quest_events v WHERE v.entry_id = e.id)
            """  # noqa: S608 - a number of our own
        ),
        money=True,
    )
)

register(
    Invariant(
        "quest_event_has_its_points",
        "Each granted event of a quest of points has one entry, of the points by its factor, of its worker"
        " and owner; no other event has any.",
        by_sql(
            """
            SELECT coalesce('event ' || v.id, 'entry ' || p.id)
            FROM (
                SELECT v.id, v.granted_amount AS amount, v.worker_id, q.platform_id
                FROM quest_events v JOIN quests q ON q.id = v.quest_id
                WHERE v.reward_kind = 'points' AND v.status = 'granted'
            ) v
            FULL JOIN (SELECT * FROM points_entries WHERE quest_event_id IS NOT NULL) p
                ON p.quest_event_id = v.id
            WHERE (v.amount, v.worker_id, v.platform_id)
                  IS DISTINCT FROM (p.amount, p.worker_id, p.platform_id)
            ORDER BY 1
            """
        ),
    )
)

register(
    Invariant(
        "quest_money_is_conserved",
        "What was held for a platform's quest was paid, charged, given back or is left in its budget, with"
        " the fee on it.",
        by_sql(
            f"""
            WITH booked AS (
                SELECT subject_id, sum(CASE WHEN kind = 'hold' THEN amount ELSE -amount END) AS amount
                FROM ledger_entries
                WHERE subject_kind = {QUEST.number} AND kind IN ('hold', 'reward', 'fee', 'refund')
                GROUP BY subject_id
            )
            SELECT q.id FROM quests q LEFT JOIN booked b ON b.subject_id = q.id
            WHERE q.reward_kind = 'payout' AND q.platform_id IS NOT NULL AND coalesce(b.amount, 0) <> {_LEFT}
            ORDER BY q.id
            """  # noqa: S608 - fragments of this file
        ),
    )
)

register(
    Invariant(
        "quest_reserves_nothing_too_long",
        "No reservation whose lease is over and that waits for no decision about a proof, and no event whose"
        " hold is over, was left as it was by the job that ends them.",
        by_sql(
            """
            WITH ran AS (
                SELECT name, last_started_at - interval '1 minute' AS at FROM job_heartbeats
                WHERE last_succeeded_at >= last_started_at
            )
            SELECT 'reservation ' || r.id FROM quest_reservations r
            WHERE r.status = 'open' AND r.handed_in_at IS NULL
              AND r.expires_at < (SELECT at FROM ran WHERE name = 'expire_reservations')
            UNION ALL
            SELECT 'event ' || v.id FROM quest_events v
            WHERE v.status = 'held' AND v.held_until < (SELECT at FROM ran WHERE name = 'end_quest_holds')
            """
        ),
    )
)

register(
    Invariant(
        "quest_event_is_settled_once_it_has_left",
        "A settled reward of a quest has left as a whole: no payout that took a part of it is under way.",
        by_sql(
            """
            SELECT v.id FROM quest_events v
            JOIN ledger_entries e ON e.id = v.entry_id
            LEFT JOIN LATERAL (
                SELECT bool_and(h.kind <> 'payout_hold' OR t.status = 'confirmed') AS has_left
                FROM covered_parts p
                JOIN ledger_entries h ON h.id = p.entry_id
                LEFT JOIN transactions t ON t.id = h.transaction_id
                WHERE p.account_id = e.credit_account_id AND NOT p.given_back
                  AND p.last_part_id >= e.id AND p.first_part_id <= e.id
            ) c ON true
            WHERE v.status = 'settled' AND c.has_left IS NOT TRUE
            ORDER BY v.id
            """
        ),
    )
)

register(
    Invariant(
        "quest_hold_has_its_decision",
        "Each event of a quest that was held has the decision that held it, and a refusal after a hold that"
        " of a person.",
        by_sql(
            """
            SELECT v.id FROM quest_events v
            WHERE v.held_until IS NOT NULL AND (
                NOT EXISTS (
                    SELECT FROM decisions d WHERE d.rule = 'quest.hold' AND d.outcome = 'held'
                      AND d.subject_type = 'questevent' AND d.subject_id = v.id::text)
                OR (v.status = 'rejected' AND NOT EXISTS (
                    SELECT FROM decisions d WHERE d.rule = 'quest.held_reward' AND d.outcome = 'kept'
                      AND d.subject_type = 'questevent' AND d.subject_id = v.id::text)))
            ORDER BY v.id
            """
        ),
    )
)

register(
    Invariant(
        "quest_outflows_are_their_events",
        "The outflow of a quest in an hour is the number and the sum of its rewards that were granted then.",
        by_sql(
            """
            WITH of_events AS (
                SELECT quest_id, date_trunc('hour', granted_at, 'UTC') AS hour, count(*) AS events,
                       sum(granted_amount) AS granted
                FROM quest_events WHERE granted_at IS NOT NULL GROUP BY 1, 2
            )
            SELECT coalesce(e.quest_id, o.quest_id) FROM of_events e
            FULL JOIN quest_outflows o ON o.quest_id = e.quest_id AND o.hour = e.hour
            WHERE (coalesce(o.granted, 0), coalesce(o.events, 0))
                  <> (coalesce(e.granted, 0), coalesce(e.events, 0))
            ORDER BY 1
            """
        ),
    )
)

register(
    Invariant(
        "quest_outflows_of_workers_are_their_events",
        "The outflow of a worker on a date is the sum of the USDC that quests granted them then.",
        by_sql(
            """
            WITH of_events AS (
                SELECT worker_id, (granted_at AT TIME ZONE 'UTC')::date AS date,
                       sum(granted_amount) AS granted
                FROM quest_events WHERE granted_at IS NOT NULL AND reward_kind = 'payout' GROUP BY 1, 2
            )
            SELECT coalesce(e.worker_id, o.worker_id) FROM of_events e
            FULL JOIN quest_worker_outflows o ON o.worker_id = e.worker_id AND o.date = e.date
            WHERE coalesce(o.granted, 0) <> coalesce(e.granted, 0)
            ORDER BY 1
            """
        ),
    )
)

register(
    Invariant(
        "quest_reduction_has_its_decision",
        "Each event of a quest whose points were reduced has the decision that reduced them.",
        by_sql(
            """
            SELECT v.id FROM quest_events v
            WHERE v.factor < 1 AND NOT EXISTS (
                SELECT FROM decisions d WHERE d.outcome = 'reduced'
                  AND d.subject_type = 'questevent' AND d.subject_id = v.id::text)
            ORDER BY v.id
            """
        ),
    )
)
