"""Actions: buttons that call a service for each selected row, after a page that explains them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import messages
from django.db import OperationalError, models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from gigstream.adminkit.actions.addresses import act_url
from gigstream.adminkit.actions.forms import ActionForm, ReasonForm
from gigstream.adminkit.actions.registration import reason_frame
from gigstream.adminkit.actions.results import ActionOutcome, ActionResult
from gigstream.core.errors import Refusal

MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAction:
    """A button that leads to a page and there, once it is confirmed, calls a service for each selected row
    and reports refusals row by row.

    `run` gets the row, and the fields of the `form` by name: a reason unless another form is given. `label`
    stands in the menu, `done` is the past participle in the message of success, `money` returns the amount
    concerned by a row, `note` says how the action works, `effect` its consequences for this row and its
    money. A `single` action takes one row at a time. A row's own page offers the action only `when` it makes
    sense; the service decides whether it is allowed. A user needs the action's permission and those that
    `permissions` names for the row.

    `watches` names columns whose change makes a page of the action stale, besides those that decide about
    every row. `kind` is the kind of approval that the action requests: while one waits for the row, the
    action is not offered again.

    It is one of Django's admin actions: a callable with a name, a description and permissions.
    """

    name: str
    label: str
    done: str
    run: Callable[..., object]
    form: type[ActionForm] = ReasonForm
    when: Callable[[Any], bool] = lambda row: True
    permissions: Callable[[Any], Sequence[str]] = lambda row: ()
    money: Callable[[Any], Decimal | None] | None = None
    single: bool = False
    note: str = ""
    effect: Callable[[Any], str] | None = None
    watches: Sequence[str] = ()
    kind: str = ""

    allowed_permissions: ClassVar[Sequence[str]] = ("operate",)

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def short_description(self) -> str:
        return self.label

    def __call__(self, model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Lead from the ticked rows of a list to the page that confirms the action."""
        keys = [str(key) for key in queryset.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1]]
        most = 1 if self.single else MOST_AT_ONCE
        if len(keys) > most:
            messages.error(request, f"Select at most {most} at once; nothing was done.")
            return None
        url = act_url(
            model_admin.model, self.name, keys, back=request.get_full_path(), person=str(request.user.pk)
        )
        return HttpResponseRedirect(url)

    def run_rows(self, rows: Sequence[models.Model], given: dict[str, Any]) -> ActionOutcome:
        """Call the service for each of the rows."""
        outcome = ActionOutcome()
        for row in rows:
            try:
                with reason_frame(str(given.get("reason", ""))):
                    result = self.run(row, **given)
            except Refusal as refusal:
                outcome.refused.append((row, refusal.message))
            except OperationalError:
                outcome.refused.append((row, "the row is busy, nothing was done; try again"))
            else:
                if isinstance(result, ActionResult):
                    outcome.results.append(result)
                else:
                    outcome.count += 1
        return outcome

    def run_alone(self, given: dict[str, Any]) -> ActionResult:
        """Call the service of an action that has no rows; it may raise a Refusal."""
        with reason_frame(str(given.get("reason", ""))):
            result = self.run(**given)
        return result if isinstance(result, ActionResult) else ActionResult(f"{self.label}: {self.done}.")
