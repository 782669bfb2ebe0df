from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class StaffConfig(AppConfig):
    name = "gigstream.staff"
    label = "gigstream_staff"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
