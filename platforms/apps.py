from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class PlatformsConfig(AppConfig):
    name = "platforms"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
