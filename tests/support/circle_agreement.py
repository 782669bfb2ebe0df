"""The simulator's books beside GigStream's, and time that passes in both."""

from datetime import datetime
from decimal import Decimal

from payments import services as payments
from payments.models import Discrepancy, Transaction
from tests.support.books import violated
from tests.support.factories import seconds
from tests.support.servers.circle import Simulator

ON_CHAIN = ("COMPLETE", "CONFIRMED")


class Time:
    """The clocks of GigStream and of the simulator, moved together."""

    def __init__(self, simulator: Simulator, at: datetime) -> None:
        self.simulator, self.now = simulator, at

    def pass_by(self, by: float = 30) -> None:
        self.now += seconds(by)
        self.simulator.advance(by)

    def tick(self, by: float = 30) -> None:
        """Run the jobs so many seconds later."""
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


def require_agreement(simulator: Simulator, *, since: datetime, now: datetime) -> None:
    """Require that the confirmed transfers here are the completed transfers there: each once, of the same
    amounts; all books hold, and reconciliation finds nothing."""
    confirmed = {one.circle_tx_id: (one.to_wallet, one.amount) for one in _payouts("confirmed")}
    complete = [one for one in simulator.transactions() if one["state"] in ON_CHAIN]
    there = {one["id"]: (one["destinationAddress"].lower(), Decimal(one["amounts"][0])) for one in complete}
    assert there == confirmed
    assert len({one["refId"] for one in complete}) == len(complete), "one of our keys has sent twice"
    assert violated() == {}
    open_breaks = payments.reconcile_settlements(since=since, now=now)
    assert open_breaks == 0, list(Discrepancy.objects.values())
