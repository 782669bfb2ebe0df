"""Reputation events and the audit log."""

from tests.db.breaks.tools import (
    breaks,
    run,
)
from tests.db.rich_history import History

_LAST_EVENT = "id = (SELECT id FROM reputation_events WHERE worker_id = %s ORDER BY number DESC LIMIT 1)"


@breaks("reputation_events_are_numbered_without_a_gap")
def a_number_left_out(h: History) -> None:
    run(f"UPDATE reputation_events SET number = number + 1 WHERE {_LAST_EVENT}", h.worker.pk)


@breaks("reputation_events_follow_each_other")
def a_score_from_nowhere(h: History) -> None:
    run(
        f"UPDATE reputation_events SET previous_score = previous_score + 1, delta = delta - 1"
        f" WHERE {_LAST_EVENT}",
        h.worker.pk,
    )


@breaks("reputation_event_scores_add_up")
def a_delta_that_did_not_count(h: History) -> None:
    run(f"UPDATE reputation_events SET delta = delta - 1 WHERE {_LAST_EVENT}", h.worker.pk)


@breaks("reputation_fact_counts_once")
def a_fact_that_counted_twice(h: History) -> None:
    run("UPDATE reputation_events SET source_key = 'same' WHERE worker_id = %s", h.worker.pk)


@breaks("audit_chain_verifies")
def a_line_rewritten(h: History) -> None:
    run("UPDATE audit_logs SET changes_after = '{}' WHERE action = 'deposit'")


@breaks("audit_chain_verifies")
def a_line_taken_out(h: History) -> None:
    run("DELETE FROM audit_logs WHERE action = 'deposit'")


@breaks("reputation_of_one_platform_is_bounded")
def a_decision_counted_to_the_bounds(h: History) -> None:
    """It takes 50 or more."""
    run("UPDATE reputation_events SET counted_on = created_at::date WHERE event_type = 'dispute_resolved'")
