"""Tasks and their money."""

from tests.db.breaks.tools import (
    adjust,
    breaks,
    follow_covered_parts,
    hold_more,
    house,
    of_platform,
    of_worker,
    run,
    wash,
)
from tests.db.rich_history import History


@breaks("platform_escrow_is_what_is_reserved")
def escrow_given_back_by_hand(h: History) -> None:
    adjust(of_platform(h.platform.pk, "escrow"), of_platform(h.platform.pk, "available"))


@breaks("task_money_is_conserved")
def more_held_than_used(h: History) -> None:
    hold_more(h.paid)


@breaks("closed_task_paid_what_is_booked")
def an_earning_that_the_task_does_not_count(h: History) -> None:
    hold_more(h.paid)
    escrow = of_platform(h.paid.platform_id, "escrow")
    wash("earning", escrow, of_worker(h.worker, "available"), task_id=h.paid.pk)
    follow_covered_parts()


@breaks("closed_task_fee_follows_its_rate")
def one_more_fee(h: History) -> None:
    hold_more(h.paid)
    wash("fee", of_platform(h.paid.platform_id, "escrow"), house("fees"), task_id=h.paid.pk)


@breaks("work_event_pays_once")
def an_event_named_by_two_entries(h: History) -> None:
    run(
        "UPDATE ledger_entries SET work_event_id = (SELECT id FROM work_events WHERE event_type = 'bonus')"
        " WHERE kind = 'deposit'"
    )


@breaks("bonus_is_paid_as_reported")
def a_bonus_that_was_not_paid(h: History) -> None:
    run(
        "INSERT INTO work_events (id, task_id, event_type, external_id, amount, data)"
        " VALUES (gen_random_uuid(), %s, 'bonus', 'more', 1, '{}')",
        h.paid.pk,
    )


@breaks("milestones_add_up_to_their_task")
def a_step_that_pays_more(h: History) -> None:
    run("UPDATE milestones SET amount = amount + 1 WHERE task_id = %s AND number = 1", h.steps.pk)


@breaks("milestones_add_up_to_their_task")
def a_step_out_of_order(h: History) -> None:
    run("UPDATE milestones SET approved_at = NULL WHERE task_id = %s AND number = 1", h.steps.pk)


@breaks("milestones_add_up_to_their_task")
def a_step_that_is_missing(h: History) -> None:
    run("UPDATE milestones SET number = 4 WHERE task_id = %s AND number = 3", h.steps.pk)


@breaks("disputed_task_has_one_open_dispute")
def a_dispute_resolved_on_paper(h: History) -> None:
    run("UPDATE disputes SET resolved_at = now() WHERE task_id = %s", h.disputed.pk)


@breaks("tasks_were_assigned_under_consent")
def an_assignment_after_the_consent_ended(h: History) -> None:
    run(
        "UPDATE consents c SET ended_at = t.assigned_at - interval '1 microsecond', ended_by = 'worker'"
        " FROM tasks t WHERE t.id = %s AND (c.worker_id, c.platform_id) = (t.worker_id, t.platform_id)",
        h.paid.pk,
    )


@breaks("tasks_were_assigned_under_consent")
def an_assignment_before_the_consent(h: History) -> None:
    run(
        "UPDATE consents c SET accepted_at = t.assigned_at + interval '1 microsecond'"
        " FROM tasks t WHERE t.id = %s AND (c.worker_id, c.platform_id) = (t.worker_id, t.platform_id)",
        h.paid.pk,
    )


@breaks("tasks_were_assigned_under_consent")
def an_assignment_without_consent(h: History) -> None:
    run("DELETE FROM consents WHERE worker_id = %s", h.other.pk)


@breaks("work_event_is_recorded_once")
def a_report_recorded_twice(h: History) -> None:
    run(
        "INSERT INTO work_events (id, task_id, event_type, external_id, data)"
        " SELECT gen_random_uuid(), task_id, event_type, external_id, data FROM work_events"
        " WHERE event_type = 'started'"
    )
