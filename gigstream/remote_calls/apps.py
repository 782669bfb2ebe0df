from django.apps import AppConfig


class RemoteCallsConfig(AppConfig):
    name = "gigstream.remote_calls"
    label = "gigstream_remote_calls"
