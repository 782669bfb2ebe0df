from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
