"""`manage.py signal_map`: the signals of the apps and of their models, with their receivers."""

from collections.abc import Iterator
from typing import Any
from weakref import ReferenceType

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Model, signals
from django.dispatch import Signal

from gigstream.core.rooms import load_rooms

MODEL_SIGNALS = ("pre_init", "post_init", "pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
NO_RECEIVER = "(nobody)"


def signal_map() -> str:
    """Return the map as text: the signals, each with its receivers in the order of their calls."""
    blocks = [
        "\n    ".join([announced, *(listeners or [NO_RECEIVER])])
        for announced, listeners in [*_domain_signals(), *_model_signals()]
    ]
    return "\n\n".join(blocks) + "\n"


def own_apps() -> list[AppConfig]:
    """Return the configurations of the apps of this repository, lowest floor first."""
    names = [name for name in settings.INSTALLED_APPS if "." not in name]
    return [
        config
        for config in apps.get_app_configs()
        if config.name in names and config.path == str(settings.BASE_DIR / config.name)
    ]


def _domain_signals() -> Iterator[tuple[str, list[str]]]:
    for config in own_apps():
        for module in load_rooms(config.name, "signals"):
            for name, value in vars(module).items():
                if isinstance(value, Signal):
                    yield f"{module.__name__.removesuffix('.signals')}.{name}", _receiver_names(value, None)


def _model_signals() -> Iterator[tuple[str, list[str]]]:
    for config in own_apps():
        for model in config.get_models():
            for name in MODEL_SIGNALS:
                listeners = _receiver_names(getattr(signals, name), model)
                if listeners:
                    yield f"{name} of {model._meta.label}", listeners


def _receiver_names(signal: Signal, sender: type[Model] | None) -> list[str]:
    """Return the dotted names of the receivers for this sender or for all senders."""
    return [
        _dotted_name(reference)
        for (_, sender_id), reference, *_ in signal.receivers or []
        if sender is None or sender_id == id(sender)
    ]


def _dotted_name(reference: Any) -> str:
    function: Any = reference() if isinstance(reference, ReferenceType) else reference
    return f"{function.__module__}.{function.__qualname__}"


class Command(BaseCommand):
    help = "Print the signals with their receivers; docs/signal-map.txt is this text"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(signal_map(), ending="")
