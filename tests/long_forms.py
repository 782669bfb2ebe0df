"""How much of what is random runs: `make test` takes the short counts, `make long` the whole ones."""

import os

LONG = os.environ.get("GIGSTREAM_TEST_LONG") == "1"


def count(*, short: int, long: int) -> int:
    """Return how many cases, seeds or examples a test runs this time."""
    return long if LONG else short
