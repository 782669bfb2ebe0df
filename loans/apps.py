from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class LoansConfig(AppConfig):
    name = "loans"
    verbose_name = "Advances"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
