"""What Prometheus reads: requests, counted by all processes of a web server together, and figures of the
database, read when it asks (docs/operations.md)."""
