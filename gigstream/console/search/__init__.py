"""Search across all pages of the staff: rows that a term names in full, else rows that it names by a part."""

from gigstream.console.search.finding import PAGE, Found, Kind, find_kinds, find_rows

__all__ = ["PAGE", "Found", "Kind", "find_kinds", "find_rows"]
