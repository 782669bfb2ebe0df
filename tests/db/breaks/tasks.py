"""Tasks and their money."""

from payments.ledger.subjects import TASK
from tests.support.database.breaks import (
    adjust,
    belonging_to,
    breaks,
    follow_covered_parts,
    hold_more,
    house,
    of_platform,
    of_worker,
    run,
    wash,
)
from tests.support.database.rich_history import History


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
    wash("earning", escrow, of_worker(h.worker, "available"), **belonging_to(TASK, h.paid.pk))
    follow_covered_parts()


@breaks("closed_task_fee_follows_its_rate")
def one_more_fee(h: History) -> None:
    hold_more(h.paid)
    wash("fee", of_platform(h.paid.platform_id, "escrow"), house("fees"), **belonging_to(TASK, h.paid.pk))


@breaks("work_event_pays_once")
def an_event_named_by_two_entries(h: History) -> None:
    run(
        "INSERT INTO reported_earnings (work_event_id, entry_id)"
        " SELECT w.id, e.id FROM work_events w, ledger_entries e"
        " WHERE w.event_type = 'bonus' AND e.kind = 'deposit'"
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


@breaks("work_event_is_recorded_once")
def a_report_recorded_twice(h: History) -> None:
    run(
        "INSERT INTO work_events (id, task_id, event_type, external_id, data)"
        " SELECT gen_random_uuid(), task_id, event_type, external_id, data FROM work_events"
        " WHERE event_type = 'started'"
    )
