"""Register of the rules by which GigStream decides about workers; each app registers its own.

A version stays registered when a newer version replaces it, so that its decisions can be explained.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from audit.decisions.enums import WhoDecides


@dataclass(frozen=True, slots=True)
class Rule:
    """A version of a rule in plain language: `inputs` and `effect` explain each input and each outcome by
    its name, `weights` the share of those inputs that a formula weighs."""

    key: str
    version: int
    text: str
    inputs: Mapping[str, str]
    effect: Mapping[str, str]
    who_decides: WhoDecides
    weights: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


_rules: dict[tuple[str, int], Rule] = {}


def register(
    key: str,
    version: int,
    text: str,
    *,
    inputs: Mapping[str, str],
    effect: Mapping[str, str],
    who_decides: WhoDecides,
    weights: Mapping[str, str] | None = None,
) -> Rule:
    """Add a version of a rule and return it. Raises ValueError for a version that is registered, and for
    weights of inputs that the rule does not list."""
    if (key, version) in _rules:
        raise ValueError(f"there is already a version {version} of the rule {key}")
    unlisted = (weights or {}).keys() - inputs.keys()
    if unlisted:
        raise ValueError(f"the rule {key} weighs inputs that it does not list: {sorted(unlisted)}")
    rule = Rule(key, version, text, inputs, effect, who_decides, weights or {})
    _rules[key, version] = rule
    return rule


def find_rule(key: str, version: int) -> Rule | None:
    """Return the registered version of a rule, None where there is none."""
    return _rules.get((key, version))


def all_rules() -> list[Rule]:
    """Return each version of each rule, in order of registration."""
    return list(_rules.values())
