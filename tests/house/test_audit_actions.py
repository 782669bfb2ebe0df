"""Actions of the audit log and kinds of approvals: each that is used is registered, and the reverse."""

import ast
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission

from audit.approvals.services import all_kinds, approval
from audit.log.action_registry import (
    UnregisteredAction,
    action_text,
    all_actions,
    register_actions,
    require_action,
)
from audit.log.services import Record, record_many, verb
from audit.models import AuditLog
from tests.support.repository import ROOT, name_of, tree_of

FOLDERS = ("gigstream", "audit", "workers", "platforms", "payments", "reputation", "loans")
NAME = re.compile(r"[a-z_]+(?:\.[a-z_]+)?")
# Calls whose first argument is an action.
RECORDING = {"verb", "record", "record_each", "record_refusals", "Record"}


def sources() -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def texts_of(path: Path) -> set[str]:
    """Return the string literals of a module."""
    nodes = ast.walk(tree_of(path))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def recorded(path: Path) -> set[tuple[str, str]]:
    """Return the actions that a module passes to the log or frames a service with, with their places."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args and called in RECORDING else None
        if isinstance(first, ast.JoinedStr):
            found.add((f"{name_of(path)}:{node.lineno}", "an action that is put together"))
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            found.add((f"{name_of(path)}:{node.lineno}", first.value))
    return found


def test_each_recorded_action_is_registered():
    found = [entry for path in sources() for entry in recorded(path)]

    assert len(found) > 150
    assert [entry for entry in found if entry[1] not in all_actions()] == []


def test_each_registered_action_is_used():
    used = set().union(*(texts_of(path) for path in sources() if path.name != "vocabulary.py"))

    assert sorted(all_actions().keys() - used) == []


def test_each_text_is_for_staff():
    texts = all_actions()

    assert [name for name in texts if not NAME.fullmatch(name)] == []
    assert [text for text in texts.values() if not re.fullmatch(r"[A-Z].*\w", text)] == []
    assert len(set(texts.values())) == len(texts)


@pytest.mark.django_db
def test_a_line_with_an_unregistered_action_fails_at_once():
    before = AuditLog.objects.count()

    with pytest.raises(UnregisteredAction, match=r"knows no action worker\.dance"):
        record_many([Record("worker.rename", "worker", "1"), Record("worker.dance", "worker", "1")])

    assert AuditLog.objects.count() == before


def test_a_service_with_an_unregistered_action_fails_at_its_call():
    ran = []

    @verb("worker.dance", "worker")
    def dance(*, worker_id: int) -> None:
        ran.append(worker_id)

    with pytest.raises(UnregisteredAction):
        dance(worker_id=1)
    assert ran == []


def test_an_action_is_registered_once():
    with pytest.raises(ValueError, match=r"registered already: worker\.rename"):
        register_actions({"worker.rename": "Renamed", "worker.dance": "Danced"})

    with pytest.raises(UnregisteredAction):
        require_action("worker.dance")


def test_a_line_of_an_earlier_version_keeps_its_name():
    assert action_text("worker.rename") == "Worker renamed"
    assert action_text("worker.dance") == "worker.dance"


@pytest.mark.django_db
def test_each_kind_of_approval_asks_for_a_permission_that_exists():
    known = set(Permission.objects.values_list("content_type__app_label", "codename"))

    missing = {
        kind.name for kind in all_kinds().values() if tuple(kind.permission.split(".", 1)) not in known
    }
    assert len(all_kinds()) == 21
    assert missing == set()


def test_a_kind_of_approval_is_registered_once():
    register = approval("deposit", label="Again", permission="a.b", describe=lambda row: [])
    with pytest.raises(ValueError, match="already a kind deposit"):
        register(lambda row: {})

    assert all_kinds()["deposit"].label == "Deposit by hand"
