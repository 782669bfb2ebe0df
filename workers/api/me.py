"""A worker's own account over the API."""

from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.doors import Door
from workers.api.serializers import MyAccount, shown_me
from workers.http import MyView


class Me(MyView):
    """`me`."""

    doors = {"GET": Door("get_me", MyAccount)}

    def get(self, request: Request) -> HttpResponse:
        return json(200, shown_me(self.worker(request)))
