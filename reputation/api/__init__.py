"""The doors over HTTP to reputations."""
