"""Reputation events, the audit log, and decisions."""

from audit.models import Decision
from tests.support.database.breaks import breaks, run
from tests.support.database.rich_history import History
from tests.support.database.valid_rows import insert, valid

_LAST_EVENT = "id = (SELECT id FROM reputation_events WHERE worker_id = %s ORDER BY number DESC LIMIT 1)"
# An event that the bounds of a platform do not count: another delta of it breaks nothing else, on any day.
_UNBOUNDED_EVENT = """
    id = (SELECT id FROM reputation_events
          WHERE worker_id = %s AND event_type = 'dispute_resolved' AND delta < 0
          ORDER BY number DESC LIMIT 1)
"""


@breaks("reputation_events_are_numbered_without_a_gap")
def a_number_left_out(h: History) -> None:
    run(f"UPDATE reputation_events SET number = number + 1 WHERE {_LAST_EVENT}", h.worker.pk)


@breaks("reputation_events_follow_each_other")
def a_score_from_nowhere(h: History) -> None:
    run(
        f"UPDATE reputation_events SET previous_score = previous_score + 1, delta = delta - 1"
        f" WHERE {_UNBOUNDED_EVENT}",
        h.worker.pk,
    )


@breaks("reputation_event_scores_add_up")
def a_delta_that_did_not_count(h: History) -> None:
    run(f"UPDATE reputation_events SET delta = delta + 1 WHERE {_UNBOUNDED_EVENT}", h.worker.pk)


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
    """Count a decision to the bounds: it takes 50 or more."""
    run("UPDATE reputation_events SET counted_on = created_at::date WHERE event_type = 'dispute_resolved'")


@breaks("decision_follows_a_registered_rule")
def a_version_that_no_rule_has(h: History) -> None:
    run("UPDATE decisions SET version = 99 WHERE rule = 'task.dispute'")


@breaks("decision_follows_a_registered_rule")
def an_input_that_the_rule_does_not_list(h: History) -> None:
    run("""UPDATE decisions SET inputs = inputs || '{"mood": 3}' WHERE rule = 'task.dispute'""")


@breaks("decision_is_about_a_worker")
def a_decision_about_nobody(h: History) -> None:
    run("UPDATE decisions SET worker_id = gen_random_uuid() WHERE rule = 'task.dispute'")


@breaks("suspension_has_its_decision")
def a_suspension_without_effect(h: History) -> None:
    insert(valid(Decision, worker_id=h.worker.pk))


@breaks("payout_hold_has_its_decisions")
def a_hold_that_nobody_decided(h: History) -> None:
    run("DELETE FROM decisions WHERE rule = 'payout.hold'")
