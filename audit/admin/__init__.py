"""The staff's doors to the log, the jobs, the checks of the books, and what waits for a second person."""

from audit.admin import approvals, log  # noqa: F401 - they register themselves
