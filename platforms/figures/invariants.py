"""Invariants of the figures that follow from tasks."""

from audit.books.invariant_registry import Invariant, by_sql, register
from platforms.figures.services import WRONG_ENGAGEMENTS, WRONG_PLATFORMS, WRONG_TALLIES, WRONG_WORKERS

register(
    Invariant(
        "worker_statistics_follow_from_tasks",
        "A worker's completed tasks, earnings, rates and average rating follow from their tasks.",
        by_sql(WRONG_WORKERS),
    )
)


register(
    Invariant(
        "engagements_follow_from_tasks",
        "Every platform and worker with a task together have one engagement, which counts those tasks.",
        by_sql(WRONG_ENGAGEMENTS),
    )
)


register(
    Invariant(
        "platform_statistics_follow_from_tasks",
        "A platform's payouts, tasks, active and unique workers follow from its tasks.",
        by_sql(WRONG_PLATFORMS),
    )
)


register(
    Invariant(
        "task_tallies_follow_from_tasks",
        "A platform's tallies count its tasks by type and status, and sum up their pay, fees and time.",
        by_sql(WRONG_TALLIES),
    )
)
