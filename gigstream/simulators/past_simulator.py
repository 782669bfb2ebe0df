"""Circle's simulator with a clock that follows the demo's history."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen

import urllib3
from django.conf import settings
from django.core.management.base import CommandError

from gigstream.simulators import circle_settings
from gigstream.simulators.circle import clock
from payments.settlement.provider.circle import CircleProvider
from payments.settlement.provider.protocol import PaymentProvider

# Time in which a transfer passes through all its states.
SETTLES_WITHIN = timedelta(minutes=1)
CALL_SECONDS = 20.0
STOP_SECONDS = 20.0


class PastSimulator:
    """Simulator at CIRCLE_API_URL. Its clock never goes back: events that the history creates out of order
    are settled in the order of their creation."""

    def __init__(self) -> None:
        self._now = self._advance(timedelta(0))

    def provider_at(self, at: datetime) -> PaymentProvider:
        """Move the clock to `at`, by at least a minute, and return the provider."""
        self._now = self._advance(max(at - self._now, SETTLES_WITHIN))
        return CircleProvider()

    def _advance(self, time: timedelta) -> datetime:
        url = f"{settings.CIRCLE_API_URL}/_simulator/clock"
        try:
            answer = urllib3.request(
                "POST", url, json={"advance": time.total_seconds()}, timeout=CALL_SECONDS, retries=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(
                f"Circle's simulator does not answer at {settings.CIRCLE_API_URL}:"
                " start it with `make demo CIRCLE_SIMULATOR=1` or `manage.py circle_simulator`"
            ) from error
        return datetime.fromtimestamp(clock.parse_instant(answer.json()["now"]), UTC)


@contextmanager
def running_in_the_past(*, port: int, home: Path, start: datetime) -> Iterator[None]:
    """Run the simulator during the block, with its clock stopped at `start` and its state in `home`."""
    command = [
        *circle_settings.simulator_command(port=port, home=home),
        "--start",
        str(start.timestamp()),
        "--still",
    ]
    environment = {**circle_settings.settings_for(port), "PYTHONPATH": str(settings.BASE_DIR)}
    process = Popen(command, env=environment, stdout=PIPE, text=True)  # noqa: S603 - the command is our own
    try:
        if process.stdout is None or not process.stdout.readline().startswith("listening on "):
            raise CommandError(f"Circle's simulator did not start at port {port}")
        yield
    finally:
        process.terminate()
        process.wait(timeout=STOP_SECONDS)
