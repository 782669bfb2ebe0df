"""Who listens to what: every fact the apps announce and every save of theirs that something follows."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from weakref import ReferenceType

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Model, signals
from django.dispatch import Signal

MODEL_SIGNALS = ("pre_init", "post_init", "pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
NOBODY = "(nobody)"


def signal_map() -> str:
    """The map as text: each signal, and under it its receivers in the order in which they are called."""
    blocks = [
        "\n    ".join([announced, *(listeners or [NOBODY])])
        for announced, listeners in [*_domain_signals(), *_model_signals()]
    ]
    return "\n\n".join(blocks) + "\n"


def own_apps() -> list[AppConfig]:
    """The apps of this repository, from the ground up."""
    names = [name for name in settings.INSTALLED_APPS if "." not in name]
    return [
        config
        for config in apps.get_app_configs()
        if config.name in names and config.path == str(settings.BASE_DIR / config.name)
    ]


def _domain_signals() -> Iterator[tuple[str, list[str]]]:
    for config in own_apps():
        if find_spec(f"{config.name}.signals") is None:
            continue
        module = import_module(f"{config.name}.signals")
        for name, value in vars(module).items():
            if isinstance(value, Signal):
                yield f"{config.name}.{name}", _receivers(value, None)


def _model_signals() -> Iterator[tuple[str, list[str]]]:
    for config in own_apps():
        for model in config.get_models():
            for name in MODEL_SIGNALS:
                listeners = _receivers(getattr(signals, name), model)
                if listeners:
                    yield f"{name} of {model._meta.label}", listeners


def _receivers(signal: Signal, sender: type[Model] | None) -> list[str]:
    """Dotted names of the functions connected for this sender, or for any."""
    return [
        _dotted(reference)
        for (_, sender_id), reference, *_ in signal.receivers or []
        if sender is None or sender_id == id(sender)
    ]


def _dotted(reference: Any) -> str:
    function: Any = reference() if isinstance(reference, ReferenceType) else reference
    return f"{function.__module__}.{function.__qualname__}"


class Command(BaseCommand):
    help = "Print who listens to what; docs/signal-map.txt is this text"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(signal_map(), ending="")
