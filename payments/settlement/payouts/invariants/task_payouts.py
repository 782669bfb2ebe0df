"""Invariants of the pay of tasks that has left, and of the platforms' parts in payouts."""

from audit.books.invariant_registry import Invariant, by_sql, register
from payments.figures.services.statistics import WRONG_TASK_PAYOUTS

register(
    Invariant(
        "covered_tasks_follow_from_covered_parts",
        "The part of a task's pay that a debit of a worker's available money took follows from the parts that"
        " it covers.",
        by_sql(
            """
            WITH parts AS (
                SELECT c.entry_id, n.entry_id AS part_id, n.net,
                       CASE WHEN c.first_part_id = c.last_part_id THEN c.amount ELSE n.net END AS amount
                FROM covered_parts c
                CROSS JOIN LATERAL net_parts(c.account_id, c.first_part_id, c.last_part_id, c.entry_id) n
            ),
            taken AS (
                SELECT p.entry_id, t.id AS task_id, sum(p.amount) AS amount,
                       sum(div(e.amount * p.amount * 1000000, p.net) * 0.000001) AS pay
                FROM parts p JOIN ledger_entries e ON e.id = p.part_id
                LEFT JOIN streams s ON s.id = e.subject_id
                JOIN tasks t ON t.id = coalesce(s.task_id, e.subject_id)
                GROUP BY 1, 2
            )
            SELECT DISTINCT entry_id
            FROM taken t FULL JOIN covered_tasks c USING (entry_id, task_id)
            LEFT JOIN ledger_entries h ON h.id = entry_id
            WHERE (t.amount, t.pay) IS DISTINCT FROM (c.amount, c.pay)
               OR c.created_at <> h.created_at
               OR c.payout_id IS DISTINCT FROM CASE WHEN h.kind = 'payout_hold' THEN h.transaction_id END
            ORDER BY entry_id
            """
        ),
    )
)

register(
    Invariant(
        "platform_payouts_follow_from_covered_tasks",
        "A platform's part in a payout is the pay of that platform's tasks that the payout took, before"
        " deductions.",
        by_sql(
            """
            WITH taken AS (
                SELECT c.payout_id, t.platform_id, sum(c.pay) AS amount, count(*) AS task_count
                FROM covered_tasks c JOIN tasks t ON t.id = c.task_id
                WHERE c.payout_id IS NOT NULL
                GROUP BY 1, 2
            )
            SELECT DISTINCT payout_id
            FROM taken t FULL JOIN platform_payouts p USING (payout_id, platform_id)
            LEFT JOIN transactions x ON x.id = payout_id
            WHERE (t.amount, t.task_count, x.created_at)
                  IS DISTINCT FROM (p.amount, p.task_count, p.created_at)
            ORDER BY payout_id
            """
        ),
    )
)

register(
    Invariant(
        "task_payout_status_follows_from_payouts",
        "The payout status of a task, and the time of its last payout, follow from the payouts that carry its"
        " pay.",
        by_sql(WRONG_TASK_PAYOUTS),
    )
)
