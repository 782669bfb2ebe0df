from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
