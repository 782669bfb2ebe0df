"""Notes and assignments for staff: their panel on the pages of all rows, their lists, and their place in
timelines, on cards and on the pages of decisions."""
