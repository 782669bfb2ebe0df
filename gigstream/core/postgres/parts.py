"""Search for parts of names and titles, served by an index of their trigrams."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db.models import CharField, Lookup

_WILDCARDS = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def parts_index(name: str, column: str) -> GinIndex:
    """Return the index by which rows are found by parts of this column."""
    return GinIndex(name=name, fields=[column], opclasses=["gin_trgm_ops"])


@CharField.register_lookup
class HasPart(Lookup):
    """Condition that the column has this text in it, in either case. Unlike Django's `icontains`, it is
    served by an index on the column itself."""

    lookup_name = "has_part"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> Any:
        return "%s", [f"%{str(value).translate(_WILDCARDS)}%"]

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, values = self.process_lhs(compiler, connection)
        part, more = self.process_rhs(compiler, connection)
        return f"{column} ILIKE {part}", [*values, *more]
