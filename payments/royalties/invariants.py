"""Pay by use, distributions and pools against their parts and the money that is booked for them."""

from audit.books.invariant_registry import Invariant, by_sql, register
from payments.earnings import reserves
from payments.ledger.subjects import DISTRIBUTION, POOL, ROYALTY_PERIOD, SubjectKind
from payments.royalties.calculations.shares import SCALE


def _fee_sql(total: str, row: str) -> str:
    """Return SQL for the fee by the rate of a row on a sum, as `gigstream.core.money.share_bps` has it."""
    return f"div(({total}) * 1000000 * {row}.fee_bps, 10000) * 0.000001"


# Carried pay, and the fee that is still due on it.
_CARRIED = f"y.carried + {_fee_sql('y.paid + y.carried', 'p')} - {_fee_sql('y.paid', 'p')}"
_OF_DISTRIBUTION = (
    f"d.amount - d.paid_amount + {_fee_sql('d.amount', 'd')} - {_fee_sql('d.paid_amount', 'd')}"
)
_OF_POOL = f"o.received - o.paid + {_fee_sql('o.received', 'o')} - {_fee_sql('o.paid', 'o')}"

reserves.register(
    reserves.ROYALTIES,
    f"SELECT p.platform_id, {_CARRIED} AS amount"  # noqa: S608 - fragments of this file
    " FROM period_pays y JOIN royalty_periods p ON p.id = y.period_id WHERE y.carried > 0",
)
reserves.register(
    reserves.DISTRIBUTIONS,
    f"SELECT d.platform_id, {_OF_DISTRIBUTION} AS amount"  # noqa: S608 - fragments of this file
    " FROM distributions d WHERE d.status = 'approved'",
)
reserves.register(
    reserves.POOLS,
    f"SELECT o.platform_id, {_OF_POOL} AS amount FROM pools o",  # noqa: S608 - fragments of this file
)


def _booked(kind: SubjectKind) -> str:
    """Return SQL for the sums that entries of rows of a kind leave in escrow, and that they paid."""
    return f"""
        SELECT subject_id, sum(CASE WHEN kind = 'hold' THEN amount ELSE -amount END) AS amount,
               sum(amount) FILTER (WHERE kind = 'royalty') AS paid
        FROM ledger_entries
        WHERE subject_kind = {kind.number} AND kind IN ('hold', 'royalty', 'fee', 'refund')
        GROUP BY subject_id
    """  # noqa: S608 - a number of our own


