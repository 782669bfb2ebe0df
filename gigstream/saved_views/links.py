"""Addresses of saved views."""

from django.urls import reverse

from gigstream.saved_views.models import SavedView


def view_url(view: SavedView) -> str:
    """Return the address that opens the view in its list."""
    return reverse("console:saved-view", args=[view.pk])
