"""Base view of endpoints that are called with a platform's API key, for all apps."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404

from gigstream.api.callers import PLATFORM
from gigstream.api.views import ApiView
from platforms.models import Platform


class PlatformView(ApiView):
    """Base view for endpoints called with a platform's API key."""

    callers = (PLATFORM,)

    @property
    def platform(self) -> Platform:
        """The calling platform."""
        caller: Any = self.request.auth
        platform: Platform = caller.row
        return platform

    def own(self) -> QuerySet[Any]:
        """Return the calling platform's rows, the only rows that it can reach."""
        raise NotImplementedError

    def own_one(self, **key: Any) -> Any:
        """Return the caller's row with this key. Raises Http404, also for a row of somebody else."""
        row: Model | None = self.own().filter(**key).first()
        if row is None:
            raise Http404
        return row
