"""Endpoints: the name, input and output of each method of an address."""

from dataclasses import dataclass

from rest_framework import serializers

Form = type[serializers.Serializer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method of an address, as the description of the API shows it.

    `operation` is unique in the whole API. A `listed` endpoint returns a page of rows; with `pages`, a page
    is a part of its response. `may_be_missing` documents 404, `may_be_refused` 409 for a GET, `may_wait`
    202 for work that a job ends.
    """

    operation: str
    answers: Form
    takes: Form | None = None
    status: int = 200
    listed: bool = False
    pages: bool = False
    may_be_missing: bool = False
    may_be_refused: bool = False
    may_wait: bool = False
