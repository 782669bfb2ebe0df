"""Loans against what was booked for them, and the rules of repayment."""

from audit.books.invariant_registry import Invariant, by_sql, register
from loans.policy.calculations.terms import ONE_SIGNATURE_UP_TO

_BOOKED = "('disbursed', 'active', 'repaying', 'repaid', 'defaulted')"

register(
    Invariant(
        "loan_fee_follows_its_rate",
        "A loan's fee is its rate on the amount, rounded down, and amount and fee are what is due.",
        by_sql(
            """
            SELECT id FROM loans
            WHERE (fee, total_due) IS DISTINCT FROM
                  (div(amount * 1000000 * fee_bps, 10000) * 0.000001, amount + fee)
            ORDER BY id
            """
        ),
    )
)

register(
    Invariant(
        "loan_account_is_what_is_owed",
        "What a worker's loans still owe equals minus the balance of their loan account.",
        by_sql(
            f"""
            WITH owed AS (
                SELECT worker_id, sum(total_due - amount_repaid - amount_written_off) AS amount
                FROM loans WHERE status IN {_BOOKED} GROUP BY worker_id
            ),
            booked AS (SELECT worker_id, -balance AS amount FROM accounts WHERE name = 'loan')
            SELECT worker_id FROM owed FULL JOIN booked USING (worker_id)
            WHERE coalesce(owed.amount, 0) <> coalesce(booked.amount, 0)
            ORDER BY worker_id
            """  # noqa: S608 - a constant of ours
        ),
        money=True,
    )
)

register(
    Invariant(
        "loan_is_booked_once",
        "A loan that was paid out has one advance, one transfer and its fee on the books, another has none.",
        by_sql(
            f"""
            WITH booked AS (
                SELECT subject_id AS loan_id, count(*) FILTER (WHERE kind = 'advance') AS advances,
                       coalesce(sum(amount) FILTER (WHERE kind = 'advance'), 0) AS advanced,
                       coalesce(sum(amount) FILTER (WHERE kind = 'loan_fee'), 0) AS charged
                FROM ledger_entries WHERE kind IN ('advance', 'loan_fee') GROUP BY subject_id
            ),
            sent AS (
                SELECT loan_id, count(*) AS transfers, sum(amount) AS amount
                FROM transactions WHERE type = 'advance' GROUP BY loan_id
            ),
            due AS (SELECT *, (status IN {_BOOKED})::int AS times FROM loans)
            SELECT due.id FROM due
            LEFT JOIN booked ON booked.loan_id = due.id
            LEFT JOIN sent ON sent.loan_id = due.id
            WHERE (times, times * due.amount, times * fee, times, times * due.amount)
                  <> (coalesce(advances, 0), coalesce(advanced, 0), coalesce(charged, 0),
                      coalesce(transfers, 0), coalesce(sent.amount, 0))
            ORDER BY due.id
            """  # noqa: S608 - a constant of ours
        ),
        money=True,
    )
)


def _sum_of_entries(kind: str, column: str) -> str:
    return f"""
        WITH booked AS (
            SELECT subject_id AS loan_id, sum(amount) AS amount
            FROM ledger_entries WHERE kind = '{kind}' GROUP BY subject_id
        )
        SELECT l.id FROM loans l LEFT JOIN booked b ON b.loan_id = l.id
        WHERE l.{column} <> coalesce(b.amount, 0)
        ORDER BY l.id
    """  # noqa: S608 - names of ours


register(
    Invariant(
        "loan_repaid_is_the_sum_of_its_repayments",
        "What a loan was repaid equals the sum of its repayment entries.",
        by_sql(_sum_of_entries("repayment", "amount_repaid")),
        money=True,
    )
)

register(
    Invariant(
        "loan_written_off_is_the_sum_of_its_write_offs",
        "What a loan was written off equals the sum of its write-off entries.",
        by_sql(_sum_of_entries("write_off", "amount_written_off")),
    )
)

register(
    Invariant(
        "loan_is_repaid_when_nothing_is_owed",
        "A loan is repaid when nothing is owed any more, unless the house bore the rest, and never before.",
        by_sql(
            f"""
            SELECT id FROM loans
            WHERE CASE WHEN status = 'repaid' THEN amount_repaid + amount_written_off <> total_due
                       WHEN status IN {_BOOKED} THEN amount_repaid >= total_due
                       ELSE amount_repaid <> 0 OR amount_written_off <> 0 END
            ORDER BY id
            """  # noqa: S608 - a constant of ours
        ),
    )
)

register(
    Invariant(
        "closed_loan_takes_no_repayment",
        "A loan takes repayments only from when it is active until it is repaid.",
        by_sql(
            # No clock decides whether it was active: its advance was booked before. It is repaid not before
            # its last repayment; a release takes its time before it waits for locks, which ten seconds cover.
            """
            WITH lent AS (
                SELECT subject_id AS loan_id, min(id) AS id
                FROM ledger_entries WHERE kind = 'advance' GROUP BY subject_id
            )
            SELECT DISTINCT l.id FROM loans l
            JOIN ledger_entries e ON e.subject_id = l.id AND e.kind = 'repayment'
            LEFT JOIN lent ON lent.loan_id = l.id
            WHERE l.status NOT IN ('repaying', 'repaid', 'defaulted')
               OR e.id < lent.id
               OR e.created_at > l.repaid_at + interval '10 seconds'
            """
        ),
    )
)

register(
    Invariant(
        "worker_keeps_half_of_every_earning",
        "Repayments take no more than half of any earning.",
        by_sql(
            """
            SELECT earned.id FROM ledger_entries earned
            JOIN ledger_entries taken ON taken.withheld_from_id = earned.id
            GROUP BY earned.id, earned.amount HAVING sum(taken.amount) * 2 > earned.amount
            ORDER BY earned.id
            """
        ),
    )
)

register(
    Invariant(
        "worker_has_at_most_one_open_loan",
        "No worker has two open loans.",
        by_sql(
            """
            SELECT worker_id FROM loans
            WHERE status IN ('pending', 'approved', 'disbursed', 'active', 'repaying')
            GROUP BY worker_id HAVING count(*) > 1
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "large_loan_is_approved_by_two",
        "An advance beyond what one member of staff approves was approved by two, on its present terms.",
        by_sql(
            f"""
            SELECT l.id FROM loans l
            WHERE l.amount > {ONE_SIGNATURE_UP_TO} AND l.approved_at IS NOT NULL
              AND NOT EXISTS (
                  SELECT 1 FROM approvals a
                  WHERE a.subject_type = 'loan' AND a.subject_id = l.id::text AND a.kind = 'loan.approve'
                    AND a.executed_at IS NOT NULL AND a.parameters ->> 'terms_hash' = l.terms_hash)
              AND NOT EXISTS (
                  SELECT 1 FROM approvals a
                  WHERE l.exception_reason <> '' AND a.subject_type = 'worker'
                    AND a.subject_id = l.worker_id::text AND a.kind = 'loan.lend_by_exception'
                    AND a.executed_at IS NOT NULL AND a.amount = l.amount)
            ORDER BY l.id
            """  # noqa: S608 - a constant of ours
        ),
    )
)
