"""The frame of the views that only platforms may open, whichever app they belong to."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404

from audit.http import ApiView
from gigstream.lib.api.callers import PLATFORM
from platforms.models import Platform


class PlatformView(ApiView):
    """Whatever a platform asks about or does with what is its own."""

    callers = (PLATFORM,)

    @property
    def platform(self) -> Platform:
        """The platform that calls."""
        caller: Any = self.request.auth
        platform: Platform = caller.row
        return platform

    def own(self) -> QuerySet[Any]:
        """The only rows there are for this caller."""
        raise NotImplementedError

    def own_one(self, **key: Any) -> Any:
        """The caller's row with this key. Anybody else's is not there: raises Http404."""
        row: Model | None = self.own().filter(**key).first()
        if row is None:
            raise Http404
        return row
