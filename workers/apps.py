from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class WorkersConfig(AppConfig):
    name = "workers"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
