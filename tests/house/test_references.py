"""References in documents, comments and docstrings: the documents, sections, files and headings exist."""

import re
import sysconfig
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support.repository import ROOT, name_of, text_files

HERE = Path(__file__).resolve()
README = ROOT / "README.md"
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
TAGS = {"money", "figures", "identity", "api", "console", "operations", "proof"}
# Where packages are installed: a document may name a file of a library, as in `kombu/transport/redis.py`.
INSTALLED = Path(sysconfig.get_path("purelib"))

DOCUMENT = re.compile(r"(?<![\w./<*-])(?:\.\./)?[\w-]+(?:/[\w-]+)*\.md\b")
# A comment that goes on in the next line, which begins with # or -- or with the blanks of a docstring.
NEXT_LINE = re.compile(r"\n[ \t]*(?:#|--|//|\*)?[ \t]*")
NUMBERS = r"(\d+(?:(?:, | and | to |-)\d+)*)"
SECTION = re.compile(rf"([\w./-]+\.md)[`)]?(?:,? sections? |, ){NUMBERS}(?![\w%])")
OWN_SECTION = re.compile(rf"(?<!md, )(?<!md )(?<!md[`)], )(?<!md[`)] )[Ss]ections? {NUMBERS}")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
# A path of files, where it may stand for several: `<app>/signals.py`, `tests/flows/test_*.py`.
PATH = re.compile(r"\.?[\w<>*-][\w.<>*-]*(?:/[\w.<>*-]+)*/?")
SUFFIXES = {".py", ".sql", ".md", ".html", ".css", ".js", ".in", ".toml", ".yaml", ".conf", ".service"}
PACKAGES = "gigstream|audit|workers|platforms|payments|reputation|loans|tests"
DOTTED = re.compile(rf"`((?:{PACKAGES})(?:\.\w+)+)`")


class Reference(NamedTuple):
    """A reference: the file it stands in, its line, and its target."""

    path: Path
    line: int
    name: str

    def __str__(self) -> str:
        return f"{name_of(self.path)}:{self.line}: {self.name}"


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def documents() -> list[Path]:
    return [path for path in text_files() if path.suffix == ".md"]


def found(path: Path, text: str, pattern: re.Pattern[str], group: int = 0) -> Iterator[Reference]:
    for match in pattern.finditer(text):
        yield Reference(path, text.count("\n", 0, match.start()) + 1, match[group])


def document_named(name: str, path: Path) -> Path | None:
    """Return the document that `name` means in the file at `path`: beside it, from the root, or in docs."""
    places = (path.parent, ROOT, DOCS, DECISIONS)
    return next((place / name for place in places if (place / name).is_file()), None)


def test_every_document_that_is_named_exists():
    files = [path for path in text_files() if path != HERE]
    references = [one for path in files for one in found(path, text_of(path), DOCUMENT)]
    missing = [str(one) for one in references if document_named(one.name, one.path) is None]

    assert len(references) > 100
    assert missing == []


def sections_of(document: Path) -> set[int]:
    """Return the numbers of the headings, as in `## 4. Work and money`."""
    return {int(match[1]) for match in re.finditer(r"^#+ +(\d+)\. ", text_of(document), re.MULTILINE)}


