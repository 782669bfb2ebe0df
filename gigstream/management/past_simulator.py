"""Circle's simulator while a history settles through it: its clock is moved on as the history goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen

import urllib3
from django.conf import settings
from django.core.management.base import CommandError

from gigstream import twin
from gigstream.circle_twin import clock
from payments.provider.circle import CircleProvider
from payments.provider.protocol import PaymentProvider

# Within these a transfer goes through all its states.
SETTLES_WITHIN = timedelta(minutes=1)
CALL_SECONDS = 20.0
STOP_SECONDS = 20.0


class PastSimulator:
    """The simulator that CIRCLE_API_URL names. Its clock never goes back: of what the history tells out of
    order, the later told is settled later."""

    def __init__(self) -> None:
        self._now = self._advance(timedelta(0))

    def provider_at(self, at: datetime) -> PaymentProvider:
        """Return the provider as it is at `at`, and at least a minute after the time before."""
        self._now = self._advance(max(at - self._now, SETTLES_WITHIN))
        return CircleProvider()

    def _advance(self, time: timedelta) -> datetime:
        url = f"{settings.CIRCLE_API_URL}/_twin/clock"
        try:
            answer = urllib3.request(
                "POST", url, json={"advance": time.total_seconds()}, timeout=CALL_SECONDS, retries=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(
                f"Circle's simulator does not answer at {settings.CIRCLE_API_URL}: `make demo CIRCLE_TWIN=1`"
                " starts it, and so does `manage.py circle_twin`"
            ) from error
        return datetime.fromtimestamp(clock.seconds(answer.json()["now"]), UTC)


@contextmanager
def running_in_the_past(*, port: int, home: Path, start: datetime) -> Iterator[None]:
    """Run the simulator for as long as the block lasts, its clock standing at `start` until it is moved on.
    What it has done then it remembers in `home`."""
    command = [*twin.command(port=port, home=home), "--start", str(start.timestamp()), "--still"]
    environment = {**twin.settings_for(port), "PYTHONPATH": str(settings.BASE_DIR)}
    process = Popen(command, env=environment, stdout=PIPE, text=True)  # noqa: S603 - the command is our own
    try:
        if process.stdout is None or not process.stdout.readline().startswith("listening on "):
            raise CommandError(f"Circle's simulator did not start at port {port}")
        yield
    finally:
        process.terminate()
        process.wait(timeout=STOP_SECONDS)
