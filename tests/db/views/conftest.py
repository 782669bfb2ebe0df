"""Fixtures of the tests of views: a clock that stands still, and a platform with money."""

from datetime import datetime

import pytest

from gigstream.core.clock import database_now
from platforms.models import Platform
from tests.support.database.clock import stop_clock
from tests.support.factories import (
    PlatformFactory,
    fund,
)
from tests.support.histories import days


@pytest.fixture
def now() -> datetime:
    """The time at which the database's clock stands still."""
    at = database_now()
    stop_clock(at)
    return at


@pytest.fixture
def platform(now: datetime) -> Platform:
    platform = PlatformFactory(now=now - days(100))
    fund(platform, "100000", now=now - days(100))
    return platform
