"""Rows are written by services only: each write of a model or by SQL in Python stands in a module for it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.test_rooms import APPS, at, is_a_service, name_of, sources, tree_of
from tests.support.repository import ROOT

# Modules that write and are no services of a subject, each for a reason.
WRITERS = {
    # The frame below the subjects: overridden methods of models, and helpers that services call.
    "gigstream/core/models.py",
    "gigstream/core/postgres/transactions.py",
    "gigstream/core/sql.py",
    # Each is the whole of a small subject, and named for it.
    "gigstream/api/idempotency.py",
    "gigstream/jobs/registry.py",
    "gigstream/sign_in/guessing.py",
    # Run after each migration.
    "gigstream/staff/roles.py",
    # A library's protocol asks models to save themselves.
    "gigstream/staff/models.py",
    # Files, which are no rows.
    "gigstream/core/files/file_store.py",
    # The text of a trigger.
    "payments/settlement/transactions/models.py",
}
# Stand-ins for systems outside, and histories for the demo.
ASIDE = (
    "gigstream/demo/",
    "gigstream/management/commands/seed_demo.py",
    "gigstream/simulators/",
    "payments/settlement/sandbox/",
)
METHODS = {
    "save",
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "delete",
    "update",
}
STATEMENT = re.compile(r"\b(?:INSERT\s+INTO|UPDATE\s+\w+(?:\s+\w+)?\s+SET|DELETE\s+FROM)\b")


def writes_a_row(node: ast.AST) -> bool:
    """Whether the node calls a method that writes rows, or is the text of a statement that does."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and STATEMENT.search(node.value) is not None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr not in METHODS:
        return False
    # Dictionaries, hashes and progress bars are updated with a positional argument, querysets never.
    return not (node.func.attr == "update" and node.args)


def writes_outside_of_services() -> Iterator[tuple[Path, ast.AST]]:
    for path in sources("gigstream", *APPS):
        if is_a_service(path) or name_of(path).startswith(ASIDE):
            continue
        yield from ((path, node) for node in ast.walk(tree_of(path)) if writes_a_row(node))


def test_only_services_write_rows():
    found = {at(path, node) for path, node in writes_outside_of_services() if name_of(path) not in WRITERS}

    assert sorted(found) == []


def test_each_module_that_may_write_beside_services_does():
    found = {name_of(path) for path, _ in writes_outside_of_services()}

    assert WRITERS - found == set()
    assert [name for name in WRITERS if not (ROOT / name).is_file()] == []


def test_a_write_is_known_in_each_of_its_forms():
    calls = [
        "row.save(update_fields=['name'])",
        "Row.objects.create(name='a')",
        "Row.unguarded.bulk_create(rows)",
        "Row.objects.bulk_update(rows, ['name'])",
        "rows.update(name='a')",
        "rows.delete()",
        "Row.objects.get_or_create(name='a')",
        "Row.objects.update_or_create(name='a')",
        "cursor.execute('INSERT INTO rows (name) VALUES (1)')",
        "cursor.execute('WITH x AS (UPDATE rows r SET name = 1 RETURNING 1) SELECT 1')",
        "cursor.execute('DELETE FROM rows')",
    ]
    others = [
        "known.update(found)",
        "digest.update(b'')",
        "cursor.execute('SELECT 1')",
        "rows.filter(name=1)",
    ]

    assert [text for text in calls if not any(map(writes_a_row, ast.walk(ast.parse(text))))] == []
    assert [text for text in others if any(map(writes_a_row, ast.walk(ast.parse(text))))] == []
