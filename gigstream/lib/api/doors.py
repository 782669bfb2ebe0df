"""What each method of an address is called, takes and answers."""

from dataclasses import dataclass

from rest_framework import serializers

Form = type[serializers.Serializer]


@dataclass(frozen=True, slots=True)
class Door:
    """One method of an address, as the description of the API tells it.

    `operation` is unique in the whole API; `listed` doors answer page by page; `pages` are asked for inside
    an answer that holds more; what one of `may_be_missing` would answer may not be there yet. A reading
    that `may_be_refused` depends on the present state, as every act does.
    """

    operation: str
    answers: Form
    takes: Form | None = None
    status: int = 200
    listed: bool = False
    pages: bool = False
    may_be_missing: bool = False
    may_be_refused: bool = False
