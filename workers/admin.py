"""Pages for staff, which each subject registers."""

from gigstream.core.rooms import load_rooms

load_rooms("workers", "admin")
