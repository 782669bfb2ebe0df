"""The two requests of the API benchmark as plain Django views: the same questions and services, and nothing
around them. No middleware, no REST framework, no forms, no limits."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import path

from audit.answers import Asked, once
from audit.context import acting_as
from audit.enums import ActorType
from audit.http import json
from gigstream.lib.api.rendering import dump
from gigstream.overview import overview
from platforms import selectors, services
from platforms.api.serializers import shown_whole
from workers.selectors import signed_in_worker


def _credential(request: HttpRequest) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


def read(request: HttpRequest) -> HttpResponse:
    """A worker's overview."""
    worker: Any = signed_in_worker(_credential(request))
    return json(200, overview(worker))


def post(request: HttpRequest) -> HttpResponse:
    """A task posted under an idempotency key."""
    key: Any = selectors.usable_key(_credential(request))
    asked = Asked(
        f"platform:{key.platform_id}", "POST", request.path, request.headers["Idempotency-Key"], request.body
    )

    def act() -> tuple[int, str]:
        task = services.create_task(platform_id=key.platform_id, **orjson.loads(request.body))
        return 201, dump(shown_whole(task)).decode()

    with acting_as(ActorType.PLATFORM, str(key.platform_id)):
        answer = once(asked, act)
    return HttpResponse(answer.body, status=answer.status, content_type="application/json")


urlpatterns = [path("api/v1/me/overview", read), path("api/v1/tasks", post)]
