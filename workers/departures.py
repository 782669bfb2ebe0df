"""Why a worker or platform may not leave yet: apps above register what they must have finished first."""

from collections.abc import Callable
from typing import Any

# Raises a Refusal while the party still has business with the registering app.
Check = Callable[[Any], None]


class Departures:
    """The checks for one kind of party."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def register(self, check: Check) -> Check:
        self._checks.append(check)
        return check

    def require_finished(self, party: Any) -> None:
        """Raise the first refusal of any app that is not done with the party."""
        for check in self._checks:
            check(party)


worker_departures = Departures()
platform_departures = Departures()
