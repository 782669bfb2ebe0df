"""Short numbers: six letters that the database gives new rows, by which people name them."""

import random
from itertools import pairwise

import pytest
from django.db import connection

from gigstream.core.postgres.short_numbers import ALPHABET, LONGEST, Reference, read_reference
from payments.models import Stream, Transaction
from payments.settlement.transactions.enums import REFERENCE_PREFIXES, TransactionType
from platforms.models import Task
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import WorkerFactory

pytestmark = pytest.mark.django_db

SIX_LETTERS = 32**6


def _one(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@pytest.mark.parametrize("half_bits", [1, 2, 4, 7])
def test_all_numbers_below_a_power_of_four_are_permuted(half_bits: int) -> None:
    count = 4**half_bits
    rows = _one(
        "SELECT permute_number(number, %s, 123456789012345678) FROM generate_series(0, %s) AS number",
        half_bits,
        count - 1,
    )
    assert sorted(number for (number,) in rows) == list(range(count))


def test_no_two_numbers_of_a_billion_look_alike() -> None:
    chosen = random.Random(18).sample(range(2**30), 20_000)
    written = [text for (text,) in _one("SELECT short_number(unnest(%s::bigint[]))", chosen)]
    assert len(set(written)) == len(chosen)
    assert {len(text) for text in written} == {6}
    assert set("".join(written)) == set(ALPHABET)


def test_neighbours_do_not_tell_how_many_rows_lie_between_them() -> None:
    rows = _one("SELECT short_number(number) FROM generate_series(1, 2000) AS number")
    places = [
        sum(ALPHABET.index(letter) * 32**place for place, letter in enumerate(reversed(text)))
        for (text,) in rows
    ]
    steps = [abs(after - before) for before, after in pairwise(places)]
    assert len(set(steps)) > 1990
    # Two independent numbers are a third of the range apart.
    assert 0.3 < sum(steps) / len(steps) / SIX_LETTERS < 0.37
    rising = sum(after > before for before, after in pairwise(places))
    assert 900 < rising < 1100


def test_beyond_a_billion_rows_a_number_has_more_letters() -> None:
    billion = 2**30
    (last,), (first,), (largest,) = _one(
        "SELECT short_number(unnest(%s::bigint[]))", [billion - 1, billion, 2**63 - 1]
    )
    assert (len(last), len(first), len(largest)) == (6, 7, LONGEST)
    assert first[0] == "1"


def test_rows_that_sql_inserts_have_numbers_of_their_own() -> None:
    made = WorkerFactory.create()
    _one(
        "INSERT INTO workers (id, updated_at, email, full_name, password_hash, wallet_id, status, metadata,"
        " reputation_score, total_tasks, total_earned, completion_rate, dispute_rate, account_age_days)"
        " SELECT gen_random_uuid(), updated_at, number || email, full_name, '', '', status, metadata,"
        " reputation_score, 0, 0, 0, 0, 0 FROM workers, generate_series(1, 50) AS number RETURNING 1"
    )
    numbers = [text for (text,) in _one("SELECT short_number FROM workers")]
    assert len(set(numbers)) == 51
    assert made.reference == f"WK-{made.short_number}"
    assert made.short_number in numbers


def test_letters_alone_name_one_row_of_all_kinds() -> None:
    starts = sorted(
        start
        for (start,) in _one("SELECT start_value FROM pg_sequences WHERE sequencename ~ '^short_numbers_of_'")
    )
    assert starts == [kind * 2**26 for kind in range(len(starts))]
    assert starts[-1] < 2**30


def test_a_saved_row_knows_its_number() -> None:
    task = insert(valid(Task))
    assert task.reference == f"TA-{Task.objects.get().short_number}"


def test_transactions_are_named_by_their_type() -> None:
    assert set(REFERENCE_PREFIXES) == set(TransactionType)
    assert len(set(REFERENCE_PREFIXES.values())) == len(TransactionType)
    for kind in (TransactionType.PAYOUT, TransactionType.REWARD, TransactionType.FEE):
        made = insert(valid(Transaction, type=kind))
        assert made.reference == f"{REFERENCE_PREFIXES[kind]}-{made.short_number}"
        assert Transaction.objects.get(reference=made.reference) == made


def test_a_stream_has_the_number_of_its_task() -> None:
    stream = insert(valid(Stream))
    assert (stream.short_number, stream.reference) == (
        stream.task.short_number,
        f"ST-{stream.task.short_number}",
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("PO-7K3M2Q", Reference("PO", "7K3M2Q")),
        (" po-7k3m2q ", Reference("PO", "7K3M2Q")),
        ("PO7K3M2Q", Reference("PO", "7K3M2Q")),
        ("po 7k3m2q", Reference("PO", "7K3M2Q")),
        ("7k3m2q", Reference("", "7K3M2Q")),
        ("PO-ilo1l0", Reference("PO", "110110")),
        ("TA-1AAAAAA", Reference("TA", "1AAAAAA")),
        ("1AAAAAA", Reference("", "1AAAAAA")),
        ("PO-7K3M2U", None),
        ("PO-7K3M2", None),
        ("PO-", None),
        ("", None),
        ("Alice Johnson", None),
        ("\uff30\uff2f-7K3M2Q", None),
    ],
)
def test_a_reference_is_read_as_people_write_it(text: str, read: Reference | None) -> None:
    assert read_reference(text) == read
