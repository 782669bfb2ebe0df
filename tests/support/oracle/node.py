"""The oracle on a real node, with a clock of the test's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from payments import services as payments
from payments.models import ChainOperation
from tests.support.factories import NOW
from tests.support.oracle.contract import DeployedRegistry
from tests.support.servers.chain_node import TestNode


@dataclass
class NodeChain:
    """The contract, the clock, and the work of the jobs."""

    deployed: DeployedRegistry
    now: datetime = NOW

    @property
    def node(self) -> TestNode:
        return self.deployed.node

    def later(self, seconds: float = 10) -> None:
        self.now += timedelta(seconds=seconds)

    def work(self, *, blocks: int = 0, seconds: float = 10) -> None:
        """Mine so many blocks, and have the jobs run."""
        if blocks:
            self.node.mine(blocks)
        self.later(seconds)
        oracle = self.deployed.oracle()
        payments.submit_operations(now=self.now, oracle=oracle)
        payments.follow_operations(now=self.now, oracle=oracle)

    def sync(self) -> int:
        return payments.sync_metrics(now=self.now, oracle=self.deployed.oracle())

    @staticmethod
    def operation() -> ChainOperation:
        return ChainOperation.objects.order_by("-created_at", "-pk")[0]

    def state(self) -> tuple[str, str]:
        found = self.operation()
        return found.status, found.trouble

    def work_until_it_ends(self, times: int = 8) -> tuple[str, str]:
        for _ in range(times):
            self.work(blocks=2)
            if self.operation().ended_at:
                break
        return self.state()
