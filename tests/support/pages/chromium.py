"""The browser of the tests: Debian's, or another Chromium of this machine."""

import shutil

from tests.support.repository import ROOT

FOLDER = ROOT / "tests" / "browser"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"


def program() -> str | None:
    """Return the path of Chromium, if there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)
