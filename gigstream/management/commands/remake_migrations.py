"""`manage.py remake_migrations`: the initial migration of each app, made anew from its models."""

from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.core.management.commands import makemigrations
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import CreateModel
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from django.test.utils import override_settings


class Command(BaseCommand):
    help = (
        "Write `0001_initial.py` of each app anew from its models, which is right before the first release."
        " Databases with the earlier migration must be created anew."
    )
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the initial migrations and print their files."""
        own = [config for config in apps.get_app_configs() if _is_own(config) and any(config.get_models())]
        for migration in _initial_migrations({config.label for config in own}):
            self.stdout.write(str(_write_migration(migration).relative_to(settings.BASE_DIR)))


def _is_own(config: AppConfig) -> bool:
    """Whether the app belongs to this repository."""
    path = Path(config.path)
    return path.is_relative_to(settings.BASE_DIR) and not path.is_relative_to(settings.BASE_DIR / ".venv")


def _initial_migrations(labels: set[str]) -> list[Migration]:
    """Return the migrations that `makemigrations` would make if these apps had none."""
    with override_settings(MIGRATION_MODULES=dict.fromkeys(labels)):
        loader = MigrationLoader(None)
    detector = makemigrations.Command.autodetector(
        loader.project_state(), ProjectState.from_apps(apps), MigrationQuestioner(specified_apps=labels)
    )
    found = detector.changes(
        graph=loader.graph, trim_to_apps=labels, convert_apps=labels, migration_name="initial"
    )
    return [migration for made in found.values() for migration in made]


def _write_migration(migration: Migration) -> Path:
    """Write the migration into the folder of its app, and return the file."""
    vars(migration)["operations"] = _gather_by_table(migration)
    folder = Path(apps.get_app_config(migration.app_label).path) / "migrations"
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").touch()
    file = folder / f"{migration.name}.py"
    file.write_text(MigrationWriter(migration, include_header=False).as_string(), encoding="utf-8")
    return file


def _gather_by_table(migration: Migration) -> list[Operation]:
    """Return the operations with a table's fields, indexes and constraints inside the table's own.

    A table comes after those that it refers to. Fewer operations are faster: `migrate` renders all models for
    each of them.
    """
    label = migration.app_label
    tables = {step.name_lower: step for step in migration.operations if isinstance(step, CreateModel)}
    rest: list[Operation] = []
    for operation in migration.operations:
        name = str(getattr(operation, "model_name", "")).lower()
        gathered = tables[name].reduce(operation, label) if name in tables else None
        match gathered:
            case [CreateModel() as table]:
                tables[name] = table
            case _ if not isinstance(operation, CreateModel):
                rest.append(operation)
    referred = {
        name: [other for other in tables if other != name and table.references_model(other, label)]
        for name, table in tables.items()
    }
    return [*(tables[name] for name in TopologicalSorter(referred).static_order()), *rest]
