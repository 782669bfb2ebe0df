"""Rooms of an app and their contents: rules that a linter does not know, read off the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT, name_of, tree_of

APPS = ("audit", "workers", "platforms", "payments", "reputation", "loans")
MONEY = ("platforms", "payments", "loans")
# Rooms that adapt a subject to a kit: nobody imports them, but for the same room of another subject.
ADAPTING = {"admin", "api", "jobs", "receivers"}
# A room may import the rooms of its own subject that stand before it.
ORDER = (
    {"enums", "errors", "calculations", "querysets", "vocabulary"},
    {"models", "reports"},
    {"selectors", "payloads"},
    {"services", "invariants", "deductions", "funding", "limits"},
    {
        "approvals",
        "authentication",
        "departures",
        "forms",
        "letters",
        "own_addresses",
        "schemas",
        "views",
    },
    ADAPTING,
)
ROOMS = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
# Modules of a single subject, which no other has use for.
PARTICULAR = {
    "audit/approvals": {"notices"},
    "audit/books": {"invariant_registry", "signals"},
    "audit/database_identity": {"commands"},
    "audit/decisions": {"rules"},
    "audit/log": {"action_registry", "context", "log_lines", "middleware", "reasons"},
    "audit/notices": {"kind_registry"},
    "loans/applications": {"terms"},
    "platforms/events": {"registry"},
    "platforms/platforms": {"scopes"},
    "payments/earnings": {"payables", "reserves"},
    "payments/ledger": {"entry_kinds", "low_balances", "postings", "subjects"},
    "payments/oracle": {"health", "registry"},
    "payments/oracle/contract": {"calls", "simulated"},
    "payments/settlement": {"health"},
    "payments/settlement/provider": {
        "abi",
        "answers",
        "chain",
        "circle",
        "connection",
        "node",
        "protocol",
        "sending",
        "states",
        "units",
    },
    "payments/settlement/sandbox": {"chain", "contracts", "provider"},
    "payments/statements": {"statement_pdf"},
    "payments/streams": {"releases"},
    "platforms/usage": {"finality", "worth"},
    "platforms/usage/store": {"clickhouse", "postgresql", "protocol"},
    "reputation/scores": {"bounds", "replay"},
    "workers/profiles": {"places"},
    "workers/sign_in": {"tokens"},
    "workers/social": {"networks", "oauth"},
    "workers/wallets": {"chains", "messages"},
}
# At the top of an app: the modules that other apps and Django look for.
OF_AN_APP = {"admin", "apps", "departures", "me_urls", "models", "services", "signals", "urls", "vocabulary"}
LONGEST_FUNCTION = 60
LONGEST_FILE = 500
MOST_FILES = 14
ENQUEUE = {"delay", "apply_async", "send_task"}
CLOCKS = {"now", "utcnow", "today", "localtime", "database_now", "new_id"}
Functions = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[Path]:
    """Return the Python files of these folders, without migrations."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def at(path: Path, node: ast.AST) -> str:
    return f"{name_of(path)}:{node.lineno}"


def functions(path: Path) -> Iterator[Functions]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, Functions))


def is_a_service(path: Path) -> bool:
    """Whether the file writes rows: `services.py`, the package `services`."""
    return path.name == "services.py" or "services" in path.parts


