"""Check-ins over the API."""
