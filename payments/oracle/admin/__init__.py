"""The oracle, for staff."""
