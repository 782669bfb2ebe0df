"""Words for values of columns on the pages of staff."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gigstream.adminkit import duration_text, percent_text, signed_text, value_text
from gigstream.adminkit.columns import display_for
from gigstream.core.money import rate_text
from loans.models import Loan
from loans.policy.reports import LoanRepaymentStatus
from payments.models import Stream
from platforms.figures.reports import TaskCompletionStats
from platforms.models import Platform
from reputation.models import ReputationEvent
from workers.models import Worker


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (604_800, "7 days"),
        (5_400, "1 hour 30 minutes"),
        (178_714, "2 days 1 hour"),
        (61, "1 minute 1 second"),
        (0, "0 seconds"),
        (-90, "minus 1 minute 30 seconds"),
        (Decimal("150600.000"), "1 day 17 hours"),
        (timedelta(seconds=3, microseconds=459_283), "3 seconds"),
        (timedelta(microseconds=400_000), "under a second"),
    ],
)
def test_a_span_of_time_is_told_in_its_two_largest_units(seconds, words):
    assert duration_text(seconds) == words


def test_rates_percentages_and_signs():
    assert (rate_text(200), rate_text(250)) == ("2 %", "2.5 %")
    assert (percent_text(Decimal("100.00")), percent_text(Decimal("98.50"))) == ("100 %", "98.5 %")
    assert (signed_text(25), signed_text(-10), signed_text(0)) == ("+25", "-10", "+0")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("amount", "10.000000", "10.00"),
        ("amount", "0.208334", "0.208334"),
        ("fee_bps", 350, "3.5 %"),
        ("duration_seconds", 3600, "1 hour"),
        ("delta", 5, "+5"),
        ("expires_at", "2026-03-02T12:00:00.123+00:00", "2026-03-02 12:00:00 UTC"),
        ("expires_at", "2026-03-02Tomorrow", "2026-03-02Tomorrow"),
        ("is_active", False, "no"),
        ("worker", None, "nothing"),
        ("fields", ["a", "b"], "a, b"),
        ("limits", {"per_key": 5}, "per key 5"),
        ("status", "paused", "paused"),
    ],
)
def test_a_value_of_the_log_in_words(name, value, words):
    assert value_text(name, value) == words


@pytest.mark.parametrize(
    ("row", "name", "label", "words"),
    [
        (Stream(duration_seconds=604_800), "duration_seconds", "duration", "7 days"),
        (Stream(paused_for=timedelta(seconds=3)), "paused_for", "paused for", "3 seconds"),
        (Stream(release_interval=60), "release_interval", "release interval", "1 minute"),
        (Platform(fee_bps=200), "fee_bps", "fee", "2 %"),
        (Worker(completion_rate=Decimal("100.00")), "completion_rate", "completion rate", "100 %"),
        (ReputationEvent(delta=25), "delta", "delta", "+25"),
        (TaskCompletionStats(p95_seconds=Decimal(3_600)), "p95_seconds", "p95", "1 hour"),
        (Loan(fee_bps=350), "fee_bps", "fee", "3.5 %"),
    ],
)
def test_columns_say_their_unit_with_the_value(row, name, label, words):
    display = display_for(type(row), name)

    assert display.short_description == label
    assert display(row) == words


def test_yes_is_green_where_it_is_good_news_and_no_where_that_is():
    def shown(row, name):
        return str(display_for(type(row), name)(row))

    assert "badge-ok" in shown(LoanRepaymentStatus(is_overdue=False), "is_overdue")
    assert "badge-failed" in shown(LoanRepaymentStatus(is_overdue=True), "is_overdue")
    assert "badge-ok" in shown(Platform(is_active=True), "is_active")
    neutral = shown(Loan(is_automatic=False), "is_automatic")
    assert "no" in neutral
    assert "badge-" not in neutral
