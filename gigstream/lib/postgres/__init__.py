"""Django's PostgreSQL, which finds out without a statement that a kept connection is lost."""
