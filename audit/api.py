"""Letters that were sent, for programs that follow them; only databases of test money have them."""

from itertools import islice
from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.database_identity import stored_identity
from audit.enums import DatabaseKind
from audit.http import ApiView, json
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Email, Instant, StrictSerializer, Text
from gigstream.lib.mail_files import kept_letters
from gigstream.lib.staff import is_of_staff

MOST = 20


class LetterQuery(StrictSerializer):
    """Whose letters."""

    to = Email(required=False, help_text="whose letters; without it there are none")


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
    doors = {"GET": Door("list_test_letters", SentLetters, may_be_missing=True)}

    def get(self, request: Request) -> HttpResponse:
        """The newest letters to an address, the newest first, but none to staff. Only in a test database:
        elsewhere 404."""
        if stored_identity().kind != DatabaseKind.TEST:
            raise Http404
        to = self.read_query(request).get("to", "")
        if is_of_staff(to):  # nobody needs a credential here, and these hold codes and decisions
            return json(200, {"items": []})
        items: list[dict[str, Any]] = [
            {"sent_at": one.sent_at, "to": one.to, "subject": one.subject, "text": one.text}
            for one in islice(kept_letters(to), MOST)
        ]
        return json(200, {"items": items})
