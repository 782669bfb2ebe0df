"""A worker's own account over the API."""

from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import json
from workers.api.serializers import shown_me
from workers.http import MyView


class Me(MyView):
    """`me`."""

    def get(self, request: Request) -> HttpResponse:
        return json(200, shown_me(self.worker(request)))
