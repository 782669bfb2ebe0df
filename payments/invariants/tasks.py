"""Tasks against what was held, paid, charged and given back for them."""

from audit.invariants import Invariant, by_sql, register


def _fee(pay: str) -> str:
    """SQL for floor(pay * bps / 10000) at 6 decimals, as `gigstream.lib.money.share_bps` has it."""
    return f"div({pay} * 1000000 * t.fee_bps, 10000) * 0.000001"


# What each task still reserves in its platform's escrow: the pay that is left and the fee not yet taken.
_RESERVED = f"""
    held AS (
        SELECT t.id, t.platform_id, t.fee_bps, t.amount, t.task_type,
               CASE WHEN s.id IS NOT NULL THEN s.remaining_amount
                    WHEN t.task_type = 'milestone' THEN (
                        SELECT coalesce(sum(m.amount), 0) FROM milestones m
                        WHERE m.task_id = t.id AND m.approved_at IS NULL)
                    ELSE t.amount END AS pay
        FROM tasks t LEFT JOIN streams s ON s.task_id = t.id
        WHERE t.status IN ('assigned', 'in_progress', 'disputed') AND t.paid_amount IS NULL
    ),
    reserved AS (
        SELECT t.id AS task_id, t.platform_id,
               t.pay + {_fee("t.amount")}
               - CASE WHEN t.task_type = 'milestone' THEN {_fee("(t.amount - t.pay)")} ELSE 0 END AS amount
        FROM held t
    )
"""  # noqa: S608 - fragments of this file

register(
    Invariant(
        "platform_escrow_is_what_is_reserved",
        "A platform's escrow equals what its open tasks and streams still reserve, pay and fee.",
        by_sql(
            f"""
            WITH {_RESERVED},
            needed AS (SELECT platform_id, sum(amount) AS amount FROM reserved GROUP BY platform_id),
            escrow AS (SELECT platform_id, balance FROM accounts WHERE name = 'escrow')
            SELECT platform_id FROM needed FULL JOIN escrow USING (platform_id)
            WHERE coalesce(amount, 0) <> coalesce(balance, 0)
            ORDER BY platform_id
            """  # noqa: S608 - fragments of this file
        ),
    )
)

register(
    Invariant(
        "task_money_is_conserved",
        "What was held for a task equals what it has paid, what was given back and what it still reserves.",
        by_sql(
            f"""
            WITH {_RESERVED},
            moved AS (
                SELECT coalesce(e.task_id, s.task_id) AS task_id,
                       sum(CASE WHEN e.kind = 'hold' THEN e.amount ELSE -e.amount END) AS amount
                FROM ledger_entries e LEFT JOIN streams s ON s.id = e.stream_id
                WHERE e.kind IN ('hold', 'release', 'earning', 'reward', 'fee', 'refund')
                GROUP BY 1
            )
            SELECT t.id FROM tasks t
            LEFT JOIN moved m ON m.task_id = t.id
            LEFT JOIN reserved r ON r.task_id = t.id
            WHERE coalesce(m.amount, 0) <> coalesce(r.amount, 0)
            ORDER BY t.id
            """  # noqa: S608 - fragments of this file
        ),
    )
)

register(
    Invariant(
        "closed_task_paid_what_is_booked",
        "What a closed task says it paid equals the sum of its earning and release entries.",
        by_sql(
            """
            WITH booked AS (
                SELECT coalesce(e.task_id, s.task_id) AS task_id, sum(e.amount) AS amount
                FROM ledger_entries e LEFT JOIN streams s ON s.id = e.stream_id
                WHERE e.kind IN ('earning', 'release')
                GROUP BY 1
            )
            SELECT t.id FROM tasks t LEFT JOIN booked b ON b.task_id = t.id
            WHERE t.paid_amount <> coalesce(b.amount, 0)
            ORDER BY t.id
            """
        ),
    )
)

register(
    Invariant(
        "closed_task_fee_follows_its_rate",
        "The fee taken for a closed task is its rate on what it paid, and on its bonuses, each rounded down.",
        by_sql(
            f"""
            WITH booked AS (
                SELECT task_id, sum(amount) AS amount
                FROM ledger_entries WHERE kind = 'fee' GROUP BY task_id
            ),
            bonuses AS (
                SELECT task_id, sum(amount) AS amount
                FROM ledger_entries WHERE kind = 'reward' AND task_id IS NOT NULL GROUP BY task_id
            )
            SELECT t.id FROM tasks t
            LEFT JOIN booked b ON b.task_id = t.id
            LEFT JOIN bonuses r ON r.task_id = t.id
            WHERE t.paid_amount IS NOT NULL
              AND coalesce(b.amount, 0) <> {_fee("t.paid_amount")} + {_fee("coalesce(r.amount, 0)")}
            ORDER BY t.id
            """  # noqa: S608 - fragments of this file
        ),
    )
)

register(
    Invariant(
        "work_event_pays_once",
        "No reported event has paid twice.",
        by_sql(
            """
            SELECT work_event_id FROM ledger_entries
            WHERE work_event_id IS NOT NULL GROUP BY work_event_id HAVING count(*) > 1
            """
        ),
    )
)

register(
    Invariant(
        "bonus_is_paid_as_reported",
        "Every reported bonus was paid in full.",
        by_sql(
            """
            SELECT w.id FROM work_events w
            WHERE w.event_type = 'bonus' AND NOT EXISTS (
                SELECT FROM ledger_entries e
                WHERE e.work_event_id = w.id AND e.kind = 'reward' AND e.amount = w.amount)
            ORDER BY w.id
            """
        ),
    )
)
