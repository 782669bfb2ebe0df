"""`.env.example` lists every variable that the project reads, and no other."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
READ = re.compile(r"""env\.\w+\(\s*["']([A-Z_]+)["']|environ(?:\.get\(|\[)["']([A-Z_]+)["']""")
# Django's own, variables that only tests or the make targets pass on, and those that servers give their
# processes.
NOT_SETTINGS = {
    "DJANGO_SETTINGS_MODULE",
    "PORT",
    "SIMULATOR_PORT",
    "CIRCLE_SIMULATOR",
    "PROMETHEUS_MULTIPROC_DIR",
    "NOTIFY_SOCKET",
}


def read_by_the_project() -> set[str]:
    names = set()
    for path in (ROOT / "gigstream").rglob("*.py"):
        for one, other in READ.findall(path.read_text(encoding="utf-8")):
            names.add(one or other)
    return names - NOT_SETTINGS


def listed() -> set[str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return {match[1] for line in lines if (match := re.match(r"#?([A-Z_]+)=", line))}


def test_every_variable_is_listed_and_every_listed_one_is_read():
    assert listed() == read_by_the_project() | {"GIGSTREAM_EMBEDDED_HOME"}


def test_the_example_is_the_defaults():
    values = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        if re.match(r"[A-Z_]+=.", line)
    )
    for name in ("STREAM_MIN_INTERVAL_SECONDS", "PAYOUT_SMALLEST", "RELEASE_BATCH_SIZE"):
        assert str(getattr(settings, name)) == values[name]
