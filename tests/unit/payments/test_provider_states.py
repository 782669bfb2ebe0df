"""Reports of a transfer's state come twice, late and out of order; the rank decides."""

from itertools import permutations

import pytest

from payments.settlement.provider import states
from payments.settlement.provider.enums import TransferState

WAY = ["INITIATED", "QUEUED", "CLEARED", "SENT", "CONFIRMED", "COMPLETE"]


def after(reports):
    known = TransferState.INITIATED
    for word in reports:
        reported = states.read(word)
        if states.replaces(reported, known):
            known = reported
    return known


@pytest.mark.parametrize("word", [*TransferState.values, "UNHEARD_OF", "", "sent"])
def test_every_word_is_read_and_has_a_rank(word):
    state = states.read(word)

    assert state == (word if word in TransferState.values else "UNKNOWN")
    assert states.rank(state) >= 0


def test_whatever_order_the_reports_come_in_the_last_state_is_the_same():
    assert {after([*order, *order]) for order in permutations(WAY)} == {TransferState.COMPLETE}


@pytest.mark.parametrize("last", sorted(states.TERMINAL))
def test_nothing_leaves_a_terminal_state(last):
    assert [state for state in TransferState if states.replaces(state, last)] == []


def test_a_stuck_transfer_may_be_sent_again():
    assert after(["SENT", "STUCK", "SENT", "STUCK", "CONFIRMED"]) == "CONFIRMED"


def test_a_word_that_is_not_in_the_list_moves_nothing():
    assert after(["SENT", "UNHEARD_OF"]) == "SENT"


@pytest.mark.parametrize(
    ("state", "confirmations", "settled"),
    [
        ("COMPLETE", 0, True),
        ("CONFIRMED", 2, False),
        ("CONFIRMED", 3, True),
        ("SENT", 9, False),
        ("FAILED", 9, False),
    ],
)
def test_money_has_moved_when_the_provider_says_so_or_enough_blocks_lie_on_top(state, confirmations, settled):
    assert states.is_settled(TransferState(state), confirmations=confirmations, needed=3) is settled
