"""The audit log for staff: its list, its filters, and its lines in the timelines of other rows."""

from audit.log.admin.filters import Subject

__all__ = ["Subject"]
