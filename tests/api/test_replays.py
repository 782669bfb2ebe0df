"""Requests that move money, sent twenty times at once under a single key: each is done once."""

from collections import Counter

import pytest

from gigstream.api.views import ApiView
from payments.models import LedgerEntry
from tests.api.test_schema import views
from tests.support.api.client import is_problem
from tests.support.api.operations import operations
from tests.support.api.requests import ASKS, Ask
from tests.support.api.sockets import LiveApi, at_once
from tests.support.books import violated
from tests.support.database.snapshots import everything
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db(transaction=True)

MONEY = sorted(name for name, one in operations().items() if one.moves_money)


def test_what_moves_money_is_known_by_its_view_and_by_its_description():
    by_view = {
        endpoint.operation
        for _, view in views()
        if issubclass(view, ApiView) and view.moves_money
        for method, endpoint in view.endpoints.items()
        if method == "POST"
    }

    assert sorted(by_view) == MONEY


class Books:
    """The number of rows in each table, and of ledger entries of each kind."""

    def __init__(self) -> None:
        self.rows = Counter({table: count for table, (count, _) in everything().items()})
        self.entries = Counter(LedgerEntry.objects.values_list("kind", flat=True))

    def since(self, before: "Books") -> tuple[Counter, Counter]:
        return self.rows - before.rows, self.entries - before.entries


def left_by_one(ask: Ask) -> tuple[Counter, Counter]:
    api = ask.api()
    before = Books()
    answer = api.post(ask.path, ask.body)
    assert 200 <= answer.status_code < 300, answer.content
    return Books().since(before)


@pytest.mark.parametrize("name", spread(MONEY, of="replays", one_in=14))
def test_twenty_at_once_under_one_key_do_what_one_does(web, name):
    left_by_one(ASKS[name]())  # the house's accounts are opened by the first who needs them
    expected = left_by_one(ASKS[name]())
    ask = ASKS[name]()
    api = LiveApi(web.port, ask.api().headers)
    before = Books()

    answers = at_once(20, lambda: api.post(ask.path, ask.body, key="one"))

    assert Books().since(before) == expected
    assert violated() == {}
    done = [answer for answer in answers if answer.status_code < 300]
    for answer in answers:
        assert answer in done or is_problem(answer, 409, "idempotency_in_progress")
    assert len({(answer.status_code, answer.content) for answer in done}) == 1
    assert ["Idempotent-Replayed" in answer for answer in done].count(False) == 1

    stands = everything()
    again = api.post(ask.path, ask.body, key="one")
    assert (again.status_code, again.content) == (done[0].status_code, done[0].content)
    assert again["Idempotent-Replayed"] == "true"
    is_problem(api.post(ask.path, ask.body, key=""), 400, "idempotency_key_missing")
    if ask.other is None:
        is_problem(api.post(ask.path, {"other": 1}, key="one"), 400, "invalid_input")
    else:
        is_problem(api.post(ask.path, ask.other, key="one"), 422, "idempotency_mismatch")
    assert everything() == stands
