"""Responses that any endpoint may give: problems and dry runs."""

from rest_framework import serializers

from gigstream.api.fields import Amount, JSONObject, Text, Whole


class FieldError(serializers.Serializer):
    """A field that is wrong."""

    pointer = Text(allow_blank=True, help_text="JSON pointer (RFC 6901) of the field; empty for the body")
    code = Text()
    detail = Text()


class Problem(serializers.Serializer):
    """The reason why a request was refused (RFC 9457)."""

    type = Text(help_text="urn:gigstream:problem:…, the code as a URN")
    title = Text()
    status = Whole()
    detail = Text(help_text="the rule and the numbers, for people")
    instance = Text(help_text="the requested path")
    code = Text(help_text="stable, for programs")
    request_id = Text(allow_blank=True, help_text="as in the header X-Request-Id; names our log lines")
    errors = FieldError(many=True)  # type: ignore[assignment]
    numbers = serializers.DictField(
        child=Text(allow_blank=True), required=False, help_text="the values that decided"
    )


class RehearsedAccount(serializers.Serializer):
    """A side of a posting."""

    account = Text()
    balance_after = Amount(allow_zero=True, required=False, help_text="of your own accounts")


class RehearsedPosting(serializers.Serializer):
    """A posting that would be booked."""

    kind = Text()
    amount = Amount()
    debit = RehearsedAccount(allow_null=True)
    credit = RehearsedAccount(allow_null=True)


class RehearsedEvent(serializers.Serializer):
    """An event that your webhook would receive."""

    type = Text()
    data = JSONObject()  # type: ignore[assignment]
