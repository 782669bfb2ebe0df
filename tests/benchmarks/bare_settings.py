"""The application's settings, with its views alone."""

from gigstream.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "tests.benchmarks.bare"
