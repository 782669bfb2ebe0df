"""The doors over HTTP to money."""
