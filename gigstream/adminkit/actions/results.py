"""Results of actions."""

from dataclasses import dataclass, field

from django.db import models
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from gigstream.adminkit.links import link_with_reference


@dataclass(frozen=True, slots=True)
class ActionResult:
    """A message about a row of its own instead of a place in the count, as a warning where the action did not
    succeed in full. A `secret` is shown only once."""

    text: str
    about: models.Model | None = None
    secret: str = ""
    is_warning: bool = False

    @property
    def html(self) -> SafeString:
        parts = filter(None, [self.text, link_with_reference(self.about)])
        return format_html_join(" ", "{}", ((part,) for part in parts))


@dataclass(slots=True)
class ActionOutcome:
    """The outcome for all rows: the number of those done without a result of their own, the results, and the
    refused rows with the reasons."""

    count: int = 0
    results: list[ActionResult] = field(default_factory=list)
    refused: list[tuple[models.Model, str]] = field(default_factory=list)
