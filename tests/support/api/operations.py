"""The operations of the API, read from its description, made now."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@dataclass(frozen=True)
class Operation:
    """A method of an address."""

    name: str
    method: str
    path: str
    callers: tuple[str, ...]
    resource: str
    moves_money: bool
    parameters: dict[str, Any]
    form: dict[str, Any]
    answered: frozenset[str]

    @property
    def scope(self) -> str:
        return f"{self.resource}:{'read' if self.method == 'GET' else 'write'}"

    @property
    def names_a_row(self) -> bool:
        # A month and a period are everybody's.
        return "{" in self.path.replace("{month}", "").replace("{period}", "")


@cache
def document() -> dict[str, Any]:
    """Return the description, made from the views."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


@cache
def operations() -> dict[str, Operation]:
    """Return all operations by their names."""
    found = (
        _operation(path, method, described)
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
    )
    return {one.name: one for one in found}


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return the schema itself where it is named only."""
    if "$ref" in part:
        return resolved(document()["components"]["schemas"][part["$ref"].rsplit("/", 1)[-1]])
    if len(part.get("allOf", ())) == 1:
        return resolved(part["allOf"][0])
    return part


def _operation(path: str, method: str, described: dict[str, Any]) -> Operation:
    parameters = {one["name"]: one["schema"] for one in described.get("parameters", ())}
    taken = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    whole = resolved(taken)
    properties = {name: resolved(one) for name, one in whole.get("properties", {}).items()}
    return Operation(
        name=described["operationId"],
        method=method.upper(),
        path=path,
        callers=tuple(scheme for one in described["security"] for scheme in one),
        resource=described["tags"][0],
        moves_money="dry_run" in parameters,
        parameters=parameters,
        form={**whole, "properties": properties},
        answered=frozenset(_answered(described)),
    )


def _answered(described: dict[str, Any]) -> set[str]:
    """Return the names in the objects that the operation answers when it succeeds."""
    wholes = [
        resolved(content["schema"])
        for status, answer in described["responses"].items()
        if status.startswith("2")
        for content in answer.get("content", {}).values()
    ]
    return {name for whole in wholes for name in whole.get("properties", ())}
