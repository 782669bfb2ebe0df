"""Django's PostgreSQL engine, with a check of kept connections that needs no statement."""
