"""The oracle on the sandbox's chain, with a clock of the test's own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from payments import services as payments
from payments.models import ChainOperation, SandboxFault
from payments.oracle.services.providers import Oracle, oracle_of
from payments.settlement.sandbox.provider import SandboxProvider
from tests.support.factories import NOW


@dataclass
class SandboxOracle:
    now: datetime = NOW
    oracle: Oracle = field(init=False)

    def __post_init__(self) -> None:
        self.oracle = oracle_of(SandboxProvider(lambda: self.now))

    def sync(self) -> int:
        return payments.sync_metrics(now=self.now, oracle=self.oracle)

    def work(self, *, seconds: float = 10, times: int = 1) -> None:
        """Let so much time go by, and have the jobs run, so many times."""
        for _ in range(times):
            self.now += timedelta(seconds=seconds)
            payments.submit_operations(now=self.now, oracle=self.oracle)
            payments.follow_operations(now=self.now, oracle=self.oracle)

    def write(self) -> None:
        """Write what has moved, until the chain shows it."""
        self.sync()
        self.work(times=3)

    def reconcile(self) -> object:
        return payments.reconcile_oracle(now=self.now, oracle=self.oracle)

    @staticmethod
    def goes_wrong(call: str, kind: str, *, times: int = 1, after: int = 0) -> None:
        """Set the fault that the next calls of this kind meet."""
        SandboxFault.objects.create(call=call, kind=kind, times=times, after=after)

    @staticmethod
    def newest() -> ChainOperation:
        return ChainOperation.objects.order_by("-created_at", "-pk")[0]

    def state(self) -> tuple[str, str]:
        found = self.newest()
        return found.status, found.trouble
