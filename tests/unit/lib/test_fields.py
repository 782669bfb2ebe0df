"""Fields of requests, judged without a request."""

from rest_framework.exceptions import ValidationError
from rest_framework.test import APIRequestFactory

from gigstream.api.fields import MOST_ERRORS, NothingForm
from gigstream.api.problems import item_problem


def test_a_body_with_a_thousand_unknown_fields_is_told_the_first_ten():
    form = NothingForm(data={f"field_{number}": 0 for number in range(1_000)})

    assert not form.is_valid()
    told = item_problem(APIRequestFactory().post("/api/v1/tasks"), ValidationError(form.errors))["errors"]
    assert [one["pointer"] for one in told] == [f"/field_{number}" for number in range(MOST_ERRORS)]