register(
    Invariant(
        "royalty_pay_is_whole",
        "The royalties of a creator in a period were paid, are carried, unfunded or held; a part that"
        " corrections took back was paid before.",
        by_sql(
            """
            SELECT id FROM period_pays
            WHERE accrued + taken_back <> paid + recovered + carried + unfunded + held
            ORDER BY id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "royalty_pay_is_its_days",
        "The royalties of a creator in a period, and the part that is held, are the sums of its days.",
        by_sql(
            """
            WITH days AS (
                SELECT period_id, creator_number, 'plays' AS source, sum(amount) AS accrued, sum(held) AS held
                FROM daily_accruals GROUP BY 1, 2
                UNION ALL
                SELECT period_id, creator_number, 'sales', sum(sales), 0 FROM daily_accruals GROUP BY 1, 2
            )
            SELECT period_id || ' of ' || creator_number || ' for ' || source
            FROM days FULL JOIN period_pays y USING (period_id, creator_number, source)
            WHERE coalesce(days.accrued, 0) <> coalesce(y.accrued, 0)
               OR coalesce(days.held, 0) <> coalesce(y.held, 0)
            ORDER BY 1
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "royalty_days_follow_use",
        "A day that is over, was accrued and does not wait to be accrued anew is worth its plays by the rates"
        " of the day, those refused left out, and its purchases and tips: 1,000 days, others with each hour,"
        " and the first 1,000.",
        by_sql(
            """
            WITH sample AS MATERIALIZED (
                (SELECT * FROM daily_accruals WHERE id >= (
                    SELECT coalesce(min(id), 0)
                           + mod(hashint8(floor(extract(epoch FROM money_clock()) / 3600)::bigint)
                                 & 2147483647, coalesce(max(id) - min(id) + 1, 1))
                    FROM daily_accruals)
                 ORDER BY id LIMIT 1000)
                UNION
                (SELECT * FROM daily_accruals ORDER BY id LIMIT 1000)
            ),
            pair AS (
                SELECT array_agg(creator_number) AS creators, array_agg(day) AS days FROM sample
            ),
            uses AS (
                SELECT u.creator_number, u.day, sum(u.plays) AS plays,
                       sum((u.plays - u.refused) * u.rate) AS amount, sum(u.held * u.rate) AS held,
                       sum(u.sales) AS sales
                FROM pair, royalty_uses(pair.creators, pair.days) AS u GROUP BY 1, 2
            )
            SELECT a.id FROM sample a
            JOIN creator_profiles c ON c.number = a.creator_number
            JOIN royalty_terms t ON t.platform_id = c.platform_id AND a.day <= t.accrued_through
            LEFT JOIN uses u ON u.creator_number = a.creator_number AND u.day = a.day
            WHERE (a.plays, a.amount, a.held, a.sales)
                  <> (coalesce(u.plays, 0), coalesce(u.amount, 0), coalesce(u.held, 0), coalesce(u.sales, 0))
              AND NOT EXISTS (
                  SELECT FROM days_to_accrue q WHERE q.platform_id = c.platform_id AND q.day = a.day
                    AND (q.creator_number IS NULL OR q.creator_number = a.creator_number))
            ORDER BY a.id
            """
        ),
    )
)

register(
    Invariant(
        "royalty_payments_are_what_was_paid",
        "The paid and the recovered sum of a creator and period are those of its payments,"
        " numbered from 1 on; each is an entry of its amount for its worker.",
        by_sql(
            f"""
            WITH given AS (
                SELECT pay_id, sum(amount) AS paid, sum(recovered) AS recovered, count(*) AS payments,
                       max(number) AS last
                FROM royalty_payments GROUP BY 1
            )
            SELECT 'pay ' || y.id FROM period_pays y LEFT JOIN given g ON g.pay_id = y.id
            WHERE (y.paid, y.recovered, y.payments, y.payments)
                  <> (coalesce(g.paid, 0), coalesce(g.recovered, 0), coalesce(g.payments, 0),
                      coalesce(g.last, 0))
            UNION ALL
            SELECT 'payment ' || m.id FROM royalty_payments m
            JOIN period_pays y ON y.id = m.pay_id
            JOIN creator_profiles c ON c.number = y.creator_number
            JOIN ledger_entries e ON e.id = m.entry_id
            JOIN accounts a ON a.id = e.credit_account_id
            WHERE (e.kind, e.amount, e.subject_kind, e.subject_id, a.worker_id)
                  IS DISTINCT FROM
                  ('royalty', m.amount, {ROYALTY_PERIOD.number}::smallint, y.period_id, c.worker_id)
            ORDER BY 1
            """  # noqa: S608 - a number of our own
        ),
        money=True,
    )
)

register(
    Invariant(
        "royalty_money_is_conserved",
        "Money held for a period was paid, charged, given back or is carried, with the fee on it; its"
        " fundings are the paid and the carried sums.",
        by_sql(
            f"""
            WITH booked AS ({_booked(ROYALTY_PERIOD)}),
            needed AS (
                SELECT y.period_id, sum({_CARRIED}) AS amount, sum(y.paid) AS paid,
                       sum(y.paid + y.carried) AS funded, sum({_fee_sql("y.paid + y.carried", "p")}) AS fee
                FROM period_pays y JOIN royalty_periods p ON p.id = y.period_id GROUP BY 1
            ),
            given AS (
                SELECT period_id, sum(amount) AS amount, sum(fee) AS fee FROM period_fundings GROUP BY 1
            )
            SELECT p.id FROM royalty_periods p
            LEFT JOIN booked b ON b.subject_id = p.id
            LEFT JOIN needed n ON n.period_id = p.id
            LEFT JOIN given g ON g.period_id = p.id
            WHERE (coalesce(b.amount, 0), coalesce(b.paid, 0), coalesce(g.amount, 0), coalesce(g.fee, 0))
                  <> (coalesce(n.amount, 0), coalesce(n.paid, 0), coalesce(n.funded, 0), coalesce(n.fee, 0))
            ORDER BY p.id
            """  # noqa: S608 - fragments of this file
        ),
        money=True,
    )
)

register(
    Invariant(
        "carried_balance_is_of_final_periods",
        "The carried balance of a creator is that of final periods for plays; the negative remainder was"
        " taken back and payments have not made up for.",
        by_sql(
            """
            WITH counted AS (
                SELECT y.creator_number,
                       sum(y.carried) FILTER (WHERE p.status = 'final' AND y.source = 'plays') AS carried,
                       sum(y.taken_back - y.recovered) AS remainder
                FROM period_pays y JOIN royalty_periods p ON p.id = y.period_id GROUP BY 1
            )
            SELECT creator_number FROM counted c FULL JOIN carried_balances b USING (creator_number)
            WHERE coalesce(c.carried, 0) <> coalesce(b.carried, 0)
               OR coalesce(c.remainder, 0) <> coalesce(b.remainder, 0)
            ORDER BY 1
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "royalty_periods_lie_apart",
        "Periods of a platform have no day in common, and a final one has a statement for each creator whose"
        " days were not all counted anew since.",
        by_sql(
            """
            SELECT a.id::text FROM royalty_periods a
            JOIN royalty_periods b
                ON b.platform_id = a.platform_id AND b.first > a.first AND b.first <= a.last
            UNION ALL
            SELECT p.id || ' of ' || y.creator_number FROM royalty_periods p
            JOIN period_pays y ON y.period_id = p.id
            WHERE p.status = 'final' AND NOT EXISTS (
                SELECT FROM royalty_statements s
                WHERE s.period_id = p.id AND s.creator_number = y.creator_number)
              AND EXISTS (
                SELECT FROM daily_accruals a
                WHERE a.period_id = p.id AND a.creator_number = y.creator_number
                  AND a.accrued_at < p.final_at)
            ORDER BY 1
            """
        ),
    )
)

register(
    Invariant(
        "distribution_equals_its_shares",
        "The amount, weight, plays and creators of a distribution are those of its shares.",
        by_sql(
            """
            WITH counted AS (
                SELECT distribution_id, sum(amount) AS amount, sum(weight) AS weight, sum(plays) AS plays,
                       count(*) AS creators
                FROM distribution_shares GROUP BY 1
            )
            SELECT coalesce(d.id, c.distribution_id) FROM distributions d
            FULL JOIN counted c ON c.distribution_id = d.id
            WHERE (d.amount, d.total_weight, d.plays, d.creators)
                  IS DISTINCT FROM (c.amount, c.weight, c.plays, c.creators)
            ORDER BY 1
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "distribution_shares_are_paid_once",
        "The paid sum of a distribution is that of its shares with an entry, of their amount for their"
        " worker, and of all shares once it is paid; money held for it was paid, charged or is left, with the"
        " fee on it.",
        by_sql(
            f"""
            WITH booked AS ({_booked(DISTRIBUTION)}),
            counted AS (
                SELECT distribution_id, sum(amount) FILTER (WHERE entry_id IS NOT NULL) AS paid
                FROM distribution_shares GROUP BY 1
            )
            SELECT 'distribution ' || d.id FROM distributions d
            LEFT JOIN booked b ON b.subject_id = d.id LEFT JOIN counted c ON c.distribution_id = d.id
            WHERE d.paid_amount <> coalesce(c.paid, 0) OR d.paid_amount <> coalesce(b.paid, 0)
               OR coalesce(b.amount, 0)
                  <> CASE WHEN d.status IN ('approved', 'paid') THEN {_OF_DISTRIBUTION} ELSE 0 END
            UNION ALL
            SELECT 'share ' || s.id FROM distribution_shares s
            JOIN creator_profiles c ON c.number = s.creator_number
            LEFT JOIN ledger_entries e ON e.id = s.entry_id
            LEFT JOIN accounts a ON a.id = e.credit_account_id
            WHERE s.entry_id IS NOT NULL
              AND (e.kind, e.amount, e.subject_kind, e.subject_id, a.worker_id)
                  IS DISTINCT FROM
                  ('royalty', s.amount, {DISTRIBUTION.number}::smallint, s.distribution_id, c.worker_id)
            ORDER BY 1
            """  # noqa: S608 - fragments of this file
        ),
        money=True,
    )
)

register(
    Invariant(
        "pool_shares_what_it_received",
        "The paid sum of a pool, the sums owed to members with their fractions, and the carry are all that"
        " it received; its units and payments are its members', its arrivals in order.",
        by_sql(
            f"""
            WITH held AS (
                SELECT m.pool_id, sum(m.units * (o.index - m.index_at) + m.fraction) AS owed,
                       sum(m.units) AS units, sum(m.paid) AS paid, bool_or(m.index_at > o.index) AS is_ahead
                FROM pool_members m JOIN pools o ON o.id = m.pool_id GROUP BY 1
            ),
            arrived AS (
                SELECT pool_id, sum(amount) AS amount, count(*) AS n, max(number) AS last FROM pool_writes
                GROUP BY 1
            )
            SELECT o.id FROM pools o
            LEFT JOIN held h ON h.pool_id = o.id LEFT JOIN arrived w ON w.pool_id = o.id
            WHERE o.paid * 1000000 * {SCALE} + coalesce(h.owed, 0) + o.carry <> o.received * 1000000 * {SCALE}
               OR (o.units, o.paid) <> (coalesce(h.units, 0), coalesce(h.paid, 0)) OR h.is_ahead
               OR (o.received, o.writes, o.writes)
                  <> (coalesce(w.amount, 0), coalesce(w.n, 0), coalesce(w.last, 0))
            ORDER BY o.id
            """  # noqa: S608 - a number of our own
        ),
        money=True,
    )
)

register(
    Invariant(
        "pool_money_is_conserved",
        "Money held for a pool was paid to members, charged or is left, with the fee on it.",
        by_sql(
            f"""
            WITH booked AS ({_booked(POOL)})
            SELECT o.id FROM pools o LEFT JOIN booked b ON b.subject_id = o.id
            WHERE coalesce(b.amount, 0) <> {_OF_POOL} OR coalesce(b.paid, 0) <> o.paid
            ORDER BY o.id
            """  # noqa: S608 - fragments of this file
        ),
        money=True,
    )
)
