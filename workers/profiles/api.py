"""A worker's own account over the API."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.views import json_response
from workers import services
from workers.profiles.schemas import MyAccount, ProfileForm, worker_as_json
from workers.sign_in.views import MyView


class Me(MyView):
    """`me`."""

    endpoints = {
        "GET": Endpoint("get_me", MyAccount),
        "PATCH": Endpoint("change_me", MyAccount, takes=ProfileForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Return the worker's account."""
        return json_response(200, worker_as_json(self.worker(request)))

    def patch(self, request: Request) -> HttpResponse:
        """Change the name, country or time zone. The email address stays; `me/wallet` changes the wallet."""
        given = self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            changed = worker
            if "full_name" in given:
                changed = services.rename_worker(worker_id=worker.pk, full_name=given["full_name"])
            place = {name: given[name] for name in ("country", "time_zone") if name in given}
            if place:
                changed = services.set_place(worker_id=worker.pk, **place)
            return 200, worker_as_json(changed)

        return self.perform(request, act)
