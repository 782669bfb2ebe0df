"""Status moves are data; a move that is not in the table is refused by name."""

import pytest

from gigstream.core.errors import IllegalMove
from gigstream.core.states import require_move
from loans.applications.enums import LOAN_MOVES, LoanStatus
from payments.settlement.transactions.enums import TRANSACTION_MOVES, TransactionStatus
from payments.streams.enums import STREAM_MOVES, StreamStatus
from platforms.tasks.enums import TASK_MOVES, TaskStatus
from workers.profiles.enums import WORKER_MOVES, WorkerStatus

TABLES = [
    (TaskStatus, TASK_MOVES),
    (StreamStatus, STREAM_MOVES),
    (TransactionStatus, TRANSACTION_MOVES),
    (LoanStatus, LOAN_MOVES),
    (WorkerStatus, WORKER_MOVES),
]


@pytest.mark.parametrize("statuses, moves", TABLES)
def test_every_status_has_its_line_and_none_moves_to_itself(statuses, moves):
    assert set(moves) == set(statuses)
    for before, allowed in moves.items():
        assert allowed <= set(statuses)
        assert before not in allowed


@pytest.mark.parametrize("statuses, moves", TABLES)
def test_exactly_the_moves_of_the_table_are_allowed(statuses, moves):
    for before in statuses:
        for after in statuses:
            if after in moves[before]:
                require_move(moves, subject="it", before=before, after=after)
            else:
                with pytest.raises(IllegalMove):
                    require_move(moves, subject="it", before=before, after=after)


def test_a_refused_move_says_what_would_be_allowed():
    with pytest.raises(IllegalMove) as refusal:
        require_move(TASK_MOVES, subject="task 7", before="created", after="completed")

    assert refusal.value.message == "task 7 is created: it may become assigned, cancelled, not completed"
    assert refusal.value.numbers == {"before": "created", "after": "completed"}
    assert (refusal.value.code, refusal.value.status) == ("illegal_status", 409)


def test_an_ended_row_stays_as_it_ended():
    with pytest.raises(IllegalMove, match="task 7 is cancelled for good, it cannot become completed"):
        require_move(TASK_MOVES, subject="task 7", before="cancelled", after="completed")
