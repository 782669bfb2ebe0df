import zoneinfo

from gigstream.celery import app as celery_app

__all__ = ["celery_app"]

# The zones of the package tzdata, which are the same on every machine.
zoneinfo.reset_tzpath(to=())
