"""The oracle over the API, for platforms."""
