from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.schema.describing import describe_rows
from platforms import services
from platforms.models import Consent
from platforms.tasks.api.me import _PLATFORM_NAME
from workers.sign_in.views import MyView

ConsentRow = describe_rows(
    "ConsentRow",
    Consent,
    ("platform_id", "accepted_at", "ended_at", "ended_by"),
    platform_name=_PLATFORM_NAME,
)


class Leave(MyView):
    """`me/platforms/{id}/leave`."""

    endpoints = {"POST": Endpoint("leave_platform", ConsentRow, takes=NothingForm)}

    def post(self, request: Request, platform_id: UUID) -> HttpResponse:
        """Stop working for the platform. Tasks already assigned to you go on; it can assign nothing new."""
        self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            if not Consent.objects.open().filter(worker=worker, platform=platform_id).exists():
                raise Http404
            consent = services.leave_platform(worker_id=worker.pk, platform_id=platform_id)
            return 200, {
                "platform_id": consent.platform_id,
                "accepted_at": consent.accepted_at,
                "ended_at": consent.ended_at,
                "ended_by": consent.ended_by,
                "platform_name": consent.platform.name,
            }

        return self.perform(request, act)
