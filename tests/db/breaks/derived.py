"""Columns that follow from other rows."""

from django.db import connection

from platforms.tasks.enums import TaskStatus
from tests.support.database.breaks import BREAKS, DERIVED
from tests.support.database.rich_history import History


def derives(label: str, invariant: str, statement: str, *, case: str) -> None:
    """Return a statement that spoils a derived row: %(worker)s and %(platform)s are the history's."""

    def spoil(h: History) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"worker": h.worker.pk, "platform": h.platform.pk})
            assert cursor.rowcount == 1

    spoil.__name__ = case
    BREAKS.append((invariant, spoil))
    DERIVED.append((label, statement))


for column, change in {
    "total_tasks": "total_tasks + 1",
    "total_earned": "total_earned - 0.000001",
    "completion_rate": "completion_rate - 0.01",
    "dispute_rate": "dispute_rate + 0.01",
    "average_rating": "NULL",
}.items():
    derives(
        "workers",
        "worker_statistics_follow_from_tasks",
        f"UPDATE workers SET {column} = {change} WHERE id = %(worker)s",
        case=column,
    )

_PAIR = "worker_id = %(worker)s AND platform_id = %(platform)s"
for column, change in {
    "open_tasks": "open_tasks + 1",
    "finished_tasks": "finished_tasks - 1",
    "first_at": "last_at",
    "last_at": "first_at",
    "last_assigned_at": "NULL",
    "paid_amount": "paid_amount + 0.000001",
    "small_pay": "small_pay + 0.000001",
}.items():
    derives(
        "engagements",
        "engagements_follow_from_tasks",
        f"UPDATE engagements SET {column} = {change} WHERE {_PAIR}",
        case=column,
    )
derives(
    "engagements",
    "engagements_follow_from_tasks",
    f"DELETE FROM engagements WHERE {_PAIR}",
    case="engagement_missing",
)
derives(
    "engagements",
    "engagements_follow_from_tasks",
    "INSERT INTO engagements (platform_id, worker_id, open_tasks, finished_tasks, first_at, last_at)"
    " SELECT r.id, %(worker)s, 0, 0, now(), now() FROM platforms r WHERE r.id <> %(platform)s"
    " AND NOT EXISTS (SELECT FROM engagements e WHERE e.platform_id = r.id AND e.worker_id = %(worker)s)"
    " LIMIT 1",
    case="engagement_of_strangers",
)
for column in ("total_payouts", "total_tasks", "active_workers", "unique_workers"):
    derives(
        "platforms",
        "platform_statistics_follow_from_tasks",
        f"UPDATE platforms SET {column} = {column} + 1 WHERE id = %(platform)s",
        case=column,
    )
for column in (*(f"{status}_tasks" for status in TaskStatus.values), "paid_amount", "fee_amount", "took"):
    more = "interval '1 second'" if column == "took" else "1"
    derives(
        "tallies",
        "task_tallies_follow_from_tasks",
        f"UPDATE task_tallies SET {column} = {column} + {more}"
        " WHERE platform_id = %(platform)s AND task_type = 'fixed'",
        case=f"tally_{column}",
    )
derives(
    "tallies",
    "task_tallies_follow_from_tasks",
    "DELETE FROM task_tallies WHERE platform_id = %(platform)s AND task_type = 'fixed'",
    case="tally_missing",
)
derives(
    "reputation scores",
    "reputation_score_follows_from_events",
    "UPDATE workers SET reputation_score = reputation_score - 1 WHERE id = %(worker)s",
    case="reputation_score",
)
derives(
    "account ages",
    "account_age_follows_from_its_day",
    "UPDATE workers SET account_age_days = account_age_days + 1 WHERE id = %(worker)s",
    case="account_age_days",
)
derives(
    "last activity",
    "last_activity_covers_transactions",
    "UPDATE workers SET last_active_at = last_active_at - interval '1 microsecond' WHERE id = %(worker)s",
    case="last_active_at",
)
for column in ("transactions", "total_amount", "total_fees"):
    derives(
        "transaction days",
        "closed_days_follow_from_transactions",
        f"UPDATE transaction_days SET {column} = {column} + 1"
        " WHERE id = (SELECT min(id) FROM transaction_days)",
        case=f"day_{column}",
    )
derives(
    "transaction days",
    "closed_days_follow_from_transactions",
    "DELETE FROM transaction_days WHERE id = (SELECT min(id) FROM transaction_days WHERE day IN"
    " (SELECT day FROM transaction_days GROUP BY day HAVING count(*) > 1))",
    case="day_with_a_sum_missing",
)
for column in ("bonus_amount", "bonus_fee", "quest_amount", "quest_fee"):
    derives(
        "platform rewards",
        "platform_rewards_follow_from_transactions",
        f"UPDATE platform_rewards SET {column} = {column} + 0.000001 WHERE platform_id = %(platform)s",
        case=f"rewards_{column}",
    )
derives(
    "platform rewards",
    "platform_rewards_follow_from_transactions",
    "DELETE FROM platform_rewards WHERE platform_id = %(platform)s",
    case="rewards_missing",
)
derives(
    "platform rewards",
    "platform_rewards_follow_from_transactions",
    "INSERT INTO platform_rewards (platform_id, bonus_amount, bonus_fee, quest_amount, quest_fee)"
    " SELECT p.id, 0, 0, 0, 0 FROM platforms p"
    " WHERE NOT EXISTS (SELECT FROM platform_rewards r WHERE r.platform_id = p.id) LIMIT 1",
    case="rewards_of_a_platform_without_any",
)
