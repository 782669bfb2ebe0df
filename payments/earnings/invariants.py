"""Tasks against the sums that were held, paid, charged and given back for them."""

from audit.books.invariant_registry import Invariant, by_sql, register
from payments.earnings.reserves import all_reserves
from payments.earnings.services.platform_rewards import WRONG_REWARDS


def _fee_sql(pay: str) -> str:
    """Return SQL for floor(pay * bps / 10000) at 6 decimals, as `gigstream.core.money.share_bps` has it."""
    return f"div({pay} * 1000000 * t.fee_bps, 10000) * 0.000001"


# The reserve of each task in its platform's escrow: the pay that is left and the fee not yet taken.
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
               t.pay + {_fee_sql("t.amount")}
               - CASE WHEN t.task_type = 'milestone' THEN {_fee_sql("(t.amount - t.pay)")} ELSE 0 END
               AS amount
        FROM held t
    )
"""  # noqa: S608 - fragments of this file


def _find_wrong_escrow() -> list[str]:
    """Return the platforms whose escrow is not what their tasks, streams and the rows of `reserves` need."""
    parts = " UNION ALL ".join(["SELECT platform_id, amount FROM reserved", *all_reserves()])
    return by_sql(
        f"""
        WITH {_RESERVED},
        needed AS (SELECT platform_id, sum(amount) AS amount FROM ({parts}) AS part GROUP BY platform_id),
        escrow AS (SELECT platform_id, balance FROM accounts WHERE name = 'escrow')
        SELECT platform_id FROM needed FULL JOIN escrow USING (platform_id)
        WHERE coalesce(amount, 0) <> coalesce(balance, 0)
        ORDER BY platform_id
        """  # noqa: S608 - fragments of our own
    )()


register(
    Invariant(
        "platform_escrow_is_what_is_reserved",
        "A platform's escrow equals the pay and fees that its open tasks and streams, its quests, and its"
        " royalties, distributions and pools still reserve.",
        _find_wrong_escrow,
    )
)

register(
    Invariant(
        "task_money_is_conserved",
        "The sum held for a task equals its pay, fees, refunds and the rest that it still reserves.",
        by_sql(
            f"""
            WITH {_RESERVED},
            booked AS (
                SELECT subject_id, sum(CASE WHEN kind = 'hold' THEN amount ELSE -amount END) AS amount
                FROM ledger_entries
                WHERE kind IN ('hold', 'release', 'earning', 'reward', 'fee', 'refund')
                GROUP BY subject_id
            ),
            moved AS (
                SELECT coalesce(s.task_id, b.subject_id) AS task_id, sum(b.amount) AS amount
                FROM booked b LEFT JOIN streams s ON s.id = b.subject_id
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
        "The paid amount of a closed task equals the sum of its earning and release entries.",
        by_sql(
            """
            WITH paid AS (
                SELECT subject_id, sum(amount) AS amount
                FROM ledger_entries WHERE kind IN ('earning', 'release') GROUP BY subject_id
            ),
            booked AS (
                SELECT coalesce(s.task_id, p.subject_id) AS task_id, sum(p.amount) AS amount
                FROM paid p LEFT JOIN streams s ON s.id = p.subject_id
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
        "The fee taken for a closed task is its rate on its pay, and on its bonuses, each rounded down.",
        by_sql(
            f"""
            WITH booked AS (
                SELECT subject_id AS task_id, sum(amount) AS amount
                FROM ledger_entries WHERE kind = 'fee' GROUP BY subject_id
            ),
            bonuses AS (
                SELECT subject_id AS task_id, sum(amount) AS amount
                FROM ledger_entries WHERE kind = 'reward' AND subject_id IS NOT NULL GROUP BY subject_id
            )
            SELECT t.id FROM tasks t
            LEFT JOIN booked b ON b.task_id = t.id
            LEFT JOIN bonuses r ON r.task_id = t.id
            WHERE t.paid_amount IS NOT NULL
              AND coalesce(b.amount, 0) <> {_fee_sql("t.paid_amount")} + {_fee_sql("coalesce(r.amount, 0)")}
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
            SELECT work_event_id FROM reported_earnings GROUP BY work_event_id HAVING count(*) > 1
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
                SELECT FROM reported_earnings r JOIN ledger_entries e ON e.id = r.entry_id
                WHERE r.work_event_id = w.id AND e.kind = 'reward' AND e.amount = w.amount)
            ORDER BY w.id
            """
        ),
    )
)

register(
    Invariant(
        "platform_rewards_follow_from_transactions",
        "The sums of a platform's rewards are those of its bonuses and of its quests' transactions.",
        by_sql(f"{WRONG_REWARDS} ORDER BY offender"),
    )
)
