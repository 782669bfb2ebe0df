"""Settings of a Django project that has django-hordak and nothing else, on the same server."""

from gigstream.settings import DATABASES, LOGGING, SECRET_KEY, USE_TZ

__all__ = ["DATABASES", "LOGGING", "SECRET_KEY", "USE_TZ"]

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
HORDAK_DECIMAL_PLACES = 6
HORDAK_MAX_DIGITS = 20
DEFAULT_CURRENCY = "USD"
CURRENCIES = ("USD",)
