"""App configuration of the console."""

from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class ConsoleConfig(AppConfig):
    name = "gigstream.console"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
