"""Streams against their releases, their schedules and their tasks.

Times are compared to the microsecond. A clock may step back: an act on a stream is then as late as the act
before it (`last_act_at`), so the books stay right. A comparison with the clock therefore accepts that time as
well, up to five minutes ahead.
"""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "stream_released_within_total",
        "A stream has released no less than nothing and no more than its total.",
        by_sql(
            "SELECT id FROM streams WHERE NOT (released_amount BETWEEN 0 AND total_amount) ORDER BY id",
        ),
        money=True,
    )
)

register(
    Invariant(
        "stream_remaining_is_total_minus_released",
        "The released and the remaining amount of a stream add up to its total.",
        by_sql(
            """
            SELECT id FROM streams
            WHERE remaining_amount IS DISTINCT FROM total_amount - released_amount
            ORDER BY id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "stream_released_is_the_sum_of_its_releases",
        "The released amount of a stream equals the sum of its release entries.",
        by_sql(
            """
            WITH booked AS (
                SELECT subject_id, sum(amount) AS amount
                FROM ledger_entries WHERE kind = 'release' GROUP BY subject_id
            )
            SELECT s.id FROM streams s LEFT JOIN booked b ON b.subject_id = s.id
            WHERE s.released_amount <> coalesce(b.amount, 0)
            ORDER BY s.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "stream_releases_are_numbered_without_a_gap",
        "A stream's releases are numbered from 1 up to the stream's own number, each once.",
        by_sql(
            """
            WITH booked AS (
                SELECT subject_id, count(*) AS releases, count(DISTINCT sequence) AS numbers,
                       min(sequence) AS first, max(sequence) AS last
                FROM ledger_entries WHERE kind = 'release' GROUP BY subject_id
            )
            SELECT s.id FROM streams s LEFT JOIN booked b ON b.subject_id = s.id
            WHERE (s.sequence, s.sequence, s.sequence, least(s.sequence, 1))
                  <> (coalesce(b.releases, 0), coalesce(b.numbers, 0), coalesce(b.last, 0),
                      coalesce(b.first, 0))
            ORDER BY s.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "stream_is_never_paid_early",
        "An active stream has released no more than has vested to this second.",
        by_sql(
            # The clock was read before the snapshot was taken, so the last act may lie after it. A top-up
            # rounds the duration down, so that the releases before it may be a second's pay ahead.
            """
            SELECT id FROM streams
            WHERE status = 'active'
              AND released_amount > stream_vested(
                  total_amount, duration_seconds,
                  (total_amount > first_total)::integer
                  + stream_elapsed(start_at, paused_for, duration_seconds, greatest(money_clock(),
                        least(last_act_at, money_clock() + interval '5 minutes'))))
            ORDER BY id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "stream_is_complete_when_nothing_remains",
        "A stream is completed exactly when it has released its total.",
        by_sql(
            """
            SELECT id FROM streams
            WHERE (status = 'completed') <> (released_amount = total_amount)
            ORDER BY id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "paused_stream_pays_nothing",
        "A paused stream has released the amount vested to the second of its pause, and nothing since.",
        by_sql(
            """
            SELECT id FROM streams
            WHERE status = 'paused'
              AND NOT (released_amount BETWEEN
                  stream_vested(total_amount, duration_seconds,
                      stream_elapsed(start_at, paused_for, duration_seconds, paused_at))
                  AND stream_vested(total_amount, duration_seconds, (total_amount > first_total)::integer
                      + stream_elapsed(start_at, paused_for, duration_seconds, paused_at)))
            ORDER BY id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "ended_stream_pays_nothing_more",
        "A stream that was completed or cancelled has made no release since its last act.",
        by_sql(
            # Its completion is dated by its end, which may lie before the release that paid the rest.
            """
            SELECT DISTINCT s.id FROM streams s
            JOIN ledger_entries e ON e.subject_id = s.id AND e.kind = 'release'
            WHERE s.status IN ('completed', 'cancelled') AND e.created_at > s.last_act_at
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "stream_agrees_with_its_task",
        "A stream has its task's worker, platform and amount, and pays from and to their accounts.",
        by_sql(
            """
            SELECT s.id FROM streams s
            JOIN tasks t ON t.id = s.task_id
            LEFT JOIN accounts w ON w.id = s.worker_account_id AND w.name = 'available'
            LEFT JOIN accounts p ON p.id = s.escrow_account_id AND p.name = 'escrow'
            WHERE t.task_type <> 'time_based' OR s.total_amount <> t.amount
               OR (s.worker_id, s.platform_id) IS DISTINCT FROM (t.worker_id, t.platform_id)
               OR (w.worker_id, p.platform_id) IS DISTINCT FROM (s.worker_id, s.platform_id)
            ORDER BY s.id
            """
        ),
    )
)

register(
    Invariant(
        "stream_ends_with_its_task",
        "A stream is open exactly while its task is in progress, or disputed and not yet paid.",
        by_sql(
            """
            SELECT s.id FROM streams s JOIN tasks t ON t.id = s.task_id
            WHERE (s.status IN ('active', 'paused'))
                  <> (t.status IN ('in_progress', 'disputed') AND t.paid_amount IS NULL)
            ORDER BY s.id
            """
        ),
    )
)
