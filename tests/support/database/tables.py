"""The models of the product, wherever they lie."""

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

# How staff sign in has rows that no list shows, and tests of its own.
_LEFT_OUT = {"gigstream_staff"}


def own_models() -> list[type[models.Model]]:
    """Return every model of the product's apps, but not those of libraries. No app is named here, so that
    an app that comes or moves is not passed over."""
    root = Path(settings.BASE_DIR)
    return [
        model
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(root) and not Path(config.path).is_relative_to(root / ".venv")
        if config.label not in _LEFT_OUT
        for model in config.get_models()
    ]
