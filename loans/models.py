"""The models of the app, by subject."""

from gigstream.core.rooms import load_rooms
from loans.applications.models import Loan

load_rooms("loans", "models", "reports")

__all__ = ["Loan"]
