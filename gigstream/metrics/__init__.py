"""Metrics for Prometheus: requests, counted by all processes of a web server together, and figures of the
database, read at each scrape (docs/operations.md)."""
