from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class ApiConfig(AppConfig):
    name = "gigstream.api"
    label = "gigstream_api"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
