"""The simulator of Circle in a process of its own, with its clock in the test's hand."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import urllib3
from django.conf import settings

API_KEY = "TEST_API_KEY:tests:tests"
ENTITY_SECRET = "5a" * 32
# The simulator's clock starts here: 2026-03-02 09:00 UTC.
START = 1_772_442_000


@dataclass(frozen=True)
class Simulator:
    url: str
    process: subprocess.Popen[str]

    def control(self, what: str, **body: Any) -> Any:
        """Control the simulator."""
        answer = urllib3.request(
            "POST", f"{self.url}/_simulator/{what}", json=body, timeout=300, retries=False
        )
        assert answer.status == 200, answer.data
        return answer.json()

    def advance(self, seconds: float = 60) -> Any:
        return self.control("clock", advance=seconds)

    def wrong(self, call: str, **fault: Any) -> None:
        """Set the fault that the next call of this kind meets."""
        self.control("faults", call=call, **fault)

    def transactions(self) -> list[dict[str, Any]]:
        """Return the simulator's own books, oldest first, without incoming transfers."""
        found = self.control("state")["transactions"]
        return [one for one in found if one["transactionType"] == "OUTBOUND"]

    def signing_key_id(self) -> str:
        """Return the id of the key that notifications are signed with."""
        return str(self.control("state")["signingKeyId"])

    def units(self, wallet_id: str) -> int:
        """Return the wallet's balance, in units of 18 decimals."""
        wallets = self.control("state")["wallets"]
        return next(int(one["units"]) for one in wallets if one["id"] == wallet_id)


@contextmanager
def run_simulator(home: Path, *arguments: str) -> Iterator[Simulator]:
    """Run a simulator with its memory in `home`, for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gigstream.simulators.circle", "--home", str(home), *arguments],
        cwd=settings.BASE_DIR,
        env={"CIRCLE_API_KEY": API_KEY, "CIRCLE_ENTITY_SECRET": ENTITY_SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("listening on "), said
        yield Simulator(said.split()[-1], process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def house_of(simulator: Simulator, provider: Any, settings: Any, *, holds: str = "1000") -> str:
    """Make settings that name the simulator, with a wallet set of its own and a wallet that the house pays
    from."""
    settings.CIRCLE_API_URL = simulator.url
    settings.CIRCLE_API_KEY = API_KEY
    settings.CIRCLE_ENTITY_SECRET = ENTITY_SECRET
    settings.CIRCLE_WALLET_SET_ID = provider.create_wallet_set(key=uuid4(), name="tests")
    settings.CIRCLE_HOUSE_WALLET_ID = provider.create_wallet(key=uuid4(), owner="house").id
    simulator.control("fund", walletId=settings.CIRCLE_HOUSE_WALLET_ID, amount=holds)
    return settings.CIRCLE_HOUSE_WALLET_ID
