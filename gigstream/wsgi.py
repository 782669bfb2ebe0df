import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gigstream.settings")

application = get_wsgi_application()
# A server must not start with settings that the system checks refuse, or with a database of another kind.
call_command("check")
call_command("require_own_database")
connections.close_all()
