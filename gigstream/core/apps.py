from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "gigstream.core"
    label = "gigstream_core"
