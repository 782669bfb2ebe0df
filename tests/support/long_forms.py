"""The size of long tests: `make test` takes the short form, `make long` the whole."""

import os
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, TypeVar
from zlib import crc32

import pytest

LONG = os.environ.get("GIGSTREAM_TEST_LONG") == "1"
# Processes that are killed, one after the other, by each test that does this; `make kills` asks for 200.
KILLS = int(os.environ.get("KILLS", "20"))
Case = TypeVar("Case")


def count(*, short: int, long: int) -> int:
    """Return how many cases, seeds or examples a test runs this time."""
    return long if LONG else short


def share(cases: Iterable[Case], *, of: str, one_in: int) -> list[Case]:
    """Return the cases for the subject `of`: all in the long form, else one in so many, and at least one.

    Where they begin follows from the subject's name, so that many subjects try all of a table's cases.
    """
    whole = list(cases)
    return whole if LONG else whole[_start_of(of, whole, one_in) :: one_in]


def spread(cases: Iterable[Case], *, of: str, one_in: int) -> list[Any]:
    """Return the cases as a test's parameters: one in so many for `make test`, the others for `make long`."""
    whole = list(cases)
    first = _start_of(of, whole, one_in)
    return [
        case if at % one_in == first else pytest.param(*_values(case), marks=pytest.mark.long_form)
        for at, case in enumerate(whole)
    ]


def _start_of(subject: str, cases: Sequence[Any], one_in: int) -> int:
    """Return the number of the first case in the subject's share."""
    return crc32(subject.encode()) % min(one_in, len(cases)) if cases else 0


def _values(case: Any) -> tuple[Any, ...]:
    """Return the values of a case with several parameters, or of one with a single parameter."""
    return case if isinstance(case, tuple) else (case,)


def crossed(faults: Sequence[Case], fates: Sequence[Case]) -> list[tuple[Case, Case]]:
    """Return all pairs in the long form, else the fewest in which each of both stands."""
    if LONG:
        return list(product(faults, fates))
    return [(faults[at % len(faults)], fates[at % len(fates)]) for at in range(max(len(faults), len(fates)))]
