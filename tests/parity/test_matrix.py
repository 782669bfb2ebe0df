"""A case per rule and write path: each rule has a file, and in it each way of writing a test of its own."""

import ast
from pathlib import Path

import pytest

from tests.support.parity.oracle import DERIVED

HERE = Path(__file__).resolve().parent
WRITE_PATHS = (
    "create",
    "save",
    "save_with_update_fields",
    "update",
    "bulk_create",
    "bulk_update",
    "delete",
    "raw_sql",
)


@pytest.mark.parametrize("rule", DERIVED)
def test_every_write_path_of_the_rule_has_a_case(rule):
    tree = ast.parse((HERE / f"test_{rule}.py").read_text(encoding="utf-8"))
    cases = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

    assert {f"test_{path}" for path in WRITE_PATHS} - cases == set()
