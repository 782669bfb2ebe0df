#!/usr/bin/env python
"""Django's command line, which starts the embedded servers for commands that need a database."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from gigstream import embedded
from gigstream.simulators import circle_settings

# `demo` starts the servers itself, after its checks.
NEEDS_NO_DATABASE = {
    "circle_simulator",
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
    """Whether embedded servers may be started: not in production, nor with settings that cannot be read."""
    try:
        return not getattr(settings, "PRODUCTION", False)
    except ImproperlyConfigured:
        return False


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gigstream.settings")
    if needs_database(sys.argv[1:]) and embedded_servers_allowed():
        embedded.ensure_unset(database=circle_settings.DATABASE if settings.CIRCLE_SIMULATOR else None)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