def is_a_call_of(node: ast.AST, names: set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in names


def packages(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the outermost packages that the statement imports from."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
    return {name.partition(".")[0] for name in names}


def test_only_services_write_past_the_guards():
    found = [
        at(path, node)
        for path in sources("gigstream", *APPS)
        if not is_a_service(path)
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr == "unguarded")
        or (isinstance(node, ast.keyword) and getattr(node.value, "value", None) == "unguarded")
    ]

    assert found == []


def test_nothing_of_ours_is_imported_inside_a_function():
    """A circle is not dodged; a library that is slow to start and seldom needed may be imported late."""
    found = [
        at(path, node)
        for path in sources("gigstream", *APPS)
        for function in functions(path)
        if not (path.name == "apps.py" and function.name == "ready")
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and packages(node) & {"gigstream", *APPS}
    ]

    assert found == []


def test_no_float_comes_near_money():
    found = [
        at(path, node)
        for path in [*sources(*MONEY), ROOT / "gigstream" / "core" / "money.py"]
        for node in ast.walk(tree_of(path))
        if is_a_call_of(node, {"float", "FloatField"})
    ]

    assert found == []


def test_services_enqueue_nothing_themselves():
    found = [
        at(path, node)
        for path in sources(*APPS)
        if is_a_service(path)
        for node in ast.walk(tree_of(path))
        if is_a_call_of(node, ENQUEUE)
    ]

    assert found == []


def _defaults(function: Functions) -> Iterator[ast.AST]:
    given = [*function.args.defaults, *function.args.kw_defaults]
    return (node for default in given if default is not None for node in ast.walk(default))


def test_no_default_argument_freezes_the_time_or_a_setting():
    found = [
        at(path, node)
        for path in sources("gigstream", *APPS)
        for function in functions(path)
        for node in _defaults(function)
        if is_a_call_of(node, CLOCKS)
        or (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "settings"
        )
    ]

    assert found == []


def _imported(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Yield every module or name that the file imports, dotted."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def subject_and_room(dotted: str) -> tuple[str, str]:
    """Return the subject of an app's module, as in `payments/streams`, and the room that the module is or is
    in.

    A subject may have the name of a room: `audit/limits`.
    """
    parts = dotted.split(".")
    for depth, part in enumerate(parts[1:], start=1):
        if part in ROOMS and (depth > 1 or len(parts) == 2):
            return "/".join(parts[:depth]), part
    return "/".join(parts[:-1]), parts[-1]


def modules() -> Iterator[tuple[Path, str]]:
    """Yield each module of the apps but packages, migrations and commands, and its dotted name."""
    for path in sources(*APPS):
        if path.name != "__init__.py" and "management" not in path.parts:
            yield path, ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports_of_rooms() -> Iterator[tuple[str, str, str]]:
    """Yield where an app's module imports another, the importer's name, and the imported module's."""
    names = {dotted for _, dotted in modules()}
    for path, importer in modules():
        for node, dotted in _imported(path):
            imported = dotted if dotted in names else dotted.rpartition(".")[0]
            if imported in names:
                yield at(path, node), importer, imported


def test_modules_are_in_the_rooms_of_the_house():
    found = []
    for path, dotted in modules():
        subject, room = subject_and_room(dotted)
        allowed = OF_AN_APP if "/" not in subject else ROOMS.keys() | PARTICULAR.get(subject, set())
        if room not in allowed:
            found.append(name_of(path))

    assert found == []


def test_particular_modules_exist():
    found = {subject_and_room(dotted) for _, dotted in modules()}

    listed = {(subject, room) for subject, rooms in PARTICULAR.items() for room in rooms}
    assert listed - found == set()


def test_nobody_imports_a_room_that_adapts():
    found = []
    for where, importer, imported in imports_of_rooms():
        room = subject_and_room(imported)[1]
        own = subject_and_room(importer)[1]
        if room in ADAPTING and own not in {room, "urls", "me_urls"}:
            found.append(f"{where} imports {imported}")

    assert found == []


def test_inside_a_subject_imports_go_down_only():
    found = []
    for where, importer, imported in imports_of_rooms():
        (subject, room), (other, lower) = subject_and_room(importer), subject_and_room(imported)
        if subject == other and ROOMS.get(lower, 0) > ROOMS.get(room, len(ORDER)):
            found.append(f"{where} imports {imported}")

    assert found == []


def test_folders_are_small():
    counts: dict[str, int] = {}
    for path in sources("gigstream", *APPS, "tests/support"):
        folder = name_of(path.parent)
        counts[folder] = counts.get(folder, 0) + 1

    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_calculations_know_neither_rows_nor_settings_nor_the_time():
    forbidden = ("django", "models", "services", "selectors", "clock")
    found = [
        f"{at(path, node)} imports {dotted}"
        for path in sources(*APPS)
        if "calculations" in (path.stem, path.parent.name)
        for node, dotted in _imported(path)
        if set(dotted.split(".")) & set(forbidden)
    ]

    assert found == []


def test_functions_are_short():
    found = [
        f"{at(path, function)} {function.name}: {function.end_lineno - function.lineno + 1} lines"
        for path in sources("gigstream", *APPS)
        for function in functions(path)
        if function.end_lineno - function.lineno + 1 > LONGEST_FUNCTION
    ]

    assert found == []


def test_files_are_short():
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in sources("gigstream", *APPS)}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


@pytest.mark.parametrize("app", APPS)
def test_an_app_keeps_its_facts_apart_from_who_listens(app):
    """`signals.py` holds signals only, and receivers are connected in rooms of that name only."""
    for announced in (ROOT / app).rglob("signals.py"):
        assert list(functions(announced)) == []
    decorated = {
        name_of(path)
        for path in sources(app)
        for function in functions(path)
        for decorator in function.decorator_list
        if is_a_call_of(decorator, {"receiver"})
    }
    assert {name for name in decorated if not name.endswith("/receivers.py")} == set()
