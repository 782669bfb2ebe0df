from typing import Any

from rest_framework import serializers

from gigstream.api.fields import (
    Choice,
    Name,
    StrictSerializer,
    Text,
)
from gigstream.api.schema.describing import describe_rows
from workers.models import Worker
from workers.profiles.places import COUNTRIES, time_zones

ME_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "email",
    "full_name",
    "wallet_address",
    "country",
    "time_zone",
    "status",
    "reputation_score",
    "total_tasks",
    "total_earned",
    "completion_rate",
    "average_rating",
    "dispute_rate",
    "account_age_days",
    "last_login_at",
    "last_active_at",
)


MyAccount = describe_rows("MyAccount", Worker, ME_COLUMNS)


def worker_as_json(worker: Worker) -> dict[str, Any]:
    """Return the worker as they see themselves."""
    rates = ("completion_rate", "average_rating", "dispute_rate")
    columns = {name: getattr(worker, name) for name in ME_COLUMNS}
    return {
        **columns,
        **{name: columns[name] if columns[name] is None else str(columns[name]) for name in rates},
    }


class TimeZone(Text):
    """The name of a time zone of IANA."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 64, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in time_zones():
            raise serializers.ValidationError("must be a time zone of IANA, as Europe/Paris", code="invalid")
        return name


class ProfileForm(StrictSerializer):
    """Changes of a worker's profile; omitted fields stay."""

    full_name = Name(max_length=120, required=False)
    country = Choice(
        choices=sorted(COUNTRIES), required=False, help_text="where you live; changes once in 90 days"
    )
    time_zone = TimeZone(required=False, help_text="of IANA, as Europe/Paris")