def missing_numbers(numbers: str, document: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", numbers) if int(number) not in sections_of(document)]


def test_every_section_that_is_named_with_a_document_exists():
    checked, missing = 0, []
    for path in text_files():
        if path == HERE:
            continue
        for match in SECTION.finditer(NEXT_LINE.sub(" ", text_of(path))):
            document = document_named(match[1], path)
            checked += 1
            if document is None or missing_numbers(match[2], document):
                missing.append(f"{name_of(path)}: {match.group()}")

    assert checked > 15
    assert missing == []


def test_every_section_that_a_document_names_of_itself_exists():
    missing = [
        f"{name_of(document)}: {match.group()}"
        for document in documents()
        for match in OWN_SECTION.finditer(NEXT_LINE.sub(" ", text_of(document)))
        if not re.search(r"RFC \d+, $", match.string[: match.start()])
        if missing_numbers(match[1], document)
    ]

    assert missing == []


def anchor_of(heading: str) -> str:
    """Return the address that a heading has within its page."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def test_every_link_between_documents_leads_to_a_file_and_a_heading():
    broken = []
    for document in documents():
        for reference in found(document, text_of(document), LINK, 1):
            name, _, anchor = reference.name.partition("#")
            if "://" in name:
                continue
            target = document.parent / name if name else document
            headings = HEADING.findall(text_of(target)) if anchor and target.is_file() else []
            if not target.exists() or (anchor and anchor not in map(anchor_of, headings)):
                broken.append(str(reference))

    assert broken == []


@cache
def repository_paths() -> frozenset[str]:
    """Return the names of all text files and of the folders in which they are."""
    files = [path.relative_to(ROOT) for path in text_files()]
    return frozenset(
        part.as_posix() for path in files for part in (path, *path.parents) if part.as_posix() != "."
    )


@cache
def top_folders() -> frozenset[str]:
    return frozenset(name for name in repository_paths() if "/" not in name and (ROOT / name).is_dir())


def as_path(quoted: str) -> str | None:
    """Return the text in backticks if it is a path of files, without the name behind a colon."""
    name = re.sub(r":[\w.]+$", "", quoted)
    if not PATH.fullmatch(name):
        return None
    is_in_a_folder = "/" in name and name.split("/")[0] in {*top_folders(), "<app>"}
    return name if is_in_a_folder or Path(name).suffix in SUFFIXES else None


def is_in_the_repository(name: str) -> bool:
    pattern = re.sub(r"<\w+>", "*", name.rstrip("/"))
    # A bare file name says enough where its folder has just been named.
    patterns = (pattern,) if "/" in pattern else (pattern, f"*/{pattern}")
    return any(fnmatch(one, wanted) for one in repository_paths() for wanted in patterns)


def test_every_path_in_backticks_exists():
    references = [
        reference
        for document in documents()
        for reference in found(document, FENCE.sub(_blank_lines, text_of(document)), QUOTED, 1)
        if as_path(reference.name)
    ]
    missing = [
        str(one)
        for one in references
        if not is_in_the_repository(as_path(one.name) or "") and not (INSTALLED / one.name).is_file()
    ]

    assert len(references) > 50
    assert missing == []


def python_name(dotted: str) -> tuple[Path, str]:
    """Return the module or package that a dotted name leads to, and the rest of the name, if any."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:length])
        for module in (place.with_suffix(".py"), place):
            if module.exists():
                return module, parts[length] if length < len(parts) else ""
    raise ValueError(f"{dotted} is not of this repository")


def is_in_the_code(dotted: str) -> bool:
    """Whether the name is a module or a member of a module, or stands in the code as it is, as permissions
    do."""
    module, name = python_name(dotted)
    if not name:
        return True
    sources = [module] if module.is_file() else sorted(module.rglob("*.py"))
    texts = [text_of(path) for path in sources if "migrations" not in path.parts]
    if module != ROOT / "gigstream" and any(re.search(rf"\b{name}\b", text) for text in texts):
        return True
    return any(dotted in text_of(path) for path in text_files() if path.suffix == ".py" and path != HERE)


def test_every_python_name_in_backticks_exists():
    references = [
        reference
        for document in documents()
        for reference in found(document, text_of(document), DOTTED, 1)
        if Path(reference.name).suffix not in SUFFIXES
    ]
    missing = [str(one) for one in references if not is_in_the_code(one.name)]

    assert len(references) > 15
    assert missing == []


def _blank_lines(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")


def indexed_decisions() -> dict[str, str]:
    """Return the tag of each page in the index of decisions."""
    rows = re.findall(
        r"^\| \[[\w-]+\]\(([\w-]+\.md)\) \| (\w+) \| \S", text_of(DECISIONS / "README.md"), re.M
    )
    assert len(rows) == len(dict(rows)), "a page stands in the index twice"
    return dict(rows)


def test_the_index_of_decisions_has_every_page_with_its_tag():
    pages = {path.name for path in DECISIONS.glob("*.md")} - {"README.md"}

    assert indexed_decisions().keys() == pages
    assert set(indexed_decisions().values()) == TAGS


def test_the_readme_leads_to_every_document():
    links = found(README, text_of(README), LINK, 1)
    linked = {reference.name.partition("#")[0] for reference in links}
    pages = {name_of(path) for path in (*ROOT.glob("*.md"), *DOCS.glob("*.md"), DECISIONS / "README.md")}

    assert pages - linked == {"README.md"}
