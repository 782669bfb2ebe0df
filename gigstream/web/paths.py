"""The converter `id` of URL paths: a UUID in lower case or capitals, as .NET and SQL Server write them."""

from django.urls import register_converter
from django.urls.converters import UUIDConverter


class IdConverter(UUIDConverter):
    """A UUID in a path, its letters in either case."""

    regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def register_id_converter() -> None:
    """Make `<id:…>` known to Django."""
    register_converter(IdConverter, "id")
