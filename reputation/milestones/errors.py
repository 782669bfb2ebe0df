from gigstream.core.errors import Refusal


class MilestoneRuleNotFound(Refusal):
    """The caller has no such rule to change."""

    code = "not_found"
    status = 404


class MilestoneRuleExists(Refusal):
    """A rule of this name is in force; a change of it is a new version."""

    code = "milestone_rule_exists"


class MilestoneRuleRetired(Refusal):
    """A retired version of a rule is not changed."""

    code = "milestone_rule_retired"


class InvalidMilestoneRule(Refusal):
    """A rule has a name, a description, and 1 to 5 conditions, each metric and window once, with thresholds
    above 0 that are whole but for revenue."""

    code = "invalid_milestone_rule"
    status = 422


class MilestoneNotRefused(Refusal):
    """Only an action that was refused is tried again."""

    code = "milestone_not_refused"


class CreatorHasNoToken(Refusal):
    """The creator has no token whose market value could be reported."""

    code = "creator_has_no_token"


class InvalidTokenValue(Refusal):
    """A market value is of now or before, and later than the one before it."""

    code = "invalid_token_value"
    status = 422
