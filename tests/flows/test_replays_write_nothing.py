"""The commands that replay history write nothing."""

import pytest
from django.db import connection

from gigstream.core.clock import database_now
from reputation.scores.services import adjust_reputation
from tests.support.backtests import earner, printed
from tests.support.factories import (
    settle,
)


@pytest.mark.long_form
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["backtest_forecast", "backtest_policy"])
def test_a_replay_runs_in_one_read_only_transaction(command):
    now = database_now()
    worker = earner([10] * 21, now=now)
    adjust_reputation(worker_id=worker.pk, delta=10, reason="good work", now=now)
    settle(now)
    modes = set()

    def look(execute, statement, parameters, many, context):
        result = execute(statement, parameters, many, context)
        if statement.lstrip().startswith(("SELECT", "--", "WITH")):
            shown = context["connection"].connection.execute(
                "SELECT current_setting('transaction_read_only'), current_setting('transaction_isolation')"
            )
            modes.add(shown.fetchone())
        return result

    with connection.execute_wrapper(look):
        printed(command)

    assert modes == {("on", "repeatable read")}
