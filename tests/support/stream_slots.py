"""Whole slots of a stream, as the tests compute them beside the SQL function `stream_due`."""


def whole_slots(elapsed: int, *, interval: int, duration: int) -> int:
    """Return the elapsed seconds cut down to whole release intervals; the last slot may be short."""
    return duration if elapsed >= duration else elapsed // interval * interval
