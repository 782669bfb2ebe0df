"""Parameters that a statement may be given."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

Parameter = bool | int | str | Decimal | datetime | UUID | list[str] | None
