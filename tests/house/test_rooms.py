"""Each room of an app holds what it should: rules that a linter does not know, read off the source."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("audit", "workers", "platforms", "payments", "reputation", "loans")
MONEY = ("platforms", "payments", "loans")
SIDE_DOORS = ("api", "admin", "tasks", "receivers")
LONGEST_FUNCTION = 60
LONGEST_FILE = 600
ENQUEUE = {"delay", "apply_async", "send_task"}
CLOCKS = {"now", "utcnow", "today", "localtime", "database_now", "new_id"}
Functions = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[Path]:
    """The Python files of these folders, without migrations."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def at(path: Path, node: ast.AST) -> str:
    return f"{name_of(path)}:{node.lineno}"


def functions(path: Path) -> Iterator[Functions]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, Functions))


def is_a_service(path: Path) -> bool:
    """A file where rows are written: `services.py`, the package `services`."""
    return path.name == "services.py" or "services" in path.parts


def is_a_call_of(node: ast.AST, names: set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in names


def packages(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The outermost packages that the statement imports from."""
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
    """A circle is not dodged; what is slow to start and seldom needed may come from outside when it is."""
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
        for path in [*sources(*MONEY), ROOT / "gigstream" / "lib" / "money.py"]
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
    """Every module or name that the file imports, dotted."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def test_side_doors_stay_shut_to_other_apps():
    found = []
    for path in sources(*APPS):
        own = path.relative_to(ROOT).parts[0]
        for node, dotted in _imported(path):
            app, _, rest = dotted.partition(".")
            if app in APPS and app != own and rest.split(".")[0] in SIDE_DOORS:
                found.append(f"{at(path, node)} imports {dotted}")

    assert found == []


def test_calculations_know_neither_rows_nor_settings_nor_the_time():
    forbidden = ("django", "models", "services", "selectors", "clock")
    found = [
        f"{at(path, node)} imports {dotted}"
        for path in sources(*APPS)
        if path.name == "calculations.py"
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
    """`signals.py` holds signals only, and receivers are connected in `receivers.py` only."""
    announced = ROOT / app / "signals.py"
    if announced.exists():
        assert list(functions(announced)) == []
    decorated = {
        name_of(path)
        for path in sources(app)
        for function in functions(path)
        for decorator in function.decorator_list
        if is_a_call_of(decorator, {"receiver"})
    }
    assert decorated <= {f"{app}/receivers.py"}
