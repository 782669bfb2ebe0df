"""Sent letters, for programs that follow the links in them; only in databases of test money."""

from itertools import islice
from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.database_identity.enums import DatabaseKind
from audit.database_identity.services import stored_identity
from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Email, Instant, StrictSerializer, Text
from gigstream.api.views import ApiView, json_response
from gigstream.core.people.staff_names import is_of_staff
from gigstream.network.mail_files import kept_letters

MOST = 20


class LetterQuery(StrictSerializer):
    """The addressee of the letters."""

    to = Email(required=False, help_text="the addressee; without it there are none")


class SentLetter(serializers.Serializer):
    """A letter."""

    sent_at = Instant()
    to = Text()
    subject = Text()
    text = Text(help_text="a token is alone on its line, as in `token: …`")


class SentLetters(serializers.Serializer):
    """The newest letters to an address."""

    items = SentLetter(many=True)


class TestLetters(ApiView):
    """`test/letters`."""

    authentication_classes = ()
    resource = "test"
    query = LetterQuery
    endpoints = {"GET": Endpoint("list_test_letters", SentLetters, may_be_missing=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the newest letters to an address, the newest first, but none to staff. Only in a test
        database: elsewhere 404."""
        if stored_identity().kind != DatabaseKind.TEST:
            raise Http404
        to = self.read_query(request).get("to", "")
        if is_of_staff(to):  # letters to staff contain codes and decisions, and this needs no credential
            return json_response(200, {"items": []})
        items: list[dict[str, Any]] = [
            {"sent_at": one.sent_at, "to": one.to, "subject": one.subject, "text": one.text}
            for one in islice(kept_letters(to), MOST)
        ]
        return json_response(200, {"items": items})
