"""Each subject registers its own event types and scopes: the floors below list none of them."""

import ast

import pytest

from platforms import services as platforms
from platforms.events import registry
from platforms.models import ApiKey
from platforms.platforms import scopes
from platforms.services import NewEvent, publish_events
from tests.support.api.operations import operations
from tests.support.factories import NOW, PlatformFactory
from tests.support.repository import ROOT, name_of, tree_of

APPS = ("audit", "workers", "platforms", "payments", "reputation", "loans")


def trees() -> list[tuple[str, ast.Module]]:
    """Return the apps' modules but migrations, by their names."""
    found = []
    for path in sorted(path for app in APPS for path in (ROOT / app).rglob("*.py")):
        if "migrations" not in path.parts:
            found.append((name_of(path), tree_of(path)))
    return found


def registrations() -> dict[str, tuple[str, str]]:
    """Return for each event type that a module registers: the module, and the constant that holds the
    name."""
    found = {}
    for module, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and "events.register(" in ast.unparse(node.value):
                name = node.value.args[0].value
                assert name not in found, f"{module} and {found[name][0]} register {name}"
                found[name] = (module, node.targets[0].id)
    return found


def test_event_types_are_registered_in_the_room_for_them():
    found = registrations()

    assert sorted(found) == registry.type_names()
    assert {module for module, _ in found.values() if not module.endswith("/vocabulary.py")} == set()


def test_each_registered_event_type_is_published_somewhere():
    used = {
        node.id if isinstance(node, ast.Name) else node.attr
        for module, tree in trees()
        if not module.endswith("/vocabulary.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    }

    assert {name for name, (_, constant) in registrations().items() if constant not in used} == set()


def test_no_other_module_writes_the_name_of_an_event_type():
    """A publisher takes the constant, so that a type nobody has registered cannot be misspelt into being."""
    names = set(registry.type_names())
    found = [
        f"{module}:{node.lineno} {node.value}"
        for module, tree in trees()
        if not module.endswith("/vocabulary.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("NewEvent", "NewEvent.of")
        for node in ast.walk(node)
        if isinstance(node, ast.Constant) and node.value in names
    ]

    assert found == []


def test_an_event_of_an_unregistered_type_is_refused():
    event = NewEvent(platform_id=None, type="task.forgotten", payload="{}", at=NOW)

    with pytest.raises(registry.UnregisteredEventType, match="no subject has registered the event type"):
        publish_events([event])


@pytest.mark.parametrize(
    "name", ["task", "Task.created", "task.created.twice", "task.créé", "", f"{'a' * 30}.bc"]
)
def test_a_malformed_event_type_is_not_registered(name):
    before = registry.type_names()

    with pytest.raises(ValueError, match="is not like task"):
        registry.register(name, payload="task", scope="tasks:read")
    assert registry.type_names() == before


def test_an_event_type_is_registered_once():
    with pytest.raises(ValueError, match="registered already"):
        registry.register("task.created", payload="task", scope="tasks:read")


def test_the_scope_of_each_event_type_is_registered():
    assert {type_.scope for type_ in registry.registered_types()} - set(scopes.scope_names()) == set()


def test_platforms_need_registered_scopes_and_each_is_needed():
    needed = {operation.scope for operation in operations().values() if "platformKey" in operation.callers}

    assert needed == set(scopes.scope_names())


def test_a_key_with_an_unregistered_scope_is_refused(db):
    platform = PlatformFactory()

    with pytest.raises(scopes.UnregisteredScope, match="no subject has registered everything:write"):
        platforms.create_api_key(platform_id=platform.pk, scopes=["tasks:read", "everything:write"])
    assert not ApiKey.objects.filter(platform=platform).exists()


def test_a_scope_is_registered_once():
    with pytest.raises(ValueError, match="registered already"):
        scopes.register("tasks")
