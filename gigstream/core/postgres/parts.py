"""Search for parts of names and titles, served by an index of their trigrams."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db.models import CharField, Lookup

_WILDCARDS = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def parts_index(name: str, column: str) -> GinIndex:
    """Return the index by which rows are found by parts of this column."""
    return GinIndex(name=name, fields=[column], opclasses=["gin_trgm_ops"])


class _Like(Lookup):
    """Comparison with a pattern, in either case. Unlike Django's lookups without case, it is served by an
    index on the column itself."""

    prepare_rhs = False

    def pattern(self, text: str) -> str:
        raise NotImplementedError

    def get_db_prep_lookup(self, value: Any, connection: Any) -> Any:
        return "%s", [self.pattern(str(value).translate(_WILDCARDS))]

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, values = self.process_lhs(compiler, connection)
        part, more = self.process_rhs(compiler, connection)
        return f"{column} ILIKE {part}", [*values, *more]


@CharField.register_lookup
class HasPart(_Like):
    """Condition that the column has this text anywhere in it."""

    lookup_name = "has_part"

    def pattern(self, text: str) -> str:
        return f"%{text}%"


@CharField.register_lookup
class Begins(_Like):
    """Condition that the column begins with this text."""

    lookup_name = "begins"

    def pattern(self, text: str) -> str:
        return f"{text}%"
