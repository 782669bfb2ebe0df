"""Short numbers: six letters by which people name a row, as in "PO-7K3M2Q". The database gives one to each
new row (`gigstream/core/migrations/sql/short_numbers.sql`)."""

import re
from typing import Any, NamedTuple

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat

# Crockford's base 32 has no I, L, O and U; the first three are read as the digits that they resemble.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("ILO", "110")
# Six letters name a billion rows of a kind. The last number that a sequence can count has 13.
LONGEST = 13
_WITH_DASH = re.compile(r"([A-Z]{2})[-\u2010-\u2015 ]([0-9A-TV-Z]{6,13})")
_WITHOUT_DASH = re.compile(r"([A-Z]{2})([0-9A-TV-Z]{6})")
_WITHOUT_PREFIX = re.compile(r"()([0-9A-TV-Z]{6,13})")


class Reference(NamedTuple):
    """Reference as somebody wrote it: two letters for the kind of row, or none, and a short number."""

    prefix: str
    short_number: str


def read_reference(text: str) -> Reference | None:
    """Return the reference that a text is, or None. It may lack its prefix or its dash, be in lower case, and
    have I or L for 1, O for 0."""
    word = text.strip().upper()
    for form in (_WITH_DASH, _WITHOUT_DASH, _WITHOUT_PREFIX):
        match = form.fullmatch(word)
        if match:
            return Reference(match[1], match[2].translate(_LOOK_ALIKES))
    return None


def reference_is(reference: Reference, column: str = "reference") -> Q:
    """Return the condition for rows with this reference, of the kind that its prefix names; `column` may be
    that of a related row. The index is that of the short number."""
    condition = Q(**{f"{column.removesuffix('reference')}short_number": reference.short_number})
    if reference.prefix:
        condition &= Q(**{column: f"{reference.prefix}-{reference.short_number}"})
    return condition


class ShortNumberField(models.CharField):
    """Short number that the database gives a new row, from the sequence `short_numbers_of_<kind>`."""

    db_returning = True

    def __init__(self, kind: str, **kwargs: Any) -> None:
        self.kind = kind
        number = Func(Value(f"short_numbers_of_{kind}"), function="nextval")
        super().__init__(
            max_length=LONGEST,
            unique=True,
            editable=False,
            db_default=Func(number, function="short_number"),
            help_text="letters of its reference",
            **kwargs,
        )

    def db_type(self, connection: Any) -> str:
        """Return the type by its long name: for columns of a "varchar", Django makes a second index by which
        their beginnings are found, and nobody looks for those."""
        return f"character varying({LONGEST})"

    def deconstruct(self) -> Any:
        name, path, _, kwargs = super().deconstruct()
        for fixed in ("max_length", "unique", "editable", "db_default", "help_text"):
            kwargs.pop(fixed)
        return name, path, [self.kind], kwargs


class BorrowedNumberField(models.CharField):
    """Short number of the one row that this row belongs to, written by a trigger. It needs no index of its
    own."""

    db_returning = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, editable=False, db_default=Value(""), **kwargs)

    def deconstruct(self) -> Any:
        name, path, _, kwargs = super().deconstruct()
        for fixed in ("max_length", "editable", "db_default"):
            kwargs.pop(fixed)
        return name, path, [], kwargs


def reference_field(prefix: Any) -> models.GeneratedField:
    """Return the column by which people name a row, as in "TA-7K3M2Q": two letters for its kind, which are an
    expression, and its short number."""
    return models.GeneratedField(
        expression=Concat(prefix, Value("-"), F("short_number"), output_field=models.CharField()),
        output_field=models.CharField(max_length=LONGEST + 3),
        db_persist=True,
    )
