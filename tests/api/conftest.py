"""Given, in every test of the API: a funded platform that calls, and counters that start at zero."""

import pytest
from django.core.cache import cache

from tests.api_client import Api
from tests.factories import PlatformFactory


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def platform():
    return PlatformFactory(funds="1000")


@pytest.fixture
def api(platform):
    return Api.of(platform)
