"""Points of workers: what books them, takes them back, and ranks them."""

from reputation.points.services.booking import NewPoints, book_points, close_points
from reputation.points.services.reversals import request_reversal, reverse_points

__all__ = ["NewPoints", "book_points", "close_points", "request_reversal", "reverse_points"]
