from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class SignInConfig(AppConfig):
    name = "gigstream.sign_in"
    label = "gigstream_sign_in"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
