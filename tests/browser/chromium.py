"""The browser of the tests: Debian's, or whatever Chromium this machine has."""

import shutil
from pathlib import Path

FOLDER = Path(__file__).parent
_NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"


def program() -> str | None:
    """Where Chromium is, if there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)
