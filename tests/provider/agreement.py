"""The twin's books beside ours, and time that passes in both."""

from datetime import datetime
from decimal import Decimal

from payments import services as payments
from payments.models import ReconciliationBreak, Transaction
from tests.books import violated
from tests.circle import Twin
from tests.factories import seconds

ON_CHAIN = ("COMPLETE", "CONFIRMED")


class Time:
    """Ours and the twin's go together."""

    def __init__(self, twin: Twin, at: datetime) -> None:
        self.twin, self.now = twin, at

    def pass_by(self, by: float = 30) -> None:
        self.now += seconds(by)
        self.twin.advance(by)

    def tick(self, by: float = 30) -> None:
        """What the jobs do after so many seconds."""
        self.pass_by(by)
        payments.submit_payouts(now=self.now)
        payments.poll_settlements(now=self.now)

    def until_all_ended(self, most: int = 40) -> None:
        for _ in range(most):
            if not _payouts("pending", "submitted"):
                return
            self.tick()
        left = [(one.status, one.error_message) for one in _payouts("pending", "submitted")]
        raise AssertionError(f"not ended: {left}")


def _payouts(*statuses: str) -> list[Transaction]:
    return list(Transaction.objects.filter(type="payout", status__in=statuses))


def require_agreement(twin: Twin, *, since: datetime, now: datetime) -> None:
    """What is confirmed here is complete there: the same transfers, each once, of the same amounts; all books
    hold, and reconciliation finds nothing."""
    confirmed = {one.circle_tx_id: (one.to_wallet, one.amount) for one in _payouts("confirmed")}
    complete = [one for one in twin.transactions() if one["state"] in ON_CHAIN]
    there = {one["id"]: (one["destinationAddress"].lower(), Decimal(one["amounts"][0])) for one in complete}
    assert there == confirmed
    assert len({one["refId"] for one in complete}) == len(complete), "one of our keys has sent twice"
    assert violated() == {}
    open_breaks = payments.reconcile_settlements(since=since, now=now)
    assert open_breaks == 0, list(ReconciliationBreak.objects.values())
