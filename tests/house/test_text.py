"""What is written down speaks to any reader on any machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve()
BINARY = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".woff", ".woff2", ".webp", ".pdf", ".mo"}

RULES = {
    "a path of one developer's machine": re.compile(
        r"(?<![\w.$}~-])/(?:home|Users|root|work|workspace)/[\w.-]+|[A-Z]:\\Users\\"
    ),
    "a package registry": re.compile(
        r"(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|--(?:extra-)?index-url|artifactory|PIP_INDEX_URL)",
        re.IGNORECASE,
    ),
    "a note of unfinished work": re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    "a merge conflict": re.compile(r"^(?:<{7} |>{7} |={7}$)", re.MULTILINE),
}


def tracked() -> list[Path]:
    """Every text file that is in the repository or would be added to it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    paths = [ROOT / name for name in listed if name]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY and path != HERE]


@pytest.mark.parametrize("rule", RULES)
def test_no_file_holds(rule):
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8")
        for match in RULES[rule].finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {match.group()}")

    assert found == []


def test_every_text_file_is_utf_8_without_control_characters_and_ends_with_a_line_break():
    found = []
    for path in tracked():
        content = path.read_bytes()
        content.decode("utf-8")
        if b"\r" in content or b"\0" in content or (content and not content.endswith(b"\n")):
            found.append(str(path.relative_to(ROOT)))

    assert found == []
