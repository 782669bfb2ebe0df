"""Breaking rows of decisions by two people."""

from tests.support.database.breaks import breaks, run
from tests.support.database.rich_history import History


@breaks("approval_is_of_two_people")
def one_who_approved_their_own(h: History) -> None:
    run("UPDATE approvals SET requested_by = decided_by WHERE id = %s", h.approved.pk)


@breaks("approval_is_of_two_people")
def one_approved_too_late(h: History) -> None:
    run("UPDATE approvals SET expires_at = decided_at WHERE id = %s", h.approved.pk)


@breaks("approval_is_of_two_people")
def one_that_was_neither_done_nor_failed(h: History) -> None:
    run("UPDATE approvals SET executed_at = NULL WHERE id = %s", h.approved.pk)


@breaks("approval_executes_its_request")
def another_amount_than_was_asked_for(h: History) -> None:
    run("UPDATE approvals SET amount = amount + 1 WHERE id = %s", h.approved.pk)


@breaks("approval_executes_its_request")
def other_parameters_than_were_asked_for(h: History) -> None:
    run("UPDATE approvals SET parameters = '{}' WHERE id = %s", h.approved.pk)


@breaks("approval_is_in_the_log")
def one_that_the_log_does_not_know(h: History) -> None:
    run(
        "UPDATE approvals SET decided_by = 'staff:999' WHERE id = %s AND decision = 'approved'",
        h.approved.pk,
    )
