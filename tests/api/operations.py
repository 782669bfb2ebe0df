"""The operations of the API as its description, made now, tells them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    name: str
    method: str
    path: str
    callers: tuple[str, ...]
    resource: str
    moves_money: bool
    parameters: tuple[str, ...]

    @property
    def scope(self) -> str:
        return f"{self.resource}:{'read' if self.method == 'GET' else 'write'}"

    @property
    def names_a_row(self) -> bool:
        return "{" in self.path


@cache
def operations() -> dict[str, Operation]:
    """All of them by their names."""
    document: Any = SchemaGenerator().get_schema(request=None, public=True)
    found = (
        _operation(path, method, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    )
    return {one.name: one for one in found}


def _operation(path: str, method: str, described: dict[str, Any]) -> Operation:
    parameters = tuple(one["name"] for one in described.get("parameters", ()))
    return Operation(
        name=described["operationId"],
        method=method.upper(),
        path=path,
        callers=tuple(scheme for one in described["security"] for scheme in one),
        resource=described["tags"][0],
        moves_money="dry_run" in parameters,
        parameters=parameters,
    )
