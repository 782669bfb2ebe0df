"""The application's settings, without what surrounds its views."""

from gigstream.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "tests.benchmarks.bare"
