"""Reputation events against each other and against the scores."""

from audit.books.invariant_registry import Invariant, by_sql, register
from reputation.scores.calculations import GIVEN_IN_A_DAY, TAKEN_IN_A_DAY
from reputation.scores.services import WRONG_SCORES
from workers.models import MAX_REPUTATION, STARTING_REPUTATION

register(
    Invariant(
        "reputation_score_follows_from_events",
        f"A worker's score is that after their last event, and {STARTING_REPUTATION} before any.",
        by_sql(WRONG_SCORES),
    )
)

register(
    Invariant(
        "reputation_events_are_numbered_without_a_gap",
        "A worker's reputation events are numbered from 1 up, each once.",
        by_sql(
            """
            SELECT worker_id FROM reputation_events GROUP BY worker_id
            HAVING min(number) <> 1 OR max(number) <> count(*) OR count(DISTINCT number) <> count(*)
            """
        ),
    )
)

register(
    Invariant(
        "reputation_events_follow_each_other",
        f"Each reputation event starts from the score after the event before, the first from"
        f" {STARTING_REPUTATION}.",
        by_sql(
            f"""
            SELECT id FROM (
                SELECT id, previous_score, lag(new_score, 1, {STARTING_REPUTATION}::smallint)
                           OVER (PARTITION BY worker_id ORDER BY number) AS score_before
                FROM reputation_events
            ) AS events
            WHERE previous_score <> score_before
            ORDER BY id
            """  # noqa: S608 - a constant of a module
        ),
    )
)

register(
    Invariant(
        "reputation_event_scores_add_up",
        f"A reputation event's new score is its previous score and its delta, kept within 0 and"
        f" {MAX_REPUTATION}.",
        by_sql(
            f"""
            SELECT id FROM reputation_events
            WHERE new_score <> least(greatest(previous_score + delta, 0), {MAX_REPUTATION})
            ORDER BY id
            """  # noqa: S608 - a constant of a module
        ),
    )
)

register(
    Invariant(
        "reputation_fact_counts_once",
        "No fact has moved a reputation twice.",
        by_sql(
            """
            SELECT source_key FROM reputation_events
            WHERE source_key IS NOT NULL GROUP BY source_key HAVING count(*) > 1
            """
        ),
    )
)

register(
    Invariant(
        "reputation_of_one_platform_is_bounded",
        f"On no day has a platform given a worker more than {GIVEN_IN_A_DAY}, or taken more than"
        f" {TAKEN_IN_A_DAY}.",
        by_sql(
            f"""
            SELECT DISTINCT worker_id FROM (
                SELECT e.worker_id FROM reputation_events e JOIN tasks t ON t.id = e.task_id
                WHERE e.counted_on IS NOT NULL AND e.delta <> 0
                GROUP BY e.worker_id, t.platform_id, e.counted_on
                HAVING sum(greatest(e.delta, 0)) > {GIVEN_IN_A_DAY}
                    OR sum(greatest(-e.delta, 0)) > {TAKEN_IN_A_DAY}
            ) beyond
            ORDER BY worker_id
            """  # noqa: S608 - constants of a module
        ),
    )
)
