"""Statements of SQL files: how they are planned."""

import pytest
from django.db import connection
from psycopg.types.json import Jsonb

from gigstream.core import sql
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import play
from tests.support.creators.usage import have_months

OFTEN = 12
MANY = 500
pytestmark = pytest.mark.django_db


def kept_plans(like):
    """Return how often a kept plan was used for such statements, and how often they ran as prepared ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(generic_plans), 0)::int, coalesce(sum(generic_plans + custom_plans), 0)::int"
            " FROM pg_prepared_statements WHERE statement LIKE %s",
            [f"%{like}%"],
        )
        return cursor.fetchone()


@pytest.mark.parametrize(
    "statement, given",
    [
        ("SELECT count(*) AS many FROM unnest(%(values)s::bigint[]) AS listed", lambda values: values),
        ("SELECT count(*) AS many FROM unnest(%(values)s::bigint[]) AS text", sql.array_literal),
        ("SELECT count(*) AS many FROM jsonb_array_elements(%(values)s::jsonb) AS json", Jsonb),
    ],
)
def test_many_values_are_not_read_by_a_plan_that_was_kept_for_few(statement, given):
    for _ in range(OFTEN):
        assert sql.rows(statement, {"values": given([1, 2])}) == [{"many": 2}]
    before = kept_plans(statement[-4:])

    assert sql.rows(statement, {"values": given(list(range(MANY)))}) == [{"many": MANY}]

    assert before[0] > 0
    assert kept_plans(statement[-4:]) == before
    assert sql.rows(statement, {"values": given([1])}) == [{"many": 1}]
    assert kept_plans(statement[-4:]) > before


def test_a_large_batch_of_use_is_planned_for_its_events():
    have_months()
    song = work(creator())
    for _ in range(OFTEN):
        play(song)
    before = kept_plans("INSERT INTO usage_events")

    play(song, times=MANY)

    assert before[1] > 0
    assert kept_plans("INSERT INTO usage_events") == before
