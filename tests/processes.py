"""What another process needs to work on a test's data."""

from django.db import connection


def database_url() -> str:
    """The test's own database, for another process."""
    values = connection.settings_dict
    host = values["HOST"].replace("/", "%2F")
    user = values["USER"] + (f":{values['PASSWORD']}" if values["PASSWORD"] else "")
    return f"postgresql://{user}@{host}:{values['PORT']}/{values['NAME']}"
