"""Departures: apps above register the reasons for which a worker or platform may not leave yet."""

from collections.abc import Callable
from typing import Any

# Raises a Refusal while the worker or platform has unfinished business with the registering app.
Check = Callable[[Any], None]


class Departures:
    """The checks before a worker's, or a platform's, account is closed."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def register(self, check: Check) -> Check:
        self._checks.append(check)
        return check

    def require_finished(self, leaving: Any) -> None:
        """Raise the first refusal of an app that has unfinished business with the worker or platform."""
        for check in self._checks:
            check(leaving)


worker_departures = Departures()
platform_departures = Departures()
