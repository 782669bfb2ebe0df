import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gigstream.settings")

application = get_wsgi_application()
# A server must not come up on settings that the system checks refuse.
call_command("check")
