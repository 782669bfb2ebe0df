"""The pages of staff, which each subject registers."""

from gigstream.core.rooms import load_rooms

load_rooms("reputation", "admin")
