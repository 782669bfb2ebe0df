from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from django.core.management.base import CommandError

from audit.database_identity.commands import MoneyCommand
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from gigstream.remote_calls.errors import RemoteCallError
from payments.oracle.calculations import NO_NUMBERS, first_bid, largest_cost, pack_numbers
from payments.oracle.contract import calls
from payments.oracle.services.gas import gas_limits, read_budget
from payments.oracle.services.providers import Oracle, configured_oracle
from payments.settlement.provider.abi import NotEncodable
from payments.settlement.provider.units import booked_fee

SOMEBODY = "0x" + "c0" * 20


class Command(MoneyCommand):
    help = "whether the registry contract can be read and called, and at which price; sends nothing"

    def handle(self, **options: Any) -> None:
        """Print one line a step; exit 1 when one fails."""
        oracle = configured_oracle()
        if not oracle.contract:
            raise CommandError("ORACLE_CONTRACT is not set: nothing is written to the chain")
        self.stdout.write(f"{'contract':10}{oracle.contract} through {oracle.provider.name}")
        failed = [name for name, step in _steps(oracle) if not self._passes(name, step)]
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}")

    def _passes(self, name: str, step: Callable[[], str]) -> bool:
        try:
            self.stdout.write(f"{name:10}{step()}")
        except (RemoteCallError, NotEncodable) as error:
            self.stdout.write(f"{name:10}failed: {error}")
            return False
        return True


def _steps(oracle: Oracle) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the steps by name; each returns what it found."""
    now, operation, platform = database_now(), uuid4(), uuid4()

    def newest_block() -> str:
        return str(oracle.newest_block(now))

    def read() -> str:
        call = calls.read_metrics(operation, platform, [SOMEBODY])
        done, values = calls.read_result(
            call, oracle.reader.read_contract(contract=oracle.contract, data=call.data)
        )
        return f"answers: {done}, {len(values)} creator"

    def estimate() -> str:
        call = calls.update_metrics(operation, platform, [(SOMEBODY, pack_numbers(NO_NUMBERS))])
        found = oracle.provider.estimate_contract(
            contract=oracle.contract, function=call.function, parameters=call.parameters
        )
        bid = first_bid(found, **gas_limits())
        return f"one creator costs at most {usdc(booked_fee(largest_cost(bid)))} at {bid.max_fee:f} gwei"

    def budget() -> str:
        found = read_budget(now)
        return f"{usdc(found.left)} left of {usdc(found.limit)} in {found.month:%Y-%m}"

    yield from (("block", newest_block), ("read", read), ("write", estimate), ("budget", budget))
