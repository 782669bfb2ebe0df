#!/usr/bin/env python
"""Django's command line; it starts the embedded servers for the commands that need a database."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from gigstream import services, twin

# `demo` starts the servers itself, after it has found that it may run at all.
NEEDS_NO_DATABASE = {
    "circle_twin",
    "collectstatic",
    "compilemessages",
    "demo",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "services",
    "spectacular",
    "startapp",
    "version",
}


def needs_database(arguments: list[str]) -> bool:
    """Whether a command line, without the program's name, reads or writes the database."""
    if not arguments or arguments[0].startswith("-") or {"-h", "--help"} & set(arguments):
        return False
    if arguments[0] == "check":
        return any(argument.startswith("--database") for argument in arguments)
    return arguments[0] not in NEEDS_NO_DATABASE


def embedded_servers_allowed() -> bool:
    """Never in production. Settings that cannot be read are for the command itself to report."""
    try:
        return not getattr(settings, "PRODUCTION", False)
    except ImproperlyConfigured:
        return False


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gigstream.settings")
    if needs_database(sys.argv[1:]) and embedded_servers_allowed():
        services.ensure_unset(database=twin.DATABASE if settings.CIRCLE_TWIN else None)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
