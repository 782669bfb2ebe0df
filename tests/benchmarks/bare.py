"""The two requests of the API benchmark as plain Django views: the same questions and services, and nothing
around them. No middleware, no REST framework, no forms, no limits."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import path

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.api.idempotency import IdempotentRequest, respond_once
from gigstream.api.rendering.json import dump_json
from gigstream.api.views import json_response
from gigstream.overview import overview_as_json
from platforms import services
from platforms.platforms import selectors
from platforms.tasks.api.schemas import whole_task_as_json
from workers.sign_in.selectors import signed_in_worker


def _credential(request: HttpRequest) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


def read(request: HttpRequest) -> HttpResponse:
    """Request a worker's overview."""
    worker: Any = signed_in_worker(_credential(request))
    return json_response(200, overview_as_json(worker))


def post(request: HttpRequest) -> HttpResponse:
    """Post a task under an idempotency key."""
    key: Any = selectors.find_usable_key(_credential(request))
    asked = IdempotentRequest(
        f"platform:{key.platform_id}", "POST", request.path, request.headers["Idempotency-Key"], request.body
    )

    def act() -> tuple[int, str]:
        plan = services.TaskPlan(**orjson.loads(request.body))
        task = services.create_task(platform_id=key.platform_id, plan=plan)
        return 201, dump_json(whole_task_as_json(task)).decode()

    with acting_as(ActorType.PLATFORM, str(key.platform_id)):
        answer = respond_once(asked, act)
    return HttpResponse(answer.body, status=answer.status, content_type="application/json")


urlpatterns = [path("api/v1/me/overview", read), path("api/v1/tasks", post)]
