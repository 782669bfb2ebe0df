"""Text for any reader on any machine: no paths, registries or unfinished notes."""

import re
from pathlib import Path

import pytest

from tests.support.repository import name_of, text_files

HERE = Path(__file__).resolve()

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
    """Return every text file but this, which names the forbidden words."""
    return [path for path in text_files() if path != HERE]


@pytest.mark.parametrize("rule", RULES)
def test_no_file_holds(rule):
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8")
        for match in RULES[rule].finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{name_of(path)}:{line}: {match.group()}")

    assert found == []


def test_every_text_file_is_utf_8_without_control_characters_and_ends_with_a_line_break():
    found = []
    for path in tracked():
        content = path.read_bytes()
        content.decode("utf-8")
        if b"\r" in content or b"\0" in content or (content and not content.endswith(b"\n")):
            found.append(name_of(path))

    assert found == []
