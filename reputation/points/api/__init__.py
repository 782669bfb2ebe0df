"""Points over the API."""
