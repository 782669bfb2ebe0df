"""Reputations over the API."""
