"""`docs/house.md` answers where things are, and the answers are true."""

import re

from tests.house.test_rooms import ROOMS
from tests.support.repository import ROOT

DOCUMENT = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")


def answers() -> dict[str, str]:
    """Return the questions of the section "Where is it?", each with its file."""
    section = DOCUMENT.split("## Where is it?")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| (.+\?) \| `(\S+)` \|$", section, re.MULTILINE))


def test_twenty_questions_have_their_file():
    found = answers()

    assert len(found) == 22
    assert [path for path in found.values() if not (ROOT / path).is_file()] == []


def test_every_folder_of_the_floors_exists():
    section = DOCUMENT.split("## Places")[1].split("\n## ")[0]
    folders = re.findall(r"`([\w/]+/)`", section)

    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_the_rooms_of_the_document_are_those_of_the_test():
    section = DOCUMENT.split("| room | holds |")[1].split("\n\n")[0]
    first_cells = [line.split("|")[1] for line in section.splitlines()[2:]]
    named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}

    assert named == set(ROOMS)
