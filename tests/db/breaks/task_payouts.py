"""Breaking rows of payouts of tasks: how much of each task's pay has left, and each platform's part of a
payout."""

from tests.db.breaks.derived import derives
from tests.support.database.breaks import breaks, run
from tests.support.database.rich_history import History

_FIRST = "(SELECT c.id FROM covered_tasks c WHERE c.payout_id IS NOT NULL ORDER BY c.id LIMIT 1)"


@breaks("covered_tasks_follow_from_covered_parts")
def a_payout_that_is_said_to_have_taken_more_of_a_task(h: History) -> None:
    run(f"UPDATE covered_tasks SET amount = amount + 0.000001, pay = pay + 0.000001 WHERE id = {_FIRST}")
    run(
        "UPDATE platform_payouts p SET amount = p.amount + 0.000001"
        " FROM covered_tasks c JOIN tasks t ON t.id = c.task_id"
        f" WHERE c.id = {_FIRST} AND p.payout_id = c.payout_id AND p.platform_id = t.platform_id"
    )


@breaks("platform_payouts_follow_from_covered_tasks")
def a_platform_that_has_more_of_a_payout_than_its_tasks(h: History) -> None:
    run(
        "UPDATE platform_payouts SET amount = amount + 0.000001"
        " WHERE id = (SELECT min(id) FROM platform_payouts)"
    )


@breaks("platform_payouts_follow_from_covered_tasks")
def a_platform_that_is_not_told_of_its_part(h: History) -> None:
    run("DELETE FROM platform_payouts WHERE id = (SELECT max(id) FROM platform_payouts)")


derives(
    "task payouts",
    "task_payout_status_follows_from_payouts",
    "UPDATE tasks SET payout_status = 'partly', paid_out_at = NULL WHERE id = ("
    " SELECT id FROM tasks WHERE payout_status = 'paid' AND worker_id = %(worker)s ORDER BY id LIMIT 1)",
    case="a_paid_task_that_is_said_to_be_partly_paid",
)
derives(
    "task payouts",
    "task_payout_status_follows_from_payouts",
    "UPDATE tasks SET paid_out_at = paid_out_at - interval '1 second' WHERE id = ("
    " SELECT id FROM tasks WHERE payout_status = 'paid' AND worker_id = %(worker)s ORDER BY id LIMIT 1)",
    case="a_task_paid_earlier_than_its_last_payout",
)
