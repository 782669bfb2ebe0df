from audit.books.invariant_registry import Invariant, register
from audit.decisions.rules import all_rules
from audit.models import Decision


def _find_unexplained() -> list[str]:
    """Return the ids of decisions that no registered version of a rule explains."""
    explained = {
        (rule.key, rule.version, outcome, *sorted(rule.inputs))
        for rule in all_rules()
        for outcome in rule.effect
    }
    rows = Decision.objects.order_by("decided_at", "pk").values_list(
        "pk", "rule", "version", "outcome", "inputs"
    )
    return [
        str(key)
        for key, rule, version, outcome, inputs in rows.iterator()
        if (rule, version, outcome, *sorted(inputs)) not in explained
    ]


register(
    Invariant(
        "decision_follows_a_registered_rule",
        "Each decision names a registered version of a rule, one of its outcomes, and exactly its inputs.",
        _find_unexplained,
    )
)
