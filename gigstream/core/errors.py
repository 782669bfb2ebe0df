"""The base of every refusal: a rule, the numbers that decided, and its HTTP status."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import ValidationError

T = TypeVar("T")


class Refusal(Exception):
    """A request that the rules do not allow. Nothing has been changed when it is raised.

    `code` is stable and public, `status` is the HTTP status, `numbers` are the values that decided. With
    `shows_first_steps` it can follow from work that is committed before it (`CommitFirst`), which a dry run
    then shows in `preview`.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    shows_first_steps: ClassVar[bool] = False

    def __init__(self, message: str, **numbers: Any) -> None:
        super().__init__(message)
        self.preview: Mapping[str, Any] = {}
        self.message = message
        self.numbers = {name: str(value) for name, value in numbers.items()}


def clean_field(normalise: Callable[[str], T], text: str) -> T:
    """Normalise the text of a form's field as a service does; turn a refusal into a ValidationError."""
    try:
        return normalise(text)
    except Refusal as refusal:
        raise ValidationError(refusal.message, code=refusal.code) from refusal


class IllegalMove(Refusal):
    """The status change is not in the model's table of moves."""

    code = "illegal_status"


class ReplayMismatch(Refusal):
    """The idempotency key was used before with other inputs."""

    code = "idempotency_mismatch"
    status = 422


class HasMoneyHistory(Refusal):
    """A worker or platform has ledger entries, or work that counts for the other side, and so is never
    deleted from the database."""

    code = "has_money_history"


class GuardedWrite(TypeError):
    """A bulk write on a money model outside the services: a programming error, not a refusal."""
